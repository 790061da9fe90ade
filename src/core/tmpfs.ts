/** `--tmpfs TARGET[:OPTIONS]` and its mount options (tmpfs(5), moby/sys MergeTmpfsOptions). */
import { attempt, usage } from './invalid.ts';
import { parseTarget } from './mounts.ts';
import { wordHint } from './nearest.ts';
import type { TmpfsRequest } from './mounts.ts';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from './errors.ts';

/** Flag words, each with the subject that it sets: of two words for one subject the later one holds. */
const flagSubjects: Readonly<Record<string, string>> = {
  ro: 'access', rw: 'access', suid: 'suid', nosuid: 'suid', dev: 'dev', nodev: 'dev', exec: 'exec', noexec: 'exec',
  sync: 'sync', async: 'sync', dirsync: 'dirsync', atime: 'atime', noatime: 'atime', diratime: 'diratime', nodiratime: 'diratime',
  relatime: 'relatime', norelatime: 'relatime', strictatime: 'strictatime', nostrictatime: 'strictatime',
};

const valueForms: Readonly<Record<string, RegExp>> = {
  size: /^\d+[kKmMgGtT%]?$/,
  mode: /^[0-7]{1,4}$/,
  uid: /^\d{1,10}$/,
  gid: /^\d{1,10}$/,
  nr_inodes: /^\d+[kKmMgG]?$/,
  nr_blocks: /^\d+[kKmMgG]?$/,
};

const checkOption = (option: string, typed: string): void => {
  const [key = '', value] = option.split(/=(.*)/s);
  if (value === undefined && key in flagSubjects) return;
  const form = valueForms[key];
  if (form === undefined || value === undefined) {
    usage(`invalid tmpfs '${typed}': unknown option '${option}'`, wordHint(key, [...Object.keys(flagSubjects), ...Object.keys(valueForms)]));
  } else if (!form.test(value)) usage(`invalid tmpfs '${typed}': '${value}' is no value for ${key}`);
};

/** One `--tmpfs` value. */
export const parseTmpfs = (text: string): Either<SkiffError, TmpfsRequest> =>
  attempt(() => {
    const at = text.indexOf(':');
    const target = parseTarget(at < 0 ? text : text.slice(0, at), text);
    const options = (at < 0 ? '' : text.slice(at + 1)).split(',').filter((option) => option !== '' && option !== 'defaults');
    for (const option of options) checkOption(option, text);
    return { kind: 'tmpfs', typed: text, target, options };
  });

/** Docker's defaults for a tmpfs under `options`, later words replacing earlier ones on the same subject. */
export const mergeTmpfsOptions = (options: readonly string[]): readonly string[] => {
  const merged = new Map<string, string>();
  for (const option of ['noexec', 'nosuid', 'nodev', 'rprivate', ...options]) {
    const key = option.split('=')[0] ?? option;
    merged.set(flagSubjects[key] ?? key, option);
  }
  return [...merged.values()];
};
