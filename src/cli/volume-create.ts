import { mergeLabels } from '../core/labels.ts';
import { need, usage } from '../core/invalid.ts';
import { createVolume } from '../volumes/create.ts';
import { exitOneForAll } from './exit-one.ts';
import { table } from './options/volume-create.ts';
import { surroundingsOf } from './surroundings.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

const readOptions = (texts: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    texts.map((text): readonly [string, string] => {
      const [name = '', value = ''] = text.split(/=(.*)/s);
      return name === '' ? usage(`invalid --opt '${text}'`, 'write it as NAME=VALUE') : [name, value];
    }),
  );

/** `skiff volume create`: prints the name; 1 for whatever Docker's daemon would find fault with. */
export const run = async (context: Context, { driver, label, name = '', opt }: FlagsOf<typeof table>, [word = '']: readonly string[]): Promise<number> => {
  if (word !== '' && name !== '') usage('conflicting options: cannot specify a volume-name through both --name and as a positional arg', 'leave --name out');
  return await exitOneForAll(context, async () => {
    const { volume } = await createVolume(surroundingsOf(context), { name: word === '' ? name : word, driver, options: readOptions(opt), labels: need(mergeLabels({}, [], label)) });
    context.stdout.write(`${volume.name}\n`);
  });
};
