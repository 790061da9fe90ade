/** What a build looks like on a terminal at one moment: a line for each task, under those that run their last lines. Pure. */
import { printable } from '../core/errors.ts';
import { fitting, textWidth } from './width.ts';

export interface TaskView {
  readonly title: string;
  /** Milliseconds since 1970. */
  readonly start: number;
  end?: number;
  state: 'running' | 'done' | 'cached' | 'failed' | 'canceled';
  /** What it has said last, without control characters. */
  readonly lines: string[];
}

/** Lines of a running task that are shown. */
const shownLines = 6;

const seconds = (from: number, to: number): string => `${((to - from) / 1000).toFixed(1)}s`;

const cut = (text: string, cells: number): string => (textWidth(text) <= cells ? text : `${fitting(text, Math.max(0, cells - 1))}…`);

/** `left` and, at the right edge, `right`. */
const spread = (left: string, right: string, columns: number): string => {
  const room = Math.max(0, columns - right.length - 2);
  const shown = cut(left, room);
  return `${shown}${' '.repeat(room - textWidth(shown) + 1)}${right}`;
};

const words: Readonly<Record<TaskView['state'], string>> = { running: '', done: '', cached: 'CACHED ', failed: 'ERROR ', canceled: 'CANCELED ' };

const taskLine = ({ title, start, end, state }: TaskView, now: number, columns: number): string => spread(` => ${words[state]}${printable(title)}`, seconds(start, end ?? now), columns);

const outputLines = ({ lines }: TaskView, columns: number): readonly string[] => lines.slice(-shownLines).map((line) => cut(` => => ${line}`, columns - 1));

const isOver = ({ state }: TaskView): boolean => state !== 'running';

/** Docker's heading: how long, and how many of the tasks that are known by now. */
const heading = (tasks: readonly TaskView[], begun: number, now: number, columns: number): string => {
  const over = tasks.filter(isOver).length;
  const all = tasks.length > 0 && over === tasks.length;
  return cut(`[+] Building ${seconds(begun, now)} (${over}/${tasks.length})${all ? ' FINISHED' : ''}`, columns - 1);
};

/** The lines that are drawn: no more than `rows` less one, for which the tasks that ended first are left out. */
export const buildFrame = (tasks: readonly TaskView[], begun: number, now: number, columns: number, rows: number): readonly string[] => {
  const parts = tasks.map((task) => [taskLine(task, now, columns), ...(isOver(task) ? [] : outputLines(task, columns))]);
  const room = Math.max(1, rows - 2);
  const kept = [...parts.keys()];
  const height = (): number => kept.reduce((sum, position) => sum + (parts[position]?.length ?? 0), 0);
  for (const position of parts.keys()) if (height() > room && isOver(tasks[position] as TaskView)) kept.splice(kept.indexOf(position), 1);
  const lines = kept.flatMap((position) => parts[position] ?? []);
  return [heading(tasks, begun, now, columns), ...lines.slice(-room)];
};

/** What stays on the screen: every task, without what it said. */
export const lastBuildFrame = (tasks: readonly TaskView[], begun: number, now: number, columns: number): readonly string[] => [heading(tasks, begun, now, columns), ...tasks.map((task) => taskLine(task, now, columns))];
