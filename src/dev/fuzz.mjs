/** `npm run fuzz`: every parser's fuzzer for SECONDS_EACH seconds (60 without it), under libFuzzer and the sanitizers. Further words choose by the names' beginnings. */
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, quietly, root, say, script, Stop, succeeds } from './steps.mjs';

/** The fuzzers need a compiler that nothing else here does, so it is asked for only now. */
const requireLibFuzzer = () => {
  const words = 'install clang with its runtime libraries: apt-get install clang libclang-rt-14-dev (on newer systems libclang-rt-dev)';
  if (findProgram('clang') === undefined) throw new Stop(`the fuzzers are built with clang, which is not there; ${words}`);
  const scratch = mkdtempSync(join(tmpdir(), 'fuzz-'));
  try {
    writeFileSync(join(scratch, 'trial.c'), '#include <stddef.h>\n#include <stdint.h>\nint LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return data == NULL && size > 0; }\n');
    if (!succeeds(['clang', '-fsanitize=fuzzer,address', join(scratch, 'trial.c'), '-o', join(scratch, 'trial')])) throw new Stop(`clang has no libFuzzer here; ${words}`);
  } finally {
    rmSync(scratch, { recursive: true });
  }
};

script(async () => {
  requireLibFuzzer();
  quietly('build the fuzzers', ['make', '--no-print-directory', '-C', 'helpers', 'fuzz']);
  const seconds = process.env['SECONDS_EACH'] ?? '60';
  const chosen = process.argv.slice(2);
  const directory = join(root, 'dist/helpers-fuzz');
  for (const name of readdirSync(directory).filter((file) => file.endsWith('-fuzz') && (chosen.length === 0 || chosen.some((start) => file.startsWith(start)))).sort()) {
    say(name);
    if (spawnSync(join(directory, name), [`-max_total_time=${seconds}`], { stdio: 'inherit' }).status !== 0) throw new Stop(`${name} has found something; it is above`);
  }
});
