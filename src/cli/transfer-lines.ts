/** The look of pulls and pushes: what is known of each layer, and the lines made of it. Pure; drawing is `transfer-progress.ts`'s. */
import { shortId } from '../core/digest.ts';
import type { Digest } from '../core/digest.ts';
import { printable } from '../core/errors.ts';
import { humanSize } from '../core/sizes.ts';
import type { TransferEvent, TransferState } from '../images/transfer.ts';
import { fitting } from './width.ts';

/** How far a layer was at a moment; `at` in milliseconds. */
interface Sample {
  readonly at: number;
  readonly done: number;
}

/** What is known of one layer. */
export interface LayerState {
  readonly id: Digest;
  readonly state: TransferState;
  readonly done?: number;
  readonly total?: number;
  /** Of the last few seconds in this state, the oldest first. */
  readonly samples: readonly Sample[];
}

/** Every layer that there was an event of, in the order in which they came. */
export type Transfers = ReadonlyMap<Digest, LayerState>;

/** Speed is that of the last three seconds, known four times a second: steady to look at, and soon right. */
const sampleEvery = 250;
const samplesKept = 12;

const ended = new Set<string>(['Pull complete', 'Already exists', 'Pushed', 'Layer already exists']);
const idle = new Set<string>(['Pulling fs layer', 'Waiting', 'Preparing']);
const moving = new Set<string>(['Downloading', 'Extracting', 'Pushing']);

const isEnded = ({ state }: Pick<LayerState, 'state'>): boolean => ended.has(state) || state.startsWith('Mounted from');

const samplesAfter = (before: LayerState | undefined, { state, done = 0 }: TransferEvent, now: number): readonly Sample[] => {
  const samples = before?.state === state ? before.samples : [];
  const last = samples[samples.length - 1];
  if (last !== undefined && now - last.at < sampleEvery) return samples;
  return [...samples, { at: now, done }].slice(-samplesKept);
};

/** What is known after `event`, which came at `now` (milliseconds). An end stays an end: two names may share a layer. */
export const afterEvent = (transfers: Map<Digest, LayerState>, event: TransferEvent, now: number): void => {
  const { id, state, done, total } = event;
  const before = transfers.get(id);
  if (before !== undefined && isEnded(before) && idle.has(state)) return;
  transfers.set(id, { id, state, samples: samplesAfter(before, event, now), ...(done === undefined ? {} : { done }), ...(total === undefined ? {} : { total }) });
};

/** Bytes per second at `now`; undefined while there is too little to tell by. */
const speedOf = ({ samples, done = 0 }: LayerState, now: number): number | undefined => {
  const first = samples[0];
  if (first === undefined || now - first.at < sampleEvery) return undefined;
  return Math.max(0, ((done - first.done) * 1000) / (now - first.at));
};

/** Seconds as `5s`, `2m05s`, `3h20m`; empty for more than four days, which is no forecast. */
const timeLeft = (seconds: number): string => {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, '0')}s`;
  if (whole < 100 * 3600) return `${Math.floor(whole / 3600)}h${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')}m`;
  return '';
};

const paceOf = (layer: LayerState, now: number): string => {
  const speed = speedOf(layer, now);
  if (speed === undefined) return '';
  const left = speed === 0 ? '' : timeLeft(((layer.total ?? 0) - (layer.done ?? 0)) / speed);
  return `${humanSize(Math.round(speed))}/s ${left}`.trimEnd();
};

/** Of what `humanSize` makes: `12.3kB`. */
const longestSize = 6;
const narrowestBar = 10;
const widestBar = 50;

/** `[====>     ]` of `width` cells in all. */
const bar = (share: number, width: number): string => {
  const inside = width - 2;
  const filled = Math.min(inside, Math.floor(share * inside));
  return `[${filled === inside ? '='.repeat(inside) : `${'='.repeat(filled)}>`.padEnd(inside)}]`;
};

/** Room for `12.3MB/s 2m05s`, kept free so that the bar does not jump. */
const paceRoom = 15;

const movingLine = (layer: LayerState, cells: number, now: number): string => {
  const { id, state, done = 0, total = 0 } = layer;
  const head = `${shortId(id)}: ${state}`;
  const size = `${humanSize(Math.min(done, total))}/${humanSize(total)}`;
  const pace = paceOf(layer, now);
  const aligned = `${shortId(id)}: ${state.padEnd('Downloading'.length)}`;
  const padded = size.padStart(longestSize + 1 + humanSize(total).length);
  const width = Math.min(widestBar, cells - aligned.length - padded.length - paceRoom - 3);
  if (width >= narrowestBar) return `${aligned} ${bar(total === 0 ? 1 : done / total, width)} ${padded} ${pace}`.trimEnd();
  const short = `${head} ${size}`;
  return pace !== '' && short.length + 1 + pace.length <= cells ? `${short} ${pace}` : short;
};

/** One layer in at most `cells` cells. */
const layerLine = (layer: LayerState, cells: number, now: number): string => {
  const hasSizes = moving.has(layer.state) && layer.total !== undefined;
  return fitting(hasSizes ? movingLine(layer, cells, now) : `${shortId(layer.id)}: ${printable(layer.state)}`, cells);
};

/** The layers at work before those that wait, and those before the ones that are done. */
const urgency = (layer: LayerState): number => (isEnded(layer) ? 2 : idle.has(layer.state) ? 1 : 0);

/** The `room` layers that there is most to see of, in their order. */
const chosen = (layers: readonly LayerState[], room: number): readonly LayerState[] => {
  const byUrgency = [0, 1, 2].flatMap((rank) => layers.filter((layer) => urgency(layer) === rank));
  const kept = new Set(byUrgency.slice(0, room));
  return layers.filter((layer) => kept.has(layer));
};

/**
 * The picture at `now` (milliseconds) for a terminal of `columns` by `rows`: no line reaches the last column, where some terminals wrap, and
 * the cursor has a line of its own below. Where the layers do not fit, the first line counts them, and those at work are shown.
 */
export const frame = (transfers: Transfers, columns: number, rows: number, now: number): readonly string[] => {
  const cells = Math.max(1, columns - 1);
  const room = Math.max(1, rows - 1);
  const layers = [...transfers.values()];
  if (layers.length <= room) return layers.map((layer) => layerLine(layer, cells, now));
  const summary = `${layers.filter(isEnded).length} of ${layers.length} layers done`;
  return [fitting(summary, cells), ...chosen(layers, room - 1).map((layer) => layerLine(layer, cells, now))];
};

/** Every layer as it ended up, for the terminal's history. */
export const lastFrame = (transfers: Transfers, columns: number, now: number): readonly string[] => frame(transfers, columns, transfers.size + 1, now);

/** The line that a pipe gets for `event`; undefined where nothing changed, and for the states that only move bytes. */
export const plainLine = (transfers: Transfers, event: TransferEvent): string | undefined => {
  const before = transfers.get(event.id);
  if (moving.has(event.state) || before?.state === event.state) return undefined;
  if (before !== undefined && isEnded(before)) return undefined;
  return `${shortId(event.id)}: ${printable(event.state)}`;
};
