/** Draws transfers: in place on a terminal, a line for each change elsewhere. The lines are made by `transfer-lines.ts`. */
import type { Digest } from '../core/digest.ts';
import type { TransferEvent, TransferProgress } from '../images/transfer.ts';
import type { Context, Output } from './context.ts';
import { afterEvent, frame, lastFrame, plainLine } from './transfer-lines.ts';
import type { LayerState } from './transfer-lines.ts';
import { textWidth } from './width.ts';

export interface Display {
  readonly show: TransferProgress;
  /** Leaves the layers as they are on the screen and gives the terminal back. Call it however the transfer ended. */
  readonly close: () => void;
}

/** Where to draw. */
export interface Screen {
  readonly write: (text: string) => void;
  /** As it is now: windows change. */
  readonly size: () => { readonly columns: number; readonly rows: number };
}

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
const eraseLine = '\u001b[K';
const eraseBelow = '\u001b[J';

const framesPerSecond = 15;
/** Of the time at most: a terminal that takes long to draw is asked less often, so that it does not hold up the transfer. */
const drawingShare = 1 / 10;
/** Speed and time left change although nothing comes in. */
const idleRedraw = 500;

/** To the start of what was drawn as `lines`; a window that became narrower has wrapped them. */
const backTo = (lines: readonly string[], columns: number): string => {
  const rows = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(textWidth(line) / columns)), 0);
  return rows === 0 ? '' : `\r\u001b[${rows}A`;
};

/** `after` over `before`, in one write. */
export const repaint = (before: readonly string[], after: readonly string[], columns: number): string =>
  `${backTo(before, columns)}${after.map((line) => `${line}${eraseLine}\n`).join('')}${eraseBelow}`;

type Signals = Readonly<Partial<Record<NodeJS.Signals, () => void>>>;

const listen = (signals: Signals): (() => void) => {
  const all = Object.entries(signals) as [NodeJS.Signals, () => void][];
  for (const [signal, act] of all) process.on(signal, act);
  return () => {
    for (const [signal, act] of all) process.off(signal, act);
  };
};

/** Signals that end or stop the process as if nobody had listened; `leave` gives the cursor back before. */
const cursorSignals = (leave: () => void, ignore: () => void): Signals => {
  const end = (signal: NodeJS.Signals) => (): void => {
    leave();
    ignore();
    process.kill(process.pid, signal);
  };
  const pause = (): void => {
    leave();
    process.kill(process.pid, 'SIGSTOP');
  };
  return { SIGINT: end('SIGINT'), SIGTERM: end('SIGTERM'), SIGHUP: end('SIGHUP'), SIGQUIT: end('SIGQUIT'), SIGTSTP: pause };
};

/** A display on a terminal. A reader that has gone ends the drawing, not the transfer; `close` throws what `write` threw. */
export const terminalDisplay = (screen: Screen): Display => {
  const transfers = new Map<Digest, LayerState>();
  let drawn: readonly string[] = [];
  let changed = false;
  let nextAt = 0;
  let fault: unknown;
  const write = (text: string): void => {
    if (fault !== undefined) return;
    try {
      screen.write(text);
    } catch (error) {
      fault = error;
    }
  };
  const paint = (lines: readonly string[], columns: number): void => {
    write(`${hideCursor}${repaint(drawn, lines, columns)}`);
    drawn = lines;
  };
  const tick = (): void => {
    const now = Date.now();
    if (transfers.size === 0 || now < nextAt || (!changed && now < nextAt + idleRedraw)) return;
    const { columns, rows } = screen.size();
    paint(frame(transfers, columns, rows, now), columns);
    changed = false;
    const end = Date.now();
    nextAt = end + (end - now) / drawingShare;
  };
  const timer = setInterval(tick, 1000 / framesPerSecond);
  /** The screen may be another's until the next frame, which begins below whatever is there then. */
  const leave = (): void => {
    write(showCursor);
    drawn = [];
    changed = true;
  };
  const ignore: () => void = listen(cursorSignals(leave, () => ignore()));
  return {
    show: (event) => {
      afterEvent(transfers, event, Date.now());
      changed = true;
    },
    close: () => {
      clearInterval(timer);
      const { columns } = screen.size();
      if (transfers.size > 0) paint(lastFrame(transfers, columns, Date.now()), columns);
      if (drawn.length > 0) write(showCursor);
      ignore();
      if (fault !== undefined) throw fault;
    },
  };
};

/** A line for each change of state. As `terminalDisplay` where the reader has gone. */
export const plainDisplay = (write: (text: string) => void): Display => {
  const transfers = new Map<Digest, LayerState>();
  let fault: unknown;
  const show = (event: TransferEvent): void => {
    const line = plainLine(transfers, event);
    afterEvent(transfers, event, Date.now());
    if (line === undefined || fault !== undefined) return;
    try {
      write(`${line}\n`);
    } catch (error) {
      fault = error;
    }
  };
  return {
    show,
    close: () => {
      if (fault !== undefined) throw fault;
    },
  };
};

const silentDisplay: Display = { show: () => undefined, close: () => undefined };

const defaultRows = 24;

/** Which of the two outputs of a command. */
export type Stream = 'stdout' | 'stderr';

const screenOf = (output: Output, stream: Stream): Screen => ({
  write: output.write,
  size: () => ({ columns: output.columns(), rows: process[stream].rows || defaultRows }),
});

/** Runs `body` with a display on `stream` that fits what is there, and gives the terminal back however `body` ends. No colours are used. */
export const withDisplay = async <A>(context: Context, stream: Stream, quiet: boolean, body: (show: TransferProgress) => Promise<A>): Promise<A> => {
  const output = context[stream];
  const canDraw = output.isTerminal() && context.env['TERM'] !== 'dumb';
  const display = quiet ? silentDisplay : canDraw ? terminalDisplay(screenOf(output, stream)) : plainDisplay(output.write);
  try {
    return await body(display.show);
  } finally {
    display.close();
  }
};
