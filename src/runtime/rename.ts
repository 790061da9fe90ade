/** `skiff rename`: another name for a container, running or not. */
import { readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../core/errors.ts';
import { need } from '../core/invalid.ts';
import { parseContainerName, shortId } from '../core/names.ts';
import { removeIfPresent, withLock } from '../system/files.ts';
import { tell } from './container-events.ts';
import { heal } from './heal.ts';
import { orderRename } from './monitor-client.ts';
import { findContainer, idOfName, readContainer, resolveId } from './records.ts';
import { changeSpecFile } from './spec-file.ts';
import { askWhileRunning } from './stop.ts';
import type { Surroundings } from './surroundings.ts';

/** Whether the link is there now and is ours: made, or left by a `rename` of the same container that was killed. */
const tryName = (link: string, id: string): boolean => {
  try {
    symlinkSync(`../containers/${id}`, link);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
};

const claim = ({ paths, host }: Surroundings, name: string, id: string): void => {
  const link = join(paths.names, name);
  if (tryName(link, id) || idOfName(paths, name) === id) return;
  heal(paths, host); // it may be a dead one's
  if (tryName(link, id)) return;
  const holder = idOfName(paths, name);
  fail({
    _tag: 'Conflict',
    message: `the container name "${name}" is already in use by container ${holder === undefined ? 'another one' : shortId(holder)}`,
    hint: `remove it with 'skiff rm ${name}', or choose another name`,
  });
};

/** The link behind a name, as far as it is this container's. */
const isBehind = (link: string, id: string): boolean => {
  try {
    return readlinkSync(link).endsWith(id);
  } catch {
    return false;
  }
};

/** All of the container's names but one: the old one, and what killed renames have left. */
const freeOthers = (names: string, id: string, kept: string): void => {
  for (const name of readdirSync(names)) if (name !== kept && isBehind(join(names, name), id)) removeIfPresent(join(names, name));
};

/**
 * Gives a container another name: the new one is claimed with an exclusive symbolic link, the record and a living monitor are told,
 * the old one is given free. Interrupted, the container answers to one or both, and another `rename` finishes it.
 * Throws NotFound, Usage (not a name, or its own), Conflict where the name is taken.
 */
export const renameContainer = async (surroundings: Surroundings, word: string, text: string): Promise<void> => {
  const { paths } = surroundings;
  const name = need(parseContainerName(text));
  const { id, directory } = findContainer(paths, word);
  // Of two that rename the same container the later one wins, with its name and no other.
  await withLock(paths, join(directory, 'rename.lock'), 'exclusive', async () => {
    const container = readContainer(paths, resolveId(paths, id));
    const { spec } = container;
    if (spec.name === name) fail({ _tag: 'Conflict', message: `container ${word} has the name "${name}" already` });
    claim(surroundings, name, id);
    try {
      changeSpecFile(directory, (members) => ({ ...members, name }));
      await askWhileRunning(paths, id, () => orderRename(paths, id, join(paths.names, name)));
      if (spec.networks !== undefined) await (await import('./network-rename.ts')).renameInNetworks(paths, { ...container, spec: { ...spec, name } }, spec.name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      removeIfPresent(join(paths.names, name));
      fail({ _tag: 'NotFound', kind: 'container', name: word, hint: 'it has just been removed' });
    }
    freeOthers(paths.names, id, name);
    tell(paths, { ...spec, name }, 'rename', { oldName: `/${spec.name}` });
  });
};
