/** Facts about the user and the machine that decide how namespaces are mapped. Read once per command. */
import { accessSync, constants } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { parseSubordinateIds } from '../core/subordinate-ids.ts';
import type { IdRange } from '../core/subordinate-ids.ts';
import { findProgram } from './programs.ts';
import { readOptional } from './read-optional.ts';

export type { IdRange } from '../core/subordinate-ids.ts';

/** How ids inside containers map to the host's: subordinate ranges, or the caller's own id alone. */
export type IdMap =
  | {
      readonly mode: 'ranges';
      readonly uids: readonly IdRange[];
      readonly gids: readonly IdRange[];
      readonly newuidmap: string;
      readonly newgidmap: string;
    }
  | { readonly mode: 'single'; readonly uid: number; readonly gid: number; readonly reason: string };

export interface Host {
  readonly uid: number;
  readonly gid: number;
  readonly user: string;
  readonly idMap: IdMap;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the caller's ids, /etc/subuid, /etc/subgid (subuid(5)) and the whereabouts of newuidmap(1) and newgidmap(1). */
export const readHost = (env: Environment): Host => {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  const user = userName(uid);
  return { uid, gid, user, idMap: readIdMap(env, uid, gid, user) };
};

/**
 * The name that /etc/subuid has for `uid`. Not os.userInfo(), which in Bun believes $USER; id(1) is asked only for users that
 * /etc/passwd does not have (LDAP, SSSD).
 */
const userName = (uid: number): string => {
  const known = new RegExp(`^([^:\\n]+):[^:\\n]*:${uid}:`, 'm').exec(readOptional('/etc/passwd'))?.[1];
  return known ?? (spawnSync('id', ['-un'], { encoding: 'utf8' }).stdout?.trim() || String(uid));
};

const readIdMap = (env: Environment, uid: number, gid: number, user: string): IdMap => {
  const single = (reason: string): IdMap => ({ mode: 'single', uid, gid, reason });
  const newuidmap = findProgram(env, 'newuidmap');
  const newgidmap = findProgram(env, 'newgidmap');
  if (newuidmap === undefined || newgidmap === undefined) return single('newuidmap and newgidmap are not installed (package uidmap)');
  const uids = parseSubordinateIds(readOptional('/etc/subuid'), user, uid);
  const gids = parseSubordinateIds(readOptional('/etc/subgid'), user, uid);
  if (uids.length === 0) return single(`/etc/subuid has no line for ${user}`);
  if (gids.length === 0) return single(`/etc/subgid has no line for ${user}`);
  return { mode: 'ranges', uids: withSelf(uid, uids), gids: withSelf(gid, gids), newuidmap, newgidmap };
};

/** 0 is the caller; the subordinate ranges follow from 1 without gaps. */
const withSelf = (self: number, ranges: readonly { readonly start: number; readonly count: number }[]): readonly IdRange[] => {
  const out: IdRange[] = [{ containerId: 0, hostId: self, size: 1 }];
  let next = 1;
  for (const range of ranges) {
    out.push({ containerId: next, hostId: range.start, size: range.count });
    next += range.count;
  }
  return out;
};

/** Whether the caller may open `path` for reading and writing. */
export const isReadWritable = (path: string): boolean => {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
};
