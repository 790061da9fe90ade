/** `--pid`, `--ipc`, `--uts`, `--userns` and `--cgroupns`. */
import { attempt, usage } from './invalid.ts';
import { maximumId } from './users.ts';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from './errors.ts';

export type PidMode = { readonly mode: 'private' | 'host' } | { readonly mode: 'container'; readonly container: string };
export type IpcMode =
  | { readonly mode: 'private' | 'shareable' | 'none' | 'host' }
  | { readonly mode: 'container'; readonly container: string };
export type UserMode = { readonly mode: 'default' } | { readonly mode: 'keep-id'; readonly uid: number; readonly gid: number };

const containerOf = (text: string, flag: string): string | undefined => {
  if (!text.startsWith('container:')) return undefined;
  const name = text.slice('container:'.length);
  return name === '' ? usage(`invalid ${flag} '${text}': the container's name is missing`) : name;
};

/** `--pid`: empty or private, host, container:NAME. */
export const parsePidMode = (text: string): Either<SkiffError, PidMode> =>
  attempt((): PidMode => {
    const container = containerOf(text, '--pid');
    if (container !== undefined) return { mode: 'container', container };
    if (text === '' || text === 'private') return { mode: 'private' };
    return text === 'host' ? { mode: 'host' } : usage(`invalid --pid '${text}'`, 'use private, host or container:NAME');
  });

/** `--ipc`: empty or private, shareable, none, host, container:NAME. */
export const parseIpcMode = (text: string): Either<SkiffError, IpcMode> =>
  attempt((): IpcMode => {
    const container = containerOf(text, '--ipc');
    if (container !== undefined) return { mode: 'container', container };
    if (text === '') return { mode: 'private' };
    if (text === 'private' || text === 'shareable' || text === 'none' || text === 'host') return { mode: text };
    return usage(`invalid --ipc '${text}'`, 'use private, shareable, none, host or container:NAME');
  });

/** `--uts` and `--cgroupns`: true for the host's. */
export const parseHostMode = (text: string, flag: string): Either<SkiffError, boolean> =>
  attempt(() => {
    if (text === '' || text === 'private') return false;
    return text === 'host' ? true : usage(`invalid ${flag} '${text}'`, 'use private or host');
  });

const readId = (value: string, text: string): number => {
  const id = Number(value);
  return /^\d+$/.test(value) && id <= maximumId ? id : usage(`invalid --userns '${text}': '${value}' is not an id`, 'write keep-id:uid=1000,gid=1000');
};

/**
 * `--userns`: empty or `host`, both the default map (Docker's `host` switches a daemon's remapping off, and there is none here),
 * or `keep-id[:uid=N,gid=N]`, which shows the caller inside under an id of choice, their own by default.
 */
export const parseUserMode = (text: string, caller: { readonly uid: number; readonly gid: number }): Either<SkiffError, UserMode> =>
  attempt((): UserMode => {
    if (text === '' || text === 'host') return { mode: 'default' };
    const [word, list = '', ...rest] = text.split(':');
    if (word !== 'keep-id' || rest.length > 0) return usage(`invalid --userns '${text}'`, 'use host or keep-id[:uid=N,gid=N]');
    let { uid, gid } = caller;
    for (const option of list === '' ? [] : list.split(',')) {
      const [key = '', value = ''] = option.split(/=(.*)/s);
      if (key === 'uid') uid = readId(value, text);
      else if (key === 'gid') gid = readId(value, text);
      else return usage(`invalid --userns '${text}': unknown option '${key}'`, 'write keep-id:uid=1000,gid=1000');
    }
    return { mode: 'keep-id', uid, gid };
  });
