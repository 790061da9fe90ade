/** Ways in and out of a volume without a container: `volume export`, `import` and `clone`. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../core/errors.ts';
import { refuse } from '../core/invalid.ts';
import { checkVolumeName } from '../core/volume-name.ts';
import { runPack } from '../images/pack.ts';
import { checkOutcome, outcomeOf } from '../images/program.ts';
import { helperPath, inUserNamespace } from '../system/helper.ts';
import { createVolume } from '../volumes/create.ts';
import { volumeDriver } from '../volumes/drivers/choose.ts';
import { tellVolume } from '../volumes/events.ts';
import { deleteTrees, hasVolume, prepareVolume, publishVolume, requireVolume, whileChanging } from '../volumes/store.ts';
import type { Packed } from '../images/pack.ts';
import type { Volume } from '../volumes/types.ts';
import type { Surroundings } from './surroundings.ts';

/** Where the data of a volume can be read from outside of containers. Throws Refused for one that only containers have mounted. */
const openData = async (surroundings: Surroundings, volume: Volume): Promise<string> => {
  const driver = await volumeDriver(volume.driver);
  if (volume.driver !== 'local') return refuse(`volume ${volume.name} is mounted only while a container uses it (driver ${driver.name})`, `copy it from a container: skiff run --rm -v ${volume.name}:/from IMAGE tar -C /from -c .`);
  const access = await driver.use(surroundings, volume, '');
  return access.kind === 'directory' ? access.path : refuse(`volume ${volume.name} is in memory, and only while a container uses it`, `copy it from that container with 'skiff cp'`);
};

/** Writes what the volume holds, and whose its directory is, to the open file `output` as a pax tar. Owners are those that containers see. Throws NotFound, Refused, System. */
export const exportVolume = async (surroundings: Surroundings, name: string, output: number): Promise<Packed> => {
  const { paths, host } = surroundings;
  const directory = await openData(surroundings, requireVolume(paths, name));
  const single = host.idMap.mode === 'single' ? ['--single-uid'] : [];
  return await runPack(inUserNamespace(paths, host, [helperPath(paths, 'skiff-tree'), 'fetch', '--path', `${directory}/`, ...single]), output, `volume ${name}`);
};

/** Puts the tar of the open file `input` into the volume, which is made where it is missing; what is there and not in the tar stays. Throws Hostile, System. */
export const importVolume = async (surroundings: Surroundings, name: string, input: number): Promise<void> => {
  const { paths, host } = surroundings;
  const { volume } = await createVolume(surroundings, { name: checkVolumeName(name), driver: '', options: {}, labels: {} });
  const single = host.idMap.mode === 'single' ? ['--single-uid'] : [];
  const [program = '', ...words] = inUserNamespace(paths, host, [helperPath(paths, 'skiff-tree'), 'place', '--path', await openData(surroundings, volume), '--archive', '--whole', ...single]);
  const outcome = await outcomeOf(spawn(program, words, { stdio: [input, 'ignore', 'pipe'] }), false);
  checkOutcome({ ...outcome, stderr: outcome.stderr.replace(/^skiff: /gm, '') }, 'read', `the archive for volume ${name}`);
};

/** Copies all that `from` holds into `to`. Throws System with the helper's words. */
const copyData = ({ paths, host }: Surroundings, from: string, to: string, subject: string): void => {
  const [program = '', ...words] = inUserNamespace(paths, host, [helperPath(paths, 'skiff-helper'), 'copy-tree', from, to]);
  const { status, stderr, error } = spawnSync(program, words, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) fail({ _tag: 'System', operation: 'copy', subject, reason: stderr.trim().replace(/^skiff: /, '') });
};

/**
 * Makes the volume `target` with the labels of `source` and a copy of what it holds, blocks shared where the file system can. There whole or not at all. Containers that
 * write to `source` meanwhile are not stopped. Throws NotFound, Conflict where the name is taken, Refused, System.
 */
export const cloneVolume = async (surroundings: Surroundings, source: string, target: string): Promise<Volume> => {
  const { paths, host } = surroundings;
  const origin = requireVolume(paths, source);
  const volume: Volume = { ...origin, name: checkVolumeName(target), options: {}, createdAt: new Date().toISOString(), anonymous: false };
  const taken = (): never => fail({ _tag: 'Conflict', message: `a volume named ${target} already exists`, hint: 'choose another name' });
  if (hasVolume(paths, target)) taken();
  const from = await openData(surroundings, origin);
  const making = prepareVolume(paths, volume, true);
  try {
    copyData(surroundings, from, join(making, '_data'), `volume ${source}`);
    if (!(await whileChanging(paths, () => publishVolume(paths, making, target, true)))) taken();
  } finally {
    if (existsSync(making)) deleteTrees(paths, host, [making]);
  }
  tellVolume(paths, 'create', volume);
  return volume;
};
