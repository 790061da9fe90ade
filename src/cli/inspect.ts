import { isRight } from 'fp-ts/Either';
import { heal } from '../runtime/heal.ts';
import { inspectContainer } from '../runtime/inspect.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import type { Context } from './context.ts';
import { showInspected } from './inspected.ts';
import type { Inspected } from './inspected.ts';
import { table } from './options/inspect.ts';
import type { FlagsOf } from './options/table.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

/** An image by this word; a word that cannot name one names nothing. Most inspections are of containers: only then images are looked at. */
const imageOf = async (context: Context, { paths }: Surroundings, word: string): Promise<Inspected> => {
  const [{ imageWords }, { inspectImage }] = await Promise.all([import('./image-words.ts'), import('../images/inspect.ts')]);
  const [qualified = word] = await imageWords(context, paths, [word]);
  return inspectImage(paths, qualified);
};

const networkBy = async (paths: Surroundings['paths'], word: string): Promise<Inspected> => (await import('./network-inspect.ts')).networkOf(paths, word);

const volumeBy = async (surroundings: Surroundings, word: string): Promise<Inspected> => (await import('./volume-inspect.ts')).volumeOf(surroundings, word);

const anythingOf = async (context: Context, surroundings: Surroundings, word: string, { type, size }: FlagsOf<typeof table>): Promise<Inspected> => {
  const { paths } = surroundings;
  if (type === 'image') return await imageOf(context, surroundings, word);
  if (type === 'network') return await networkBy(paths, word);
  if (type === 'volume') return await volumeBy(surroundings, word);
  const container = await inspectContainer(surroundings, word, size)();
  if (isRight(container)) return { data: container.right };
  // Another host's container hides no image of this name.
  const elsewhere = container.left._tag === 'Refused';
  if (type === 'container' || (container.left._tag !== 'NotFound' && !elsewhere)) return container.left;
  const image = await imageOf(context, surroundings, word);
  if ('data' in image || (image._tag !== 'NotFound' && image._tag !== 'Usage')) return image;
  const network = await networkBy(paths, word);
  if ('data' in network || network._tag !== 'NotFound') return network;
  const volume = await volumeBy(surroundings, word);
  if ('data' in volume || volume._tag !== 'NotFound') return volume;
  return elsewhere ? container.left : { _tag: 'NotFound', kind: 'object', name: word };
};

/** `skiff inspect`: containers come before images of the same name, these before networks, and these before volumes, as in Docker. */
export const run = async (context: Context, flags: FlagsOf<typeof table>, words: readonly string[]): Promise<number> => {
  const surroundings = surroundingsOf(context);
  if (flags.type !== 'image') heal(surroundings.paths, surroundings.host);
  const results: Inspected[] = [];
  for (const word of words) results.push(await anythingOf(context, surroundings, word, flags));
  return await showInspected(context, flags.format, results);
};
