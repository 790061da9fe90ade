/** Draws a build in place, on a terminal. */
import { keptLines, lineSplitter } from '../build/progress.ts';
import type { Progress, Task } from '../build/progress.ts';
import { lastState } from '../build/progress-plain.ts';
import { buildFrame, lastBuildFrame } from './build-frame.ts';
import type { TaskView } from './build-frame.ts';
import { repaint } from './transfer-progress.ts';
import type { Screen } from './transfer-progress.ts';

export interface BuildDisplay {
  readonly progress: Progress;
  /** Leaves all tasks on the screen, as they ended. Idempotent. */
  readonly close: () => void;
}

const framesPerSecond = 10;
const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';

const secondsOf = (start: number): string => ((Date.now() - start) / 1000).toFixed(3);

/** A display on `screen`. Signals are the caller's: `close` gives the cursor back. */
export const terminalBuild = (screen: Screen): BuildDisplay => {
  const tasks: TaskView[] = [];
  const begun = Date.now();
  let drawn: readonly string[] = [];
  let isClosed = false;
  const paint = (lines: readonly string[]): void => {
    screen.write(`${hideCursor}${repaint(drawn, lines, screen.size().columns)}`);
    drawn = lines;
  };
  const draw = (): void => {
    const { columns, rows } = screen.size();
    paint(buildFrame(tasks, begun, Date.now(), columns, rows));
  };
  const timer = setInterval(draw, 1000 / framesPerSecond);
  const begin = (title: string): Task => {
    const view: TaskView = { title, start: Date.now(), state: 'running', lines: [] };
    const kept: string[] = [];
    tasks.push(view);
    const say = (text: string): void => {
      view.lines.push(text);
      if (view.lines.length > keptLines) view.lines.shift();
    };
    const splitter = lineSplitter((line) => {
      const text = lastState(line);
      kept.push(`${secondsOf(view.start)} ${text}`);
      if (kept.length > keptLines) kept.shift();
      say(text.replaceAll('\t', ' '));
    });
    const end = (state: TaskView['state']): void => {
      if (view.state !== 'running') return;
      splitter.end();
      view.state = state;
      view.end = Date.now();
    };
    return {
      output: splitter.take,
      note: (text) => say(lastState(text)),
      done: () => end('done'),
      cached: () => end('cached'),
      failed: (reason) => end(reason === 'canceled' ? 'canceled' : 'failed'),
      lastLines: () => kept,
    };
  };
  return {
    progress: { begin },
    close: () => {
      if (isClosed) return;
      isClosed = true;
      clearInterval(timer);
      paint(lastBuildFrame(tasks, begun, Date.now(), screen.size().columns));
      screen.write(showCursor);
    },
  };
};
