/** Bytes of what is in files, as Docker counts a writable layer: no directories, no blocks, a file with several names once. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fail } from '../core/errors.ts';
import { inUserNamespace } from '../system/helper.ts';
import { findProgram } from '../system/programs.ts';
import type { Place } from './disk-usage.ts';

/** Names of files are not asked for: they may hold anything, a newline included. */
const lineForm = '%H\\t%D:%i\\t%s\\n';

/**
 * The bytes in each of `trees` (absolute paths without control characters), found by one find(1) where directories of other mapped ids can be
 * entered; 0 for a tree that is not there (any more). Throws Missing without find.
 */
export const fileSizes = async ({ paths, host }: Place, trees: readonly string[]): Promise<ReadonlyMap<string, number>> => {
  const sizes = new Map<string, number>(trees.map((tree) => [tree, 0]));
  if (trees.length === 0) return sizes;
  const tool = findProgram(process.env, 'find') ?? fail({ _tag: 'Missing', program: 'find', package: 'findutils', purpose: 'count the bytes of containers' });
  const [program = '', ...rest] = inUserNamespace(paths, host, [tool, ...trees, '!', '-type', 'd', '-size', '+0', '-printf', lineForm]);
  const child = spawn(program, rest, { cwd: '/', stdio: ['ignore', 'pipe', 'ignore'] });
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  const read = async (): Promise<void> => {
    const seen = new Set<string>();
    for await (const line of createInterface({ input: child.stdout, crlfDelay: Infinity })) {
      const [tree = '', inode = '', bytes = ''] = line.split('\t');
      if (seen.has(inode)) continue;
      seen.add(inode);
      sizes.set(tree, (sizes.get(tree) ?? 0) + Number(bytes));
    }
  };
  await Promise.race([read(), failed]);
  return sizes;
};
