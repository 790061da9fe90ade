import { renderError } from '../core/errors.ts';
import { heal } from '../runtime/heal.ts';
import { readFilter } from '../runtime/list-filters.ts';
import { chooseVolumes, volumeRow } from '../volumes/list.ts';
import { volumeDriverNames } from '../volumes/drivers/names.ts';
import { dataDirectory } from '../volumes/places.ts';
import { pluginNames } from '../volumes/plugins/find.ts';
import { listVolumes } from '../volumes/store.ts';
import { readVolumeUsers, usersOf } from '../volumes/users.ts';
import { exitOneForAll } from './exit-one.ts';
import { renderList } from './format.ts';
import { table } from './options/volume-ls.ts';
import { surroundingsOf } from './surroundings.ts';
import { warn } from './warn.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';
import type { VolumeContext } from '../volumes/driver.ts';
import type { PluginVolumes } from '../volumes/plugins/list.ts';
import type { Volume } from '../volumes/types.ts';

export { table };

const view = {
  headings: {
    Availability: 'AVAILABILITY',
    Driver: 'DRIVER',
    Group: 'GROUP',
    Labels: 'LABELS',
    Links: 'LINKS',
    Mountpoint: 'MOUNTPOINT',
    Name: 'VOLUME NAME',
    Scope: 'SCOPE',
    Size: 'SIZE',
    Status: 'STATUS',
    Label: (key: string) => key.toUpperCase(),
  },
  columns: ['Driver', 'Name'],
};

const ofPlugins = async (volumeContext: VolumeContext): Promise<PluginVolumes> =>
  pluginNames(volumeContext).length === 0 ? { listed: [], warnings: [] } : await (await import('../volumes/plugins/list.ts')).pluginVolumes(volumeContext);

/** `skiff volume ls`; 1 for a filter or a template that makes no sense, as in Docker. */
export const run = async (context: Context, { cluster, filter, format, quiet }: FlagsOf<typeof table>): Promise<number> => {
  const filters = filter.map((text) => readFilter(text, '-f, --filter'));
  return await exitOneForAll(context, async () => {
    const { paths, host } = surroundingsOf(context);
    if (filters.some(({ key }) => key === 'dangling')) heal(paths, host);
    const { volumes: own, warnings } = listVolumes(paths);
    const foreign = await ofPlugins({ paths, host, env: context.env });
    for (const text of [...warnings.map(({ error }) => renderError(error)), ...foreign.warnings]) context.stderr.write(`skiff: ${text}\n`);
    const known = new Set(own.map(({ name }) => name));
    const volumes = [...own, ...foreign.listed.map(({ volume }) => volume).filter(({ name }) => !known.has(name))].sort((a, b) => (a.name < b.name ? -1 : 1));
    const placeOf = ({ name, driver }: Volume): string =>
      volumeDriverNames.includes(driver) ? dataDirectory(paths, name) : (foreign.listed.find(({ volume }) => volume.name === name && volume.driver === driver)?.mountpoint ?? '');
    if (quiet && format !== undefined) warn(context, 'Ignoring custom format, because both --format and --quiet are set.');
    const users = filters.some(({ key }) => key === 'dangling') ? readVolumeUsers(paths) : { users: [], doubts: [] };
    const chosen = cluster ? [] : chooseVolumes(volumes, filters, ({ name }) => usersOf(users, name).length > 0);
    const rows = chosen.map((volume) => volumeRow(volume, placeOf(volume)));
    context.stdout.write(await renderList(view, rows, { format: quiet ? '{{.Name}}' : format, noTrunc: true }, context.stdout));
  });
};
