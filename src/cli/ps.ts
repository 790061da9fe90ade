import { renderError } from '../core/errors.ts';
import { nameChecker } from '../images/current.ts';
import { heal } from '../runtime/heal.ts';
import { rowOf } from '../runtime/list.ts';
import { chooseContainers, noLookups, readFilter } from '../runtime/list-filters.ts';
import { listContainers, listElsewhere, newestFirst } from '../runtime/records.ts';
import { hostNameOf, otherHosts } from '../system/other-hosts.ts';
import { readSettings } from '../system/settings.ts';
import { exitOneForAll } from './exit-one.ts';
import { renderList } from './format.ts';
import { table } from './options/ps.ts';
import { qualifier } from './qualify.ts';
import { surroundingsOf } from './surroundings.ts';
import { warn } from './warn.ts';
import type { Row } from './format.ts';
import type { Filter, Lookups } from '../runtime/list-filters.ts';
import type { Container } from '../runtime/records.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

type Flags = FlagsOf<typeof table>;

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
  LocalVolumes: 'LOCAL VOLUMES',
  Mounts: 'MOUNTS',
  Networks: 'NETWORKS',
  Platform: 'PLATFORM',
  Size: 'SIZE',
  Label: (key: string) => key.toUpperCase(),
};
const columns = ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names'];

/** Whether a template may show this field; `json` shows all, and a word of a comment costs only time. */
const mentions = (format: string | undefined, field: string): boolean => format?.includes(`.${field}`) === true;

const qualifierOf = async ({ env }: Context, { paths }: Surroundings): Promise<(word: string) => string> => qualifier(await readSettings(env, paths), paths);

const lookUp = async (context: Context, surroundings: Surroundings): Promise<Lookups> => {
  const { lookupsIn } = await import('../runtime/list-lookups.ts');
  return lookupsIn(surroundings.paths, await qualifierOf(context, surroundings));
};

/** What is listed: this host's containers, which have no host's name, and with `--all-hosts` those of the others. */
interface Listed {
  readonly containers: readonly Container[];
  readonly hosts: ReadonlyMap<string, string>;
}

const listAll = ({ stderr }: Context, { paths }: Surroundings, everywhere: boolean): Listed => {
  const others = everywhere ? otherHosts(paths).map((host) => ({ name: host.name, ...listElsewhere(host) })) : [];
  const all = [{ name: hostNameOf(paths.host), ...listContainers(paths) }, ...others];
  for (const { error } of all.flatMap(({ warnings }) => warnings)) stderr.write(`skiff: ${renderError(error)}\n`);
  return {
    containers: all.flatMap(({ containers }) => containers).sort(newestFirst),
    hosts: new Map(everywhere ? all.flatMap(({ name, containers }) => containers.map(({ id }): readonly [string, string] => [id, name])) : []),
  };
};

/** The rows, with what costs something only where it is shown. */
const rowsOf = async (context: Context, surroundings: Surroundings, chosen: readonly Container[], { size, format, noTrunc }: Flags, hosts: ReadonlyMap<string, string>): Promise<readonly Row[]> => {
  const sizes = size || mentions(format, 'Size') ? await (await import('../runtime/container-sizes.ts')).containerSizes(surroundings, chosen) : undefined;
  const isCurrent = nameChecker(surroundings.paths, await qualifierOf(context, surroundings));
  const now = Date.now();
  return chosen.map((container) => rowOf(container, { now, isCurrent, noTrunc, size: sizes?.get(container.id), host: hosts.get(container.id) }));
};

const list = async (context: Context, flags: Flags, filters: readonly Filter[]): Promise<void> => {
  const surroundings = surroundingsOf(context);
  heal(surroundings.paths, surroundings.host);
  const { containers, hosts } = listAll(context, surroundings, flags.allHosts);
  const lookups = filters.some(({ key, value }) => key === 'ancestor' || (key === 'network' && /^[0-9a-f]+$/.test(value))) ? await lookUp(context, surroundings) : noLookups;
  const last = flags.latest && flags.last < 0 ? 1 : flags.last;
  const chosen = chooseContainers(containers, { all: flags.all, last, filters }, lookups);
  if (flags.quiet) {
    context.stdout.write(chosen.map(({ id }) => `${flags.noTrunc ? id : id.slice(0, 12)}\n`).join(''));
    return;
  }
  const rows = await rowsOf(context, surroundings, chosen, flags, hosts);
  const view = {
    headings: flags.allHosts ? { ...headings, Host: 'HOST' } : headings,
    columns: [...columns, ...(flags.allHosts ? ['Host'] : []), ...(flags.size ? ['Size'] : [])],
  };
  context.stdout.write(await renderList(view, rows, { format: flags.format, noTrunc: flags.noTrunc }, context.stdout));
};

/** `skiff ps`; 1 for a filter or a template that makes no sense, as in Docker. */
export const run = async (context: Context, flags: Flags): Promise<number> => {
  const filters = flags.filter.map((text) => readFilter(text, '-f, --filter'));
  if (flags.quiet && flags.format !== undefined) warn(context, 'Ignoring custom format, because both --format and --quiet are set.');
  return await exitOneForAll(context, () => list(context, flags, filters));
};
