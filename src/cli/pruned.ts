/** What one kind of `prune` says, so that `system prune` can say all of them and one total. */
export interface Pruned {
  /** Docker's list with its heading and an empty line behind it; empty where nothing has gone. */
  readonly list: string;
  /** On disk, that are free now. */
  readonly bytes: number;
  /** A sentence for each thing that was left alone because it could not be read. */
  readonly warnings: readonly string[];
}

/** `Deleted Volumes:` and its like, a thing a line. `lines` must be printable. */
export const deletedList = (heading: string, lines: readonly string[]): string => (lines.length === 0 ? '' : `${heading}:\n${lines.join('\n')}\n\n`);
