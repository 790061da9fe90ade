/**
 * What works on this machine: the kernel's overlay by trying it, fuse-overlayfs by looking. Answers are remembered in the user's
 * cache, so that a run costs one small file read.
 */
import * as E from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { detect, explain, openableDevice, parseVersion } from 'fuse-overlayfs-bindings';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, statfsSync } from 'node:fs';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { fail, toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { writeFileAtomic } from '../system/files.ts';
import { helperPath, inUserNamespace } from '../system/helper.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import { ownIdentity } from '../system/process-identity.ts';
import { findProgram } from '../system/programs.ts';
import { chooseDriver } from './choose.ts';
import type { DriverChoice, FuseFact, OverlayFact, Wanted } from './choose.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Chooses and, where nothing is remembered, tries. Paths must have been made (`ensureDirectories`). Left as `chooseDriver` says, or
 * `System` when the trial directory cannot be made.
 */
export const storageDriver = (paths: Paths, host: Host, env: Environment, wanted: Wanted): TaskEither<SkiffError, DriverChoice> => async () => {
  try {
    const fuse = wanted.driver === 'overlay' || (wanted.driver === 'auto' && overlayFact(paths, host).works) ? undefined : await fuseFact(paths, env);
    return chooseDriver(wanted, { overlay: () => overlayFact(paths, host), fuse: () => fuse ?? { state: 'missing' } });
  } catch (error) {
    return E.left(toSkiffError('try the storage drivers in', paths.host)(error));
  }
};

/** What a trial's answer depends on; a change of any asks for a new one. */
const overlayKey = (paths: Paths, host: Host): string => `${release()} ${statSync(paths.host).dev} ${host.idMap.mode}`;

/** A refusal may be lifted by an administrator (a sysctl, an AppArmor profile) without a change of the key: try again after 10 minutes. */
const refusalLifetime = 600_000;

interface Remembered {
  readonly key: string;
  readonly answer: string;
  readonly time: number;
}

const recall = (path: string, key: string): Remembered | undefined => {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<Remembered>;
    return value.key === key && typeof value.answer === 'string' && typeof value.time === 'number' ? (value as Remembered) : undefined;
  } catch {
    return undefined;
  }
};

const remember = (path: string, key: string, answer: string): void => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileAtomic(path, JSON.stringify({ key, answer, time: Date.now() }));
};

/** Whether the kernel's overlay works below `paths.host` in the user's namespace. The answer `ok` is remembered until the key changes. */
export const overlayFact = (paths: Paths, host: Host): OverlayFact => {
  const path = join(paths.cache, 'overlay-probe.json');
  const key = overlayKey(paths, host);
  const known = recall(path, key);
  if (known?.answer === 'ok') return { works: true };
  if (known !== undefined && Math.abs(Date.now() - known.time) < refusalLifetime) return { works: false, reason: known.answer };
  const reason = tryOverlay(paths, host);
  remember(path, key, reason ?? 'ok');
  return reason === undefined ? { works: true } : { works: false, reason };
};

/** Forgets what was found out, so that the next look is a new one: for `skiff doctor`. Idempotent. */
export const forgetProbes = (paths: Paths): void => {
  for (const name of ['overlay-probe.json', 'fuse-overlayfs-version.json']) rmSync(join(paths.cache, name), { force: true });
};

/** The helper's exit code where the trial could not even begin: not the overlay's fault, and not to be remembered as its answer. */
const couldNotTry = 125;

/** Undefined when it works; else why not. Throws when the user's namespace cannot be made to try it in. */
const tryOverlay = (paths: Paths, host: Host): string | undefined => {
  const { pid, start } = ownIdentity();
  // Named for its owner, so that `heal` knows a killed one's.
  const directory = mkdtempSync(join(paths.host, `.probe-${pid}-${start}-`));
  try {
    const [program = '', ...argv] = inUserNamespace(paths, host, [helperPath(paths, 'skiff-helper'), 'probe-overlay', directory]);
    const result = spawnSync(program, argv, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8', timeout: 10_000 });
    if (result.status === 0) return undefined;
    if (result.status === couldNotTry) fail({ _tag: 'Refused', message: (result.stderr ?? '').trim().replace(/^skiff: /, '') });
    const words = result.stderr?.trim().split('\n').at(-1) || result.error?.message || `the trial ended with ${result.signal ?? result.status}`;
    const kind = unsuitableFileSystem(statfsSync(paths.host).type);
    return kind === undefined ? words : `${paths.host} is on ${kind}, to which it cannot write (${words})`;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

/** statfs(2) f_type of file systems that have no whiteouts, xattrs or rename flags, so that overlay refuses them as an upper directory. */
const unsuitable: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x19830326, 'BeeGFS'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9p'],
  [0x794c7630, 'another overlay'],
  [0xf15f, 'eCryptfs'],
  [0x4d44, 'FAT'],
  [0x2011bab0, 'exFAT'],
]);

/** The name of a file system that overlay cannot write to; undefined for others. `type` is f_type, in its low 32 bits. */
export const unsuitableFileSystem = (type: number): string | undefined => unsuitable.get(type >>> 0);

/** Whether fuse-overlayfs is installed, its version, and whether /dev/fuse opens. */
export const fuseFact = async (paths: Paths, env: Environment): Promise<FuseFact> => {
  const program = findProgram(env, 'fuse-overlayfs');
  if (program === undefined) return { state: 'missing' };
  const device = openableDevice();
  if (E.isLeft(device)) return { state: 'unusable', reason: `${explain(device.left)}; ask an administrator to run: modprobe fuse; chmod 666 /dev/fuse` };
  const capabilities = await fuseCapabilities(paths, program);
  return E.isLeft(capabilities) ? { state: 'unusable', reason: explain(capabilities.left) } : { state: 'ready', program, capabilities: capabilities.right };
};

const fuseCapabilities: (paths: Paths, program: string) => Promise<ReturnType<typeof parseVersion>> = async (paths, program) => {
  const path = join(paths.cache, 'fuse-overlayfs-version.json');
  const { mtimeMs, size } = statSync(program);
  const key = `${program} ${mtimeMs} ${size}`;
  const known = recall(path, key);
  if (known !== undefined) return parseVersion(known.answer);
  const detected = await detect(program)();
  if (E.isRight(detected)) remember(path, key, `fuse-overlayfs: version ${detected.right.version}`);
  return detected;
};
