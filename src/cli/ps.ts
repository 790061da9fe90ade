import { renderError } from '../core/errors.ts';
import { heal } from '../runtime/heal.ts';
import { chooseContainers, rowOf } from '../runtime/list.ts';
import { listContainers } from '../runtime/records.ts';
import { renderList } from './format.ts';
import { table } from './options/ps.ts';
import { surroundingsOf } from './surroundings.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

const headings = {
  ID: 'CONTAINER ID',
  Names: 'NAMES',
  Image: 'IMAGE',
  Command: 'COMMAND',
  CreatedAt: 'CREATED AT',
  RunningFor: 'CREATED',
  Ports: 'PORTS',
  State: 'STATE',
  Status: 'STATUS',
  Labels: 'LABELS',
  Networks: 'NETWORKS',
  Size: 'SIZE',
  Label: (key: string) => key.toUpperCase(),
};
const columns = ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names'];

/** Whether a template may show this field; a few bytes of a comment or a string that say so cost only time. */
const mentions = (format: string | undefined, field: string): boolean => format?.includes(`.${field}`) === true;

/** `skiff ps`. */
export const run = async (context: Context, flags: FlagsOf<typeof table>): Promise<number> => {
  const surroundings = surroundingsOf(context);
  const { paths, host } = surroundings;
  heal(paths, host);
  const { containers, warnings } = listContainers(paths);
  for (const { error } of warnings) context.stderr.write(`skiff: ${renderError(error)}\n`);
  const last = flags.latest ? 1 : Number(flags.last);
  const chosen = chooseContainers(containers, { all: flags.all, last, filters: flags.filter });
  if (flags.quiet) {
    context.stdout.write(chosen.map(({ id }) => `${flags.noTrunc ? id : id.slice(0, 12)}\n`).join(''));
    return 0;
  }
  const counted = flags.size || mentions(flags.format, 'Size');
  const sizes = counted ? await (await import('../runtime/container-sizes.ts')).containerSizes(surroundings, chosen) : undefined;
  const now = Date.now();
  const rows = chosen.map((container) => rowOf(container, { now, noTrunc: flags.noTrunc, size: sizes?.get(container.id) }));
  context.stdout.write(await renderList({ headings, columns: flags.size ? [...columns, 'Size'] : columns }, rows, { format: flags.format, noTrunc: flags.noTrunc }, context.stdout));
  return 0;
};
