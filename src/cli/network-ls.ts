import { renderError } from '../core/errors.ts';
import { holdersOf } from '../network/endpoints.ts';
import { chooseNetworks, networkRow } from '../network/list.ts';
import { listNetworks } from '../network/store.ts';
import { heal } from '../runtime/heal.ts';
import { readFilter } from '../runtime/list-filters.ts';
import { exitOneForAll } from './exit-one.ts';
import { renderList } from './format.ts';
import { table } from './options/network-ls.ts';
import { surroundingsOf } from './surroundings.ts';
import { warn } from './warn.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

const view = {
  headings: {
    ID: 'NETWORK ID',
    Name: 'NAME',
    Driver: 'DRIVER',
    Scope: 'SCOPE',
    IPv4: 'IPV4',
    IPv6: 'IPV6',
    Internal: 'INTERNAL',
    CreatedAt: 'CREATED AT',
    Labels: 'LABELS',
    Label: (key: string) => key.toUpperCase(),
  },
  columns: ['ID', 'Name', 'Driver', 'Scope'],
};

/** `skiff network ls`; 1 for a filter or a template that makes no sense, as in Docker. */
export const run = async (context: Context, { filter, format, noTrunc, quiet }: FlagsOf<typeof table>): Promise<number> => {
  const filters = filter.map((text) => readFilter(text, '-f, --filter'));
  return await exitOneForAll(context, async () => {
    const { paths, host } = surroundingsOf(context);
    if (filters.some(({ key }) => key === 'dangling')) heal(paths, host);
    const { networks, warnings } = listNetworks(paths);
    for (const { error } of warnings) context.stderr.write(`skiff: ${renderError(error)}\n`);
    if (quiet && format !== undefined) warn(context, 'Ignoring custom format, because both --format and --quiet are set.');
    const rows = chooseNetworks(networks, filters, (network) => holdersOf(paths, network).length > 0).map((network) => networkRow(network, noTrunc));
    context.stdout.write(await renderList(view, rows, { format: quiet ? '{{.ID}}' : format, noTrunc }, context.stdout));
  });
};
