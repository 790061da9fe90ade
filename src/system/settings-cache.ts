/** `config.yaml` as it was last understood, in JSON: a run need not load a YAML parser. */
import { mkdirSync, readFileSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { dirname, join } from 'node:path';
import { isLeft } from 'fp-ts/Either';
import { writeFileAtomic } from './files.ts';
import type { Paths } from './paths.ts';
import { SettingsDocument } from './settings-document.ts';

/** Names one state of one file: a change of any part makes another key. */
export const cacheKey = (path: string, { dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string => [dev, ino, size, mtimeNs, ctimeNs, path].join(' ');

const cachePath = (paths: Paths): string => join(paths.cache, 'settings.json');

/** What is remembered under `key`; undefined when it is something else, damaged or not there. */
export const recallSettings = (paths: Paths, key: string): SettingsDocument | undefined => {
  try {
    const stored = JSON.parse(readFileSync(cachePath(paths), 'utf8')) as { readonly key?: unknown; readonly settings?: unknown } | null;
    if (stored?.key !== key) return undefined;
    const decoded = SettingsDocument.decode(stored.settings);
    return isLeft(decoded) ? undefined : decoded.right;
  } catch {
    return undefined;
  }
};

/** File systems count time in steps: a file this young, in nanoseconds, may change again and keep its times. */
const tooYoung = 2_000_000_000n;

/**
 * Remembers `settings` under `key`, atomically, mode 0600. A file that was changed less than two seconds ago is not remembered.
 * That nothing can be written is no error: the next command parses again.
 */
export const rememberSettings = (paths: Paths, key: string, { ctimeNs }: BigIntStats, settings: SettingsDocument): void => {
  if (BigInt(Date.now()) * 1_000_000n - ctimeNs < tooYoung) return;
  const path = cachePath(paths);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileAtomic(path, JSON.stringify({ key, settings }));
  } catch {
    // A cache that is full or read-only costs time and nothing else.
  }
};
