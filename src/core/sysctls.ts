/** `--sysctl NAME=VALUE`: only what belongs to a namespace that the container has for itself. */
import { attempt, refuse, usage } from './invalid.ts';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from './errors.ts';

/** Which namespaces are the container's own. */
export interface OwnNamespaces {
  readonly ipc: boolean;
  readonly network: boolean;
  readonly uts: boolean;
}

const ipcNames: readonly string[] = [
  'kernel.msgmax', 'kernel.msgmnb', 'kernel.msgmni', 'kernel.sem',
  'kernel.shmall', 'kernel.shmmax', 'kernel.shmmni', 'kernel.shm_rmid_forced',
];

const namespaceOf = (name: string): keyof OwnNamespaces | undefined => {
  if (ipcNames.includes(name) || name.startsWith('fs.mqueue.')) return 'ipc';
  if (name === 'kernel.domainname' || name === 'kernel.hostname') return 'uts';
  return name.startsWith('net.') ? 'network' : undefined;
};

/** One `--sysctl` value as a name in dots and its value; refused unless it touches only the container's own namespaces. */
export const parseSysctl = (text: string, own: OwnNamespaces): Either<SkiffError, readonly [string, string]> =>
  attempt(() => {
    const at = text.indexOf('=');
    const name = text.slice(0, Math.max(at, 0)).trim().replaceAll('/', '.');
    if (at < 0 || !/^[a-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/.test(name)) return usage(`invalid --sysctl '${text}'`, 'write --sysctl net.core.somaxconn=1024');
    const value = text.slice(at + 1);
    if (/[\u0000-\u0008\u000a-\u001f]/.test(value)) return usage(`invalid --sysctl '${name}': the value has control characters`);
    const namespace = namespaceOf(name);
    if (namespace === undefined) return refuse(`--sysctl ${name} is not kept per container: it would change the whole machine, which needs root`);
    if (!own[namespace]) {
      return refuse(`--sysctl ${name} would change the ${namespace} namespace that this container shares`, `leave out --${namespace} or the sysctl`);
    }
    return [name, value];
  });
