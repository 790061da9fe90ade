import { isLeft } from 'fp-ts/Either';
import { shortId } from '../core/digest.ts';
import { fail, printable } from '../core/errors.ts';
import { loadArchive } from '../images/load.ts';
import type { Stored } from '../images/store.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { familiarName } from './image-name.ts';
import { table } from './options/load.ts';
import type { FlagsOf } from './options/table.ts';
import { platformFlag } from './platform-flag.ts';
import { statusLine } from './status-line.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

/** What Docker prints for an image that was loaded: a line for each name taken from another image, then one for each name. */
export const loadedLines = ({ id, names, replaced }: Stored): readonly string[] => [
  ...replaced.map((old) => `The image ${familiarName(old.name)} already exists, renaming the old one with ID ${shortId(old.id)} to empty string`),
  ...(names.length === 0 ? [`Loaded image ID: ${id}`] : names.map((name) => `Loaded image: ${familiarName(name)}`)),
];

/** `skiff load`. */
export const run = (context: Context, flags: FlagsOf<typeof table>): Promise<number> =>
  exitOne(context, async () => {
    const input = flags.input ?? '-';
    const platform = platformFlag(flags.platform);
    const { paths, host } = surroundingsOf(context);
    const line = statusLine(context, flags.quiet);
    const progress = (done: number, total: number): void => line.show(`Unpacked layer ${done} of ${total}`);
    const result = await loadArchive(paths, host, { input, ...platform, progress })();
    line.clear();
    if (isLeft(result)) return fail(result.left);
    context.stdout.write(result.right.flatMap(loadedLines).map((text) => `${printable(text)}\n`).join(''));
  });
