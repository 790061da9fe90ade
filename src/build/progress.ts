/** How a build tells what it does. */

/** One thing that a build does, as a person watches it. */
export interface Task {
  /** What a command writes. */
  readonly output: (bytes: Buffer) => void;
  /** A sentence of the builder's own. */
  readonly note: (text: string) => void;
  readonly done: () => void;
  /** It was found as an earlier build had left it. */
  readonly cached: () => void;
  /** It failed, or was cut short. */
  readonly failed: (reason: string) => void;
  /** The last lines of its output, for when it fails. */
  readonly lastLines: () => readonly string[];
}

export interface Progress {
  readonly begin: (title: string) => Task;
}

/** Runs `body` for `task`: what goes wrong is shown there too. */
export const watched = async <A>(task: Task, body: () => Promise<A>): Promise<A> => {
  try {
    return await body();
  } catch (error) {
    task.failed(error instanceof Error ? error.message : String(error));
    throw error;
  }
};

/** Lines that are kept of a task's output. */
export const keptLines = 20;

/** Bytes as lines: whole ones go to `line` at once, the last one at `end`. Control characters are the reader's business. */
export const lineSplitter = (line: (text: string) => void): { readonly take: (bytes: Buffer) => void; readonly end: () => void } => {
  let rest = Buffer.alloc(0);
  const longest = 16 * 1024;
  return {
    take: (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        line(rest.toString('utf8', 0, end));
        rest = rest.subarray(end + 1);
      }
      if (rest.length > longest) {
        line(rest.toString('utf8'));
        rest = Buffer.alloc(0);
      }
    },
    end: () => {
      if (rest.length > 0) line(rest.toString('utf8'));
      rest = Buffer.alloc(0);
    },
  };
};
