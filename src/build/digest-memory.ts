/**
 * Digests of a context's files, remembered from build to build: what has the same device, inode, size and times has the same contents. A file that has
 * only just changed may change again within one tick of the kernel's clock, so it is looked at again, as git does with its index.
 */
import { readFileSync } from 'node:fs';
import { writeFileAtomic } from '../system/files.ts';

export interface DigestMemory {
  readonly get: (identity: string) => string | undefined;
  /** Remembers the digest of a file whose status changed at `changed` (seconds since 1970). */
  readonly add: (identity: string, changed: number, digest: string) => void;
  /** Writes down what is new. A failure to do so costs the next build time, and nothing else. */
  readonly save: () => void;
}

/** Seconds that a file must have rested; times of the kernel's are coarse, and file systems of others too. */
const rest = 2;
/** Lines that are kept, the newest; 100 bytes each. */
const most = 200_000;

const lineForm = /^([0-9a-f]{64}) (.+)$/u;

const read = (path: string): Map<string, string> => {
  try {
    return new Map(readFileSync(path, 'latin1').split('\n').flatMap((line) => {
      const [, digest, identity] = lineForm.exec(line) ?? [];
      return digest === undefined || identity === undefined ? [] : [[identity, digest] as const];
    }));
  } catch {
    return new Map();
  }
};

/** The memory in the file `path`, read when it is first asked. */
export const digestMemory = (path: string): DigestMemory => {
  let known: Map<string, string> | undefined;
  let isChanged = false;
  const all = (): Map<string, string> => (known ??= read(path));
  return {
    get: (identity) => all().get(identity),
    add: (identity, changed, digest) => {
      if (Date.now() / 1000 - changed < rest) return;
      all().set(identity, digest);
      isChanged = true;
    },
    save: () => {
      if (!isChanged) return;
      try {
        writeFileAtomic(path, [...all()].slice(-most).map(([identity, digest]) => `${digest} ${identity}\n`).join(''));
      } catch {
        // As it says above.
      }
    },
  };
};
