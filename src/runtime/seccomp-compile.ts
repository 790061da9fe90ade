/** Runs skiff-seccomp. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail } from '../core/errors.ts';
import { writeFileAtomic } from '../system/files.ts';

/** BPF_MAXINSNS instructions of 8 bytes. */
const maxBytes = 4096 * 8;

/**
 * Compiles `lines` (see helpers/seccomp.c) with the program `helper` and writes the filter to `path`, making the
 * directory. Atomic and durable: after a power cut the file is whole or absent. Throws System with the helper's words.
 */
export const compileFilter = (helper: string, lines: readonly string[], path: string): void => {
  const child = spawnSync(helper, [], { input: `${lines.join('\n')}\n`, env: {}, maxBuffer: 2 * maxBytes });
  /* EPIPE when it ends before it has read everything; its own words say more. */
  if (child.error !== undefined && child.status === null) throw child.error;
  const size = child.stdout.length;
  if (child.status !== 0 || size === 0 || size % 8 !== 0 || size > maxBytes) {
    const words = child.stderr.toString('utf8').trim().slice(0, 300).replace(/^skiff-seccomp: /, '');
    fail({ _tag: 'System', operation: 'compile', subject: 'the system call filter', reason: words === '' ? `skiff-seccomp ended with ${child.status ?? child.signal}` : words });
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileAtomic(path, child.stdout, { durable: true });
};
