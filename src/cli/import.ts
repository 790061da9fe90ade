import { isLeft } from 'fp-ts/Either';
import { fail } from '../core/errors.ts';
import { humanSize } from '../core/sizes.ts';
import type { FetchProgress } from '../images/fetch-url.ts';
import { importImage } from '../images/import.ts';
import type { ImportOptions } from '../images/import.ts';
import type { Paths } from '../system/paths.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/import.ts';
import type { FlagsOf } from './options/table.ts';
import { platformFlag } from './platform-flag.ts';
import { statusLine } from './status-line.ts';
import type { StatusLine } from './status-line.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

/** Milliseconds between two changes of the line. */
const interval = 100;

const shownProgress = (line: StatusLine): FetchProgress => {
  let last = 0;
  return (done, total) => {
    const now = Date.now();
    if (now - last < interval && done !== total) return;
    last = now;
    line.show(`Downloading ${humanSize(done)}${total === undefined ? '' : ` of ${humanSize(total)}`}`);
  };
};

const isAddress = (source: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(source);

/** What an address takes to be fetched; nothing for a file. */
const fetching = async (context: Context, paths: Paths, source: string, line: StatusLine): Promise<Pick<ImportOptions, 'fetch'>> => {
  if (!isAddress(source)) return {};
  const { readSettings } = await import('../system/settings.ts');
  return { fetch: { settings: await readSettings(context.env, paths), env: context.env, progress: shownProgress(line) } };
};

/** `skiff import`. */
export const run = (context: Context, flags: FlagsOf<typeof table>, [source = '', reference]: readonly string[]): Promise<number> =>
  exitOne(context, async () => {
    const platform = platformFlag(flags.platform);
    const { paths, host } = surroundingsOf(context);
    const { change: changes, message } = flags;
    const named = { ...(reference === undefined ? {} : { reference }), ...(message === undefined ? {} : { message }) };
    const line = statusLine(context, false);
    const fetch = await fetching(context, paths, source, line);
    const result = await importImage(paths, host, { source, changes, ...named, ...platform, ...fetch, now: Date.now() })();
    line.clear();
    if (isLeft(result)) return fail(result.left);
    context.stdout.write(`${result.right.id}\n`);
  });
