import { isLeft } from 'fp-ts/Either';
import { shortId } from '../core/digest.ts';
import { fail, printable } from '../core/errors.ts';
import { loadArchive } from '../images/load.ts';
import type { LayerProgress } from '../images/layers.ts';
import type { Stored } from '../images/store.ts';
import type { Context } from './context.ts';
import { familiarName } from './image-name.ts';
import { table } from './options/load.ts';
import type { FlagsOf } from './options/table.ts';
import { platformFlag } from './platform-flag.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

/** What Docker prints for an image that was loaded: a line for each name taken from another image, then one for each name. */
export const loadedLines = ({ id, names, replaced }: Stored): readonly string[] => [
  ...replaced.map((old) => `The image ${familiarName(old.name)} already exists, renaming the old one with ID ${shortId(old.id)} to empty string`),
  ...(names.length === 0 ? [`Loaded image ID: ${id}`] : names.map((name) => `Loaded image: ${familiarName(name)}`)),
];

/** A line that is written over and over on a terminal; `clear` takes it away. Both do nothing elsewhere. */
const progressLine = ({ stderr }: Context, quiet: boolean): { readonly show: LayerProgress; readonly clear: () => void } => {
  const visible = !quiet && stderr.isTerminal();
  let shown = false;
  return {
    show: (done, total) => {
      if (visible) stderr.write(`\r\u001b[KUnpacked layer ${done} of ${total}`);
      shown = visible;
    },
    clear: () => {
      if (shown) stderr.write('\r\u001b[K');
    },
  };
};

/** `skiff load`. */
export const run = async (context: Context, flags: FlagsOf<typeof table>): Promise<number> => {
  const input = flags.input ?? '-';
  const platform = platformFlag(flags.platform);
  const { paths, host } = surroundingsOf(context);
  const progress = progressLine(context, flags.quiet);
  const result = await loadArchive(paths, host, { input, ...platform, progress: progress.show })();
  progress.clear();
  if (isLeft(result)) return fail(result.left);
  context.stdout.write(result.right.flatMap(loadedLines).map((line) => `${printable(line)}\n`).join(''));
  return 0;
};
