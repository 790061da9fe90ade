import { setTimeout as sleep } from 'node:timers/promises';
import { SkiffFailure } from '../core/errors.ts';
import { shortId } from '../core/names.ts';
import { takeCensus } from '../runtime/container-processes.ts';
import { heal } from '../runtime/heal.ts';
import { findContainer, listContainers } from '../runtime/records.ts';
import { statsRow } from '../runtime/stats.ts';
import type { Watched } from '../runtime/stats.ts';
import { machineMemory, sampleOf } from '../runtime/stats-sample.ts';
import type { Sample } from '../runtime/stats-sample.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { renderList } from './format.ts';
import type { Row } from './format.ts';
import { table } from './options/stats.ts';
import type { FlagsOf } from './options/table.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

type Flags = FlagsOf<typeof table>;

const headings = {
  BlockIO: 'BLOCK I/O',
  CPUPerc: 'CPU %',
  Container: 'CONTAINER',
  ID: 'CONTAINER ID',
  MemPerc: 'MEM %',
  MemUsage: 'MEM USAGE / LIMIT',
  Name: 'NAME',
  NetIO: 'NET I/O',
  PIDs: 'PIDS',
};
const columns = ['ID', 'Name', 'CPUPerc', 'MemUsage', 'MemPerc', 'NetIO', 'BlockIO', 'PIDs'];

/** Between two looks: a share of a processor is the difference of two. */
const intervalMs = 1000;

/** A container that is named must be there at first; one that goes meanwhile is left out. */
const named = ({ paths }: Surroundings, word: string, isFirst: boolean): readonly Watched[] => {
  try {
    return [{ word, container: findContainer(paths, word) }];
  } catch (error) {
    if (isFirst || !(error instanceof SkiffFailure) || error.error._tag !== 'NotFound') throw error;
    return [];
  }
};

const watched = (surroundings: Surroundings, words: readonly string[], all: boolean, isFirst: boolean): readonly Watched[] => {
  if (words.length > 0) return words.flatMap((word) => named(surroundings, word, isFirst));
  const { containers } = listContainers(surroundings.paths);
  return containers.filter(({ state }) => all || state.pid > 0).map((container) => ({ word: shortId(container.id), container }));
};

type Samples = ReadonlyMap<string, Sample>;

const look = (list: readonly Watched[]): Samples => {
  const census = takeCensus();
  const samples = new Map<string, Sample>();
  for (const { container } of list) {
    const sample = sampleOf(census, container);
    if (sample !== undefined) samples.set(container.id, sample);
  }
  return samples;
};

/** On a terminal each table is drawn over the one before, line by line, so that it does not flicker. */
const show = async ({ stdout }: Context, flags: Flags, rows: readonly Row[], isFirst: boolean): Promise<void> => {
  const text = await renderList({ headings, columns }, rows, { format: flags.format, noTrunc: flags.noTrunc }, stdout);
  if (flags.noStream || !stdout.isTerminal()) stdout.write(text);
  else stdout.write(`${isFirst ? '\u001b[2J' : ''}\u001b[H${text.replaceAll('\n', '\u001b[K\n')}\u001b[J`);
};

/** `skiff stats`; 1 where a container is not there, as in Docker. Without `--no-stream` it ends when all that were named are removed. */
export const run = (context: Context, flags: Flags, words: readonly string[]): Promise<number> =>
  exitOne(context, async () => {
    const surroundings = surroundingsOf(context);
    heal(surroundings.paths, surroundings.host);
    const limit = machineMemory();
    let before = look(watched(surroundings, words, flags.all, true));
    for (let isFirst = true; ; isFirst = false) {
      await sleep(intervalMs);
      const list = watched(surroundings, words, flags.all, false);
      if (words.length > 0 && list.length === 0) return;
      const now = look(list);
      const rows = list.map((one) => statsRow(one, before.get(one.container.id), now.get(one.container.id), limit, flags.noTrunc));
      await show(context, flags, rows, isFirst);
      if (flags.noStream) return;
      before = now;
    }
  });
