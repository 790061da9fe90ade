/** What the commands of the family `inspect` do with what they found. */
import { SkiffFailure, renderError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { toJson } from '../core/go-template-functions.ts';
import type { Context } from './context.ts';
import { renderObject } from './format.ts';
import { indentedJson } from './json.ts';

export type Inspected = { readonly data: object } | SkiffError;

/** Prints what is there as one JSON array, or each through `format`, then an error line for each that is not: which makes it 1, as in Docker. */
export const showInspected = async ({ stdout, stderr }: Context, format: string | undefined, results: readonly Inspected[]): Promise<number> => {
  const found = results.flatMap((result) => ('data' in result ? [result.data] : []));
  const errors = results.filter((result): result is SkiffError => '_tag' in result);
  const usage = errors.find((error) => error._tag === 'Usage');
  if (usage !== undefined) throw new SkiffFailure(usage);
  if (format === undefined || format === '') stdout.write(indentedJson(JSON.parse(toJson(found)), 4));
  else for (const data of found) stdout.write(await renderObject(format, data, stdout));
  for (const error of errors) stderr.write(`skiff: ${renderError(error)}\n`);
  return errors.length > 0 ? 1 : 0;
};
