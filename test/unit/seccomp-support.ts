/** For the seccomp tests: the compiler built from this checkout, and classic BPF run by hand. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const repository = process.cwd();

/** A directory that goes with the test process. */
export const scratch = mkdtempSync(join(tmpdir(), 'skiff-seccomp-test-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

const build = (name: string, sources: readonly string[], libraries: readonly string[]): string => {
  const output = join(scratch, name);
  const paths = sources.map((source) => join(repository, 'helpers', source));
  execFileSync('gcc', ['-std=c11', '-D_GNU_SOURCE', '-O1', '-o', output, ...paths, ...libraries], { stdio: 'inherit' });
  return output;
};

let compiler: string | undefined;

/** The path of skiff-seccomp, built at the first call. */
export const skiffSeccomp = (): string => (compiler ??= build('skiff-seccomp', ['seccomp.c', 'seccomp-bpf.c'], ['-lseccomp']));

/** The path of the program that makes one system call under filters, helpers/test/seccomp-probe.c. */
export const buildProbe = (): string => build('seccomp-probe', ['test/seccomp-probe.c'], []);

export interface Compiled {
  readonly status: number | null;
  readonly program: Buffer;
  readonly words: string;
}

export const compile = (input: string): Compiled => {
  const child = spawnSync(skiffSeccomp(), [], { input });
  return { status: child.status, program: child.stdout, words: child.stderr.toString() };
};

export const compileLines = (lines: readonly string[]): Buffer => {
  const { status, program, words } = compile(`${lines.join('\n')}\n`);
  if (status !== 0) throw new Error(words);
  return program;
};

export const audit = { x86_64: 0xc000003e, x86: 0x40000003 } as const;
export const ALLOW = 0x7fff0000;
export const errno = (value: number): number => 0x50000 + value;

/** struct seccomp_data. */
const toData = (arch: number, nr: number, args: readonly bigint[]): Buffer => {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(nr >>> 0, 0);
  data.writeUInt32LE(arch, 4);
  args.forEach((value, i) => data.writeBigUInt64LE(BigInt.asUintN(64, value), 16 + 8 * i));
  return data;
};

/** What the filter answers, and after how many instructions. Throws on an instruction that seccomp has not. */
export const run = (program: Buffer, arch: number, nr: number, args: readonly bigint[] = []): { action: number; steps: number } => {
  const data = toData(arch, nr, args);
  let accumulator = 0;
  for (let pc = 0, steps = 1; ; pc++, steps++) {
    const code = program.readUInt16LE(pc * 8);
    const [ifTrue, ifFalse, k] = [program[pc * 8 + 2] ?? 0, program[pc * 8 + 3] ?? 0, program.readUInt32LE(pc * 8 + 4)];
    const branch = (taken: boolean): number => (taken ? ifTrue : ifFalse);
    if (code === 0x20) accumulator = data.readUInt32LE(k);
    else if (code === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (code === 0x05) pc += k;
    else if (code === 0x15) pc += branch(accumulator === k);
    else if (code === 0x25) pc += branch(accumulator > k);
    else if (code === 0x35) pc += branch(accumulator >= k);
    else if (code === 0x45) pc += branch((accumulator & k) !== 0);
    else if (code === 0x06) return { action: k, steps };
    else throw new Error(`instruction ${code.toString(16)}`);
  }
};

/** System call numbers by name from the kernel's header, undefined where the header is not installed. */
export const syscallNumbers = (header: 'unistd_64.h' | 'unistd_32.h'): ReadonlyMap<string, number> | undefined => {
  const path = `/usr/include/x86_64-linux-gnu/asm/${header}`;
  if (process.arch !== 'x64' || !existsSync(path)) return undefined;
  const matches = readFileSync(path, 'utf8').matchAll(/^#define __NR_(\w+) (\d+)$/gm);
  return new Map([...matches].map((match) => [match[1] ?? '', Number(match[2])]));
};
