import { isLeft } from 'fp-ts/Either';
import { fail, printable } from '../core/errors.ts';
import { diffContainer } from '../runtime/diff.ts';
import { findContainer } from '../runtime/records.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/diff.ts';
import type { FlagsOf } from './options/table.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

/** `skiff diff`: one line for each path, sorted; 1 on failure, as in Docker. */
export const run = (context: Context, _: FlagsOf<typeof table>, [word = '']: readonly string[]): Promise<number> =>
  exitOne(context, async () => {
    const surroundings = surroundingsOf(context);
    const changes = await diffContainer(surroundings, word, findContainer(surroundings.paths, word))();
    if (isLeft(changes)) return fail(changes.left);
    const lines = changes.right.map(({ kind, path }) => `${kind} ${printable(Buffer.from(path, 'latin1').toString('utf8'))}\n`);
    context.stdout.write(lines.join(''));
  });
