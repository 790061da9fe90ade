import { SkiffFailure } from '../core/errors.ts';
import { endpointsOf } from '../network/endpoints.ts';
import { inspectedNetwork } from '../network/inspect.ts';
import { findNetwork } from '../network/store.ts';
import { heal } from '../runtime/heal.ts';
import { showInspected } from './inspected.ts';
import { table } from './options/network-inspect.ts';
import { surroundingsOf } from './surroundings.ts';
import type { Paths } from '../system/paths.ts';
import type { Context } from './context.ts';
import type { Inspected } from './inspected.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

/** A network by this word, with those who are in it. */
export const networkOf = (paths: Paths, word: string): Inspected => {
  try {
    const network = findNetwork(paths, word);
    return { data: inspectedNetwork(network, endpointsOf(paths, network)) };
  } catch (error) {
    if (!(error instanceof SkiffFailure)) throw error;
    return error.error;
  }
};

/** `skiff network inspect`: goes on after a network that is not there, which makes it 1, as in Docker. */
export const run = async (context: Context, { format }: FlagsOf<typeof table>, words: readonly string[]): Promise<number> => {
  const { paths, host } = surroundingsOf(context);
  heal(paths, host);
  return await showInspected(context, format, words.map((word) => networkOf(paths, word)));
};
