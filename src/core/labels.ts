/** Labels of a container: `--label`, `--label-file` and the image's. */
import { parseAssignmentFile } from './env.ts';
import type { TextFile } from './env.ts';
import { attempt, need, usage } from './invalid.ts';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from './errors.ts';

const parseLabel = (text: string): readonly [string, string] => {
  const at = text.indexOf('=');
  const name = (at < 0 ? text : text.slice(0, at)).trimStart();
  if (name === '') return usage(`invalid label '${text}': the name is missing`, 'write --label name=value');
  if (/[ \t]/.test(name)) return usage(`invalid label '${text}': the name contains white space`);
  return [name, at < 0 ? '' : text.slice(at + 1)];
};

/** The image's labels, overlaid by the files' and then the flags', later ones winning. A label without `=` is empty. */
export const mergeLabels = (
  image: Readonly<Record<string, string>>,
  files: readonly TextFile[],
  flags: readonly string[],
): Either<SkiffError, Readonly<Record<string, string>>> =>
  attempt(() => {
    const fromFiles = files.flatMap((file) => need(parseAssignmentFile(file)).map(({ name, value }) => [name, value ?? ''] as const));
    return Object.fromEntries([...Object.entries(image), ...fromFiles, ...flags.map(parseLabel)]);
  });
