/** Owners by name, looked up in the files of the stage they are for: `--chown`, and whose directory a WORKDIR becomes. */
import { need } from '../core/invalid.ts';
import { parseUser } from '../core/users.ts';
import { wrong } from './dockerfile/location.ts';
import { readInPlace } from './files.ts';
import type { Principal } from '../core/users.ts';
import type { Pile } from '../runtime/step-files.ts';
import type { Workspace } from './workspace.ts';

const linesOf = (text: string | undefined): readonly (readonly string[])[] => (text ?? '').split('\n').map((line) => line.split(':'));

/** passwd(5) and group(5): the line of a name. */
const lineOf = (text: string | undefined, name: string): readonly string[] | undefined => linesOf(text).find(([first]) => first === name);

const idOf = (principal: Principal, text: string | undefined, kind: 'user' | 'group'): number => {
  if ('id' in principal) return principal.id;
  const id = lineOf(text, principal.name)?.[2];
  return id !== undefined && /^\d{1,10}$/u.test(id) ? Number(id) : wrong(`unable to find ${kind} ${principal.name}: no matching entries in ${kind === 'user' ? 'passwd' : 'group'} file`);
};

/** The group of a user who is named without one: by name his own, by number the number, as in Docker. */
const ownGroup = (user: Principal, passwd: string | undefined): number => {
  if ('id' in user) return user.id;
  const group = lineOf(passwd, user.name)?.[3];
  return group !== undefined && /^\d{1,10}$/u.test(group) ? Number(group) : 0;
};

/** `USER[:GROUP]` as `UID:GID`, names looked up in the stage's own files. */
export const ownerOf = async (workspace: Workspace, pile: () => Pile, text: string): Promise<string> => {
  const { user, group } = need(parseUser(text, '--chown'));
  const named = [user, group].some((principal) => principal !== undefined && 'name' in principal);
  const place = named ? ({ kind: 'pile', pile: pile() } as const) : undefined;
  const passwd = place === undefined || 'id' in user ? undefined : await readInPlace(workspace, place, '/etc/passwd');
  const groups = place === undefined || group === undefined || 'id' in group ? undefined : await readInPlace(workspace, place, '/etc/group');
  const uid = idOf(user, passwd, 'user');
  return `${uid}:${group === undefined ? ownGroup(user, passwd) : idOf(group, groups, 'group')}`;
};
