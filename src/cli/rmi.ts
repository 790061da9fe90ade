import { isLeft } from 'fp-ts/Either';
import { printable, renderError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { removeImage } from '../images/remove.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { imageStore } from './image-store.ts';
import { imageWords } from './image-words.ts';
import { table } from './options/rmi.ts';
import type { FlagsOf } from './options/table.ts';
import { platformFlag } from './platform-flag.ts';
import { warn } from './warn.ts';

export { table };

/** `skiff rmi`: goes on after a failure, which makes it 1; with --force what is not there is no failure, as in Docker. */
export const run = async (context: Context, { force, platform }: FlagsOf<typeof table>, words: readonly string[]): Promise<number> => {
  const options = { force, ...platformFlag(platform) };
  const errors: SkiffError[] = [];
  const code = await exitOne(context, async () => {
    const store = imageStore(context);
    const warnings = new Set<string>();
    for (const word of await imageWords(context, store.paths, words)) {
      const result = await removeImage(store, word, options)();
      if (isLeft(result)) {
        errors.push(result.left);
        context.stderr.write(`skiff: ${renderError(result.left)}\n`);
        continue;
      }
      const { untagged, deleted } = result.right;
      const lines = [...untagged.map((name) => `Untagged: ${name}`), ...deleted.map((digest) => `Deleted: ${digest}`)];
      context.stdout.write(lines.map((line) => `${printable(line)}\n`).join(''));
      for (const sentence of result.right.warnings) warnings.add(sentence);
    }
    for (const sentence of warnings) warn(context, sentence);
  });
  return errors.some((error) => !(force && error._tag === 'NotFound')) ? 1 : code;
};
