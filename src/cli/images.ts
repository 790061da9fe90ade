import { shortId } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import { humanSize } from '../core/sizes.ts';
import { dateColumn, timeAgo } from '../core/times.ts';
import { listImages } from '../images/list.ts';
import type { ImageRow } from '../images/list.ts';
import { pathsOf } from './surroundings.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { renderList } from './format.ts';
import type { ListView, Row } from './format.ts';
import { table } from './options/images.ts';
import type { FlagsOf } from './options/table.ts';
import { warn } from './warn.ts';

export { table };

type Flags = FlagsOf<typeof table>;

const headings = {
  Containers: 'CONTAINERS',
  CreatedAt: 'CREATED AT',
  CreatedSince: 'CREATED',
  Digest: 'DIGEST',
  ID: 'IMAGE ID',
  Repository: 'REPOSITORY',
  SharedSize: 'SHARED SIZE',
  Size: 'SIZE',
  Tag: 'TAG',
  UniqueSize: 'UNIQUE SIZE',
} as const;

type ImageField = keyof typeof headings;

/** The columns without `--format`. */
export const imageView = (digests: boolean): ListView => ({
  headings,
  columns: ['Repository', 'Tag', ...(digests ? ['Digest'] : []), 'ID', 'CreatedSince', 'Size'],
});

/**
 * One image's fields; `now` in milliseconds since 1970. `N/A` is in CreatedAt and CreatedSince of an image that does not say when it was made, and in the
 * fields that only `skiff system df -v` counts.
 */
export const imageFields = (image: ImageRow, noTrunc: boolean, now: number): Row & Readonly<Record<ImageField, string>> => ({
  Containers: 'N/A',
  // A column that the table does not have: made when it is asked for.
  get CreatedAt() {
    return image.created === 0 ? 'N/A' : dateColumn(image.created);
  },
  CreatedSince: image.created === 0 ? 'N/A' : timeAgo(image.created, now),
  Digest: image.digest ?? '<none>',
  ID: noTrunc ? image.id : shortId(image.id),
  Repository: image.repository ?? '<none>',
  SharedSize: 'N/A',
  Size: humanSize(image.size),
  Tag: image.tag ?? '<none>',
  UniqueSize: 'N/A',
});

/** Docker's rules: a template wins over `--quiet`, and `--digests` adds its column to a table template that lacks it. */
export const imageFormat = ({ format, quiet, digests }: Pick<Flags, 'format' | 'quiet' | 'digests'>): string | undefined => {
  const typed = format?.trim() ?? '';
  if (typed === '' || typed === 'table') return quiet ? '{{.ID}}' : format;
  return digests && /^table\s/.test(typed) && !typed.includes('{{.Digest}}') ? `${typed}\t{{.Digest}}` : format;
};

/** `skiff images`. There are no intermediate images here, so `--all` has nothing to add. */
export const run = (context: Context, flags: Flags, [repository]: readonly string[]): Promise<number> =>
  exitOne(context, async () => {
    const paths = pathsOf(context);
    const list = listImages(paths, { filters: flags.filter, ...(repository === undefined ? {} : { repository }) });
    if ('_tag' in list) return fail(list);
    const now = Date.now();
    const rows = list.rows.map((image) => imageFields(image, flags.noTrunc, now));
    const options = { format: imageFormat(flags), noTrunc: flags.noTrunc };
    context.stdout.write(await renderList(imageView(flags.digests), rows, options, context.stdout));
    for (const sentence of list.warnings) warn(context, sentence);
  });
