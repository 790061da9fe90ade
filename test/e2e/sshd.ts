/** An sshd of the tests' own, for the caller alone: on a port of 127.0.0.1, with keys made for it. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../registry/server.ts';
import { execute } from './skiff.ts';

export interface Sshd {
  readonly port: number;
  /** Options of ssh that lead to it, as words for `o`. */
  readonly options: readonly string[];
  readonly user: string;
  readonly stop: () => Promise<void>;
}

const makeKey = (path: string): void => void execute(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', path]);

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => (socket.destroy(), resolve(true)));
    socket.on('error', () => resolve(false));
  });

/** Starts one whose files are in `directory`, which is made; throws with its log when it does not listen within 10 s. */
export const startSshd = async (directory: string): Promise<Sshd> => {
  const at = (name: string): string => join(directory, name);
  mkdirSync(directory, { mode: 0o700 });
  makeKey(at('host'));
  makeKey(at('user'));
  const port = await freePort();
  writeFileSync(at('known_hosts'), `[127.0.0.1]:${port} ${readFileSync(at('host.pub'), 'utf8')}`);
  writeFileSync(at('config'), ['ListenAddress 127.0.0.1', `Port ${port}`, `HostKey ${at('host')}`, `AuthorizedKeysFile ${at('user.pub')}`, 'PidFile none', 'UsePAM no', 'StrictModes no',
    'Subsystem sftp internal-sftp', 'ForceCommand internal-sftp', ''].join('\n'));
  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', at('config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => void (log += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  for (const until = Date.now() + 10000; !(await listens(port)); await new Promise((resolve) => setTimeout(resolve, 20))) {
    if (Date.now() > until || child.exitCode !== null) throw new Error(`sshd does not listen: ${log}`);
  }
  return {
    port,
    user: userInfo().username,
    options: [`Port=${port}`, `IdentityFile=${at('user')}`, `UserKnownHostsFile=${at('known_hosts')}`, 'IdentitiesOnly=yes'],
    stop: async () => {
      child.kill();
      await ended;
    },
  };
};
