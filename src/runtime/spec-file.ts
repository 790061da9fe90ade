/** Changing spec.json of a container that is there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../system/files.ts';

type Members = Readonly<Record<string, unknown>>;

/**
 * Replaces spec.json in a container's directory, by rename, by what `change` makes of its members; those that it hands on stay as they are, whatever
 * wrote them. Whoever calls holds the lock of `rename.lock`. Throws errno errors.
 */
export const changeSpecFile = (directory: string, change: (members: Members) => Members): void => {
  const path = join(directory, 'spec.json');
  writeFileAtomic(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')) as Members)), { mode: 0o600 });
};
