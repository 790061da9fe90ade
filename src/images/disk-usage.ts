/** Bytes on disk, as du(1) counts them: blocks that are allocated, a file with several names once. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fail } from '../core/errors.ts';
import type { Host } from '../system/host.ts';
import { inUserNamespace } from '../system/helper.ts';
import type { Paths } from '../system/paths.ts';
import { findProgram } from '../system/programs.ts';

/** Where a figure is wanted. */
export interface Place {
  readonly paths: Paths;
  readonly host: Host;
}

/** Runs du(1) where directories of other mapped ids can be entered. What vanishes meanwhile makes it end with 1 and costs only itself. */
const du = async ({ paths, host }: Place, cwd: string, words: readonly string[]): Promise<ReadonlyMap<string, number>> => {
  const tool = findProgram(process.env, 'du') ?? fail({ _tag: 'Missing', program: 'du', package: 'coreutils', purpose: 'count bytes on disk' });
  const [program = '', ...rest] = inUserNamespace(paths, host, [tool, '-k', ...words]);
  const child = spawn(program, rest, { cwd, stdio: ['ignore', 'pipe', 'ignore'] });
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  const read = async (): Promise<ReadonlyMap<string, number>> => {
    const found = new Map<string, number>();
    for await (const line of createInterface({ input: child.stdout, crlfDelay: Infinity })) {
      const [, kibibytes, name = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
      if (kibibytes !== undefined) found.set(name, Number(kibibytes) * 1024);
    }
    return found;
  };
  return Promise.race([read(), failed]);
};

/** What is directly in `directory`, by name, and all of it under `.`; bytes in multiples of 1024. */
export const usageIn = async (place: Place, directory: string): Promise<ReadonlyMap<string, number>> => {
  const found = await du(place, directory, ['-a', '-d', '1', '.']);
  if (found.size === 0) fail({ _tag: 'System', operation: 'count the bytes in', subject: directory, reason: 'du said nothing' });
  return new Map([...found].map(([name, bytes]) => [name.replace(/^\.\//, ''), bytes]));
};

/** Bytes of all `trees` (absolute paths) together; 0 for none, and for what somebody else has removed. */
export const usageOf = async (place: Place, trees: readonly string[]): Promise<number> => {
  if (trees.length === 0) return 0;
  const found = await du(place, '/', ['-s', ...trees]);
  return [...found.values()].reduce((sum, bytes) => sum + bytes, 0);
};
