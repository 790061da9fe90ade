/** The rows of `skiff stats`, in Docker's form. Pure. */
import { shortId } from '../core/names.ts';
import { binarySize, humanSize } from '../core/sizes.ts';
import type { Container } from './records.ts';
import type { Sample } from './stats-sample.ts';

/** A container under the word that it was named by, or its short id. */
export interface Watched {
  readonly word: string;
  readonly container: Container;
}

const percent = (part: number, whole: number): string => `${(whole > 0 ? (part / whole) * 100 : 0).toFixed(2)}%`;

/** Of one processor, so that two busy ones are 200%. Time of a process that nobody in the container waited for goes missing: never less than 0. */
const processorShare = (before: Sample | undefined, now: Sample): string =>
  before === undefined ? percent(0, 1) : percent(Math.max(0, now.processor - before.processor), now.at - before.at);

const nothing: Sample = { at: 0, processor: 0, memory: 0, received: 0, sent: 0, read: 0, written: 0, tasks: 0 };

/** One row with every field that `--format` may name. `before` is an earlier sample, `now` undefined for a container that does not run; `machine` has so many bytes of memory. */
export const statsRow = ({ word, container }: Watched, before: Sample | undefined, now: Sample | undefined, machine: number, noTrunc: boolean): Readonly<Record<string, string>> => {
  const sample = now ?? nothing;
  const whole = now === undefined ? 0 : Math.min(now.limit ?? machine, machine);
  return {
    BlockIO: `${humanSize(sample.read)} / ${humanSize(sample.written)}`,
    CPUPerc: processorShare(before, sample),
    Container: word,
    ID: noTrunc ? container.id : shortId(container.id),
    MemPerc: percent(sample.memory, whole),
    MemUsage: `${binarySize(sample.memory)} / ${binarySize(whole)}`,
    Name: container.spec.name,
    NetIO: `${humanSize(sample.received)} / ${humanSize(sample.sent)}`,
    PIDs: String(sample.tasks),
  };
};
