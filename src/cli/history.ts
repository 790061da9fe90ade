import { shortId } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import { humanSize } from '../core/sizes.ts';
import { timeAgo } from '../core/times.ts';
import { imageHistory, isHistoryError } from '../images/history.ts';
import type { HistoryRow } from '../images/history.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { renderList } from './format.ts';
import type { ListView, Row } from './format.ts';
import { imageWords } from './image-words.ts';
import { table } from './options/history.ts';
import type { FlagsOf } from './options/table.ts';
import { platformFlag } from './platform-flag.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

type Flags = FlagsOf<typeof table>;

/** Docker's columns; `human` decides which of the two dates. */
export const historyView = (human: boolean): ListView => ({
  headings: { ID: 'IMAGE', CreatedSince: 'CREATED', CreatedAt: 'CREATED AT', CreatedBy: 'CREATED BY', Size: 'SIZE', Comment: 'COMMENT' },
  columns: ['ID', human ? 'CreatedSince' : 'CreatedAt', 'CreatedBy', 'Size', 'Comment'],
});

/** Characters of a step that are shown without `--no-trunc`. */
const shownCommand = 45;

const shortened = (text: string): string => {
  const characters = [...text];
  return characters.length > shownCommand ? `${characters.slice(0, shownCommand - 1).join('')}…` : text;
};

/** RFC 3339 without fractions, as Go has it for UTC. */
const dateOf = (milliseconds: number): string => (milliseconds === 0 ? 'N/A' : `${new Date(milliseconds).toISOString().slice(0, 19)}Z`);

/** One step's fields; `now` in milliseconds since 1970. */
export const historyFields = (row: HistoryRow, { human, noTrunc }: Pick<Flags, 'human' | 'noTrunc'>, now: number): Row => {
  const command = row.createdBy.replaceAll('\t', ' ');
  return {
    ID: row.id === undefined ? '<missing>' : noTrunc ? row.id : shortId(row.id),
    CreatedSince: !human || row.created === 0 ? dateOf(row.created) : timeAgo(row.created, now),
    CreatedAt: dateOf(row.created),
    CreatedBy: noTrunc ? command : shortened(command),
    Size: row.size === undefined ? 'N/A' : human ? humanSize(row.size) : String(row.size),
    Comment: row.comment,
  };
};

/** `skiff history`. */
export const run = (context: Context, flags: Flags, words: readonly string[]): Promise<number> =>
  exitOne(context, async () => {
    const platform = platformFlag(flags.platform);
    const { paths } = surroundingsOf(context);
    const [word = ''] = await imageWords(context, paths, words);
    const rows = imageHistory(paths, word, platform.platform);
    if (isHistoryError(rows)) return fail(rows);
    const now = Date.now();
    const bare = (flags.format?.trim() ?? '') === '' || flags.format?.trim() === 'table';
    const options = { format: flags.quiet && bare ? '{{.ID}}' : flags.format, noTrunc: flags.noTrunc };
    context.stdout.write(await renderList(historyView(flags.human), rows.map((row) => historyFields(row, flags, now)), options, context.stdout));
  });
