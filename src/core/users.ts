/** `--user` and `--group-add`: syntax only. Names are looked up later, inside the container's own root file system. */
import { attempt, usage } from './invalid.ts';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from './errors.ts';

/** A user or group as typed: a number, or a name for the container's /etc/passwd or /etc/group. */
export type Principal = { readonly id: number } | { readonly name: string };

/** A parsed `USER[:GROUP]`; `group` absent means the user's own group from /etc/passwd, or 0. */
export interface UserSpec {
  readonly text: string;
  readonly user: Principal;
  readonly group?: Principal;
}

/** The highest id: 2^32 - 1 is the kernel's "no id" (chown(2)). */
export const maximumId = 4294967294;

const parsePrincipal = (text: string, whole: string, flag: string): Principal => {
  if (/^-?\d+$/.test(text)) {
    const id = Number(text);
    if (text.startsWith('-') || id > maximumId) return usage(`invalid ${flag} '${whole}': ${text} is not between 0 and ${maximumId}`);
    return { id };
  }
  if (text === '') return usage(`invalid ${flag} '${whole}': a name or number is missing`, 'write USER or USER:GROUP, by name or number');
  if (/[\s:/\u0000-\u001f\u007f]/.test(text)) return usage(`invalid ${flag} '${whole}': '${text}' cannot be a name`);
  return { name: text };
};

/**
 * `USER[:GROUP]`, each a name or 0..4294967294; the empty string is root, as in an image without USER.
 * `where` says in messages who asked for it.
 */
export const parseUser = (text: string, where = '--user'): Either<SkiffError, UserSpec> =>
  attempt(() => {
    if (text === '') return { text, user: { id: 0 } };
    const at = text.indexOf(':');
    if (at < 0) return { text, user: parsePrincipal(text, text, where) };
    const user = at === 0 ? { id: 0 } : parsePrincipal(text.slice(0, at), text, where);
    return { text, user, group: parsePrincipal(text.slice(at + 1), text, where) };
  });

/** One `--group-add` value. */
export const parseGroup = (text: string): Either<SkiffError, Principal> => attempt(() => parsePrincipal(text, text, '--group-add'));

/** Groups as words for the launch plan, which has names looked up in the container. */
export const groupWords = (groups: readonly Principal[]): readonly string[] => groups.map((group) => ('id' in group ? String(group.id) : group.name));
