import type { Context } from './context.ts';

/** A line that is written over and over. */
export interface StatusLine {
  /** `text` has no control characters. */
  readonly show: (text: string) => void;
  readonly clear: () => void;
}

/** A line on standard error, where that is a terminal and `quiet` is not asked for; elsewhere it does nothing. */
export const statusLine = ({ stderr }: Pick<Context, 'stderr'>, quiet: boolean): StatusLine => {
  const visible = !quiet && stderr.isTerminal();
  let shown = false;
  return {
    show: (text) => {
      if (visible) stderr.write(`\r\u001b[K${text}`);
      shown = visible;
    },
    clear: () => {
      if (shown) stderr.write('\r\u001b[K');
      shown = false;
    },
  };
};
