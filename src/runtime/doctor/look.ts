/** Collects what `skiff doctor` judges by. Makes Skiff's directories where they are missing, and nothing else that stays. */
import { isLeft } from 'fp-ts/Either';
import { existsSync, realpathSync, statSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { SkiffFailure } from '../../core/errors.ts';
import { attempt } from '../../core/invalid.ts';
import { forgetProbes, storageDriver } from '../../storage/probe.ts';
import { wantedDriver } from '../../storage/wanted.ts';
import { readCgroups } from '../../system/cgroups.ts';
import { namespaceSettings } from '../../system/namespace-settings.ts';
import { ensureDirectories } from '../../system/paths.ts';
import { findProgram } from '../../system/programs.ts';
import { readOptional } from '../../system/read-optional.ts';
import { readSettings, settingsPath } from '../../system/settings.ts';
import { chooseCgroupWay, controllersOf } from '../cgroup-way.ts';
import { deviceFacts, programFacts } from '../machine.ts';
import { grantIds } from '../single-uid.ts';
import type { Host } from '../../system/host.ts';
import type { Paths } from '../../system/paths.ts';
import type { Surroundings } from '../surroundings.ts';
import { findDamage } from './damage.ts';
import type { CgroupState, Facts, IdFacts, PlaceFacts } from './facts.ts';
import { troubleOf } from './finding.ts';
import type { Trouble } from './finding.ts';
import { findLeftovers } from './leftovers.ts';
import type { Leftover } from './leftovers.ts';
import { lookAtDirectory, lookAtKernel } from './look-kernel.ts';
import { mountOf, mountsIn } from '../../system/mounts.ts';

/** The failure of `body`; undefined where it ends well. */
const troubleIn = async (body: () => unknown): Promise<Trouble | undefined> => {
  try {
    await body();
    return undefined;
  } catch (error) {
    if (!(error instanceof SkiffFailure)) throw error;
    return troubleOf(error.error);
  }
};

const idFacts = ({ host, env }: Surroundings, failure: string | undefined): IdFacts => ({
  user: host.user,
  uid: host.uid,
  subuid: readOptional('/etc/subuid'),
  subgid: readOptional('/etc/subgid'),
  passwd: readOptional('/etc/passwd'),
  group: readOptional('/etc/group'),
  newuidmap: findProgram(env, 'newuidmap'),
  newgidmap: findProgram(env, 'newgidmap'),
  failure,
  grant: host.idMap.mode === 'ranges' ? '' : grantIds(host, env),
});

const sysctls = (): Facts['sysctls'] =>
  Object.fromEntries(namespaceSettings.flatMap(({ name }) => {
    const value = readOptional(`/proc/sys/${name}`).trim();
    return value === '' ? [] : [[name, value]];
  }));

const cgroupState = (env: NodeJS.ProcessEnv, { uid }: Host): CgroupState => {
  const cgroups = readCgroups(env, uid);
  const way = attempt(() => chooseCgroupWay(cgroups, [], ''));
  if (isLeft(way)) {
    const { text, remedy } = troubleOf(way.left);
    return { failure: { text: text.replace('--cgroup-parent needs', 'limits need'), remedy }, controllers: [] };
  }
  return { failure: undefined, controllers: controllersOf(cgroups, way.right) };
};

/** `crw-rw-rw-` as digits; empty where there is nothing. */
const modeOf = (path: string): string => {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  return mode === undefined ? '' : (mode & 0o7777).toString(8).padStart(4, '0');
};

/** The nearest directory that is there: before its first use one of ours may not be. */
const existing = (path: string): string => (existsSync(path) || path === '/' ? path : existing(dirname(path)));

const placeOf = (what: PlaceFacts['what'], path: string): PlaceFacts => {
  const real = realpathSync(existing(path));
  const mount = mountOf(mountsIn(readOptional('/proc/self/mountinfo')), real);
  const { bavail, bsize, files, ffree } = statfsSync(real);
  return { what, path, type: mount?.type ?? '', options: mount?.options ?? [], free: bavail * bsize, freeFiles: files > 0 ? ffree : undefined };
};

const driverFact = async (surroundings: Surroundings): Promise<Facts['driver']> => {
  const { paths, host, env } = surroundings;
  forgetProbes(paths);
  const wanted = await wantedDriver(paths, env, surroundings.storageDriver)();
  if (isLeft(wanted)) return troubleOf(wanted.left);
  const choice = await storageDriver(paths, host, env, wanted.right)();
  return isLeft(choice) ? troubleOf(choice.left) : { name: choice.right.driver.name, why: choice.right.why };
};

const settingsFacts = async (env: NodeJS.ProcessEnv, paths: Paths): Promise<Facts['settings']> => {
  const failure = await troubleIn(() => readSettings(env, paths));
  const path = failure === undefined ? settingsPath(env) : '';
  return { path, there: existsSync(path), failure };
};

/** What can only be looked at where the directories are. Leftovers first: what comes then makes a keeper. */
const lookInside = async (surroundings: Surroundings): Promise<Pick<Facts, 'driver' | 'keeps' | 'leftovers' | 'damaged'> & { readonly failure: string | undefined }> => {
  const { paths, host } = surroundings;
  const leftovers = findLeftovers(paths);
  const damaged = findDamage(paths);
  const { keeps, failure } = lookAtDirectory(paths, host);
  return { leftovers, damaged, keeps, failure, driver: await driverFact(surroundings) };
};

/**
 * Looks at everything anew; about 0.3 s. `repaired` is what has been taken away before. Throws only for bugs: what is wrong with the
 * machine is what it finds out.
 */
export const look = async (surroundings: Surroundings, repaired: readonly Leftover[]): Promise<Facts> => {
  const { paths, host, env } = surroundings;
  const directories = await troubleIn(() => ensureDirectories(paths));
  const inside =
    directories === undefined ? await lookInside(surroundings) : { leftovers: [], damaged: [], keeps: new Map(), failure: undefined, driver: directories };
  const ids = idFacts(surroundings, inside.failure);
  const tools = [ids.newuidmap, ids.newgidmap].filter((path): path is string => path !== undefined);
  return {
    ids,
    kernel: lookAtKernel(paths, existing(paths.root), tools),
    sysctls: sysctls(),
    cgroups: cgroupState(env, host),
    programs: await programFacts(env),
    devices: deviceFacts().map((device) => ({ ...device, mode: modeOf(device.Path) })),
    driver: inside.driver,
    places: directories === undefined ? [placeOf('data', paths.host), placeOf('cache', paths.cache), placeOf('runtime', paths.runtime)] : [],
    keeps: inside.keeps,
    runtimeVariable: env['XDG_RUNTIME_DIR'],
    settings: await settingsFacts(env, paths),
    directories,
    leftovers: inside.leftovers,
    repaired,
    damaged: inside.damaged,
  };
};
