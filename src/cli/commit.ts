import { isLeft } from 'fp-ts/Either';
import { fail } from '../core/errors.ts';
import { commitContainer } from '../runtime/commit.ts';
import { findContainer } from '../runtime/records.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/commit.ts';
import type { FlagsOf } from './options/table.ts';
import { surroundingsOf } from './surroundings.ts';
import { warn } from './warn.ts';

export { table };

/** `skiff commit`: prints the image's id; 1 on failure, as in Docker. */
export const run = (context: Context, flags: FlagsOf<typeof table>, [word = '', reference]: readonly string[]): Promise<number> =>
  exitOne(context, async () => {
    const surroundings = surroundingsOf(context);
    const { author, change: changes, message } = flags;
    const said = { ...(reference === undefined ? {} : { reference }), ...(author === undefined ? {} : { author }), ...(message === undefined ? {} : { message }) };
    const pause = flags.pause && !flags.noPause;
    const done = await commitContainer(surroundings, word, findContainer(surroundings.paths, word), { ...said, changes, pause })();
    if (isLeft(done)) return fail(done.left);
    for (const sentence of done.right.leftOut) warn(context, sentence);
    context.stdout.write(`${done.right.id}\n`);
  });
