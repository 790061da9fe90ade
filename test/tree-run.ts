/** Runs skiff-tree on archives made by tar-maker.ts, in a fresh directory beside a canary that must survive. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const binary = resolve(process.env['SKIFF_TREE'] ?? 'dist/helpers/skiff-tree');
if (!existsSync(binary)) throw new Error(`${binary} is missing: build it (make -C helpers) or set SKIFF_TREE`);

export const isRoot = process.getuid?.() === 0;

/** Root of a user namespace that maps one id, as skiff's single-uid mode has it. */
export const oneId = ['unshare', '-Ur'] as const;

/** Like `oneId`, with the caller's subordinate ids mapped behind it. */
const manyIds = ['unshare', '-r', '--map-auto'] as const;

/** Whether owners other than the caller can be given to files here. */
export const hasManyIds = isRoot || spawnSync(manyIds[0], [...manyIds.slice(1), 'true']).status === 0;

const usual: readonly string[] = isRoot ? [] : hasManyIds ? manyIds : oneId;

export interface Applied {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The directory extracted into. */
  readonly dir: string;
  /** Whether anything beside `dir` changed. */
  readonly escaped: boolean;
}

const canaryText = 'canary\n';

const run = (command: readonly string[], input?: Buffer) => {
  const [program, ...rest] = command;
  return spawnSync(program ?? '', rest, { input: input ?? Buffer.alloc(0), maxBuffer: 1 << 28 });
};

/** Standard output of `command`, run as root of the namespace that `applyIn` extracts in. */
export const inside = (...command: readonly string[]): string => run([...usual, ...command]).stdout.toString();

/** Calls `body` with a new work directory (`dir/` empty, `canary` beside it) and removes it afterwards. */
export const withWork = (body: (work: string) => void): void => {
  const work = mkdtempSync(join(tmpdir(), 'tree-trial-'));
  try {
    mkdirSync(join(work, 'dir'));
    writeFileSync(join(work, 'canary'), canaryText, { mode: 0o600 });
    body(work);
  } finally {
    inside('rm', '-rf', work);
  }
};

export interface ApplyOptions {
  readonly flags?: readonly string[];
  /** Runs in a namespace with one id even when root runs the test. */
  readonly oneId?: boolean;
}

/** Extracts `archive` into `work/dir`. */
export const applyIn = (work: string, archive: Buffer, options: ApplyOptions = {}): Applied => {
  const dir = join(work, 'dir');
  const prefix = options.oneId === true ? oneId : usual;
  const done = run([...prefix, binary, 'apply', '--dir', dir, ...(options.flags ?? [])], archive);
  const escaped = readFileSync(join(work, 'canary'), 'utf8') !== canaryText || readdirSync(work).sort().join() !== 'canary,dir';
  return { status: done.status, stdout: done.stdout.toString(), stderr: done.stderr.toString(), dir, escaped };
};

export interface PackedTree {
  readonly status: number | null;
  readonly tar: Buffer;
  readonly stderr: string;
}

/** `skiff-tree pack` of `dir`, in the namespace that `applyIn` extracts in. */
export const packIn = (dir: string, options: ApplyOptions = {}): PackedTree => {
  const prefix = options.oneId === true ? oneId : usual;
  const done = run([...prefix, binary, 'pack', '--dir', dir, ...(options.flags ?? [])]);
  return { status: done.status, tar: done.stdout, stderr: done.stderr.toString() };
};

/** `skiff-tree decompress`. */
export const decompress = (input: Buffer) => run([binary, 'decompress'], input);

const lgetxattr: Readonly<Record<string, number>> = { x64: 192, arm64: 9 };

/** An extended attribute in hex, '' where there is none. Perl because Node has no call for it and getfattr is not everywhere. */
export const attribute = (path: string, name: string): string => {
  const script = `my $v = "\\0" x 4096; my $n = syscall(${lgetxattr[process.arch]}, $ARGV[0], $ARGV[1], $v, 4096); print $n < 0 ? "" : unpack("H*", substr($v, 0, $n));`;
  return run(['perl', '-e', script, path, name]).stdout.toString();
};
