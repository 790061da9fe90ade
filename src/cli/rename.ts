import { renameContainer } from '../runtime/rename.ts';
import type { Context } from './context.ts';
import { exitOneForAll } from './exit-one.ts';
import { table } from './options/rename.ts';
import type { FlagsOf } from './options/table.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

/** `skiff rename`: says nothing when it is done; 1 for a name that is none, too, as in Docker. */
export const run = (context: Context, _: FlagsOf<typeof table>, [word = '', name = '']: readonly string[]): Promise<number> =>
  exitOneForAll(context, () => renameContainer(surroundingsOf(context), word, name));
