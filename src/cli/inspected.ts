/** What the commands of the family `inspect` do with what they found. */
import { SkiffFailure, renderError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { toJson } from '../core/go-template-functions.ts';
import type { Context } from './context.ts';
import { objectRenderer } from './format.ts';
import { indentedJson } from './json.ts';

export type Inspected = { readonly data: object } | SkiffError;

/** What Docker ends with where a template cannot be read. */
const badTemplate = 64;

type Render = (data: unknown) => string;

/** Undefined where the template cannot be read, which has been said then. */
const rendererOf = async ({ stdout, stderr }: Context, format: string): Promise<Render | undefined> => {
  try {
    return await objectRenderer(format, stdout);
  } catch (error) {
    if (!(error instanceof SkiffFailure)) throw error;
    stderr.write(`skiff: ${error.message}\n`);
    return undefined;
  }
};

/** Prints each that the template fits; returns what is wrong with the others. */
const printEach = ({ stdout }: Context, render: Render, found: readonly object[]): readonly SkiffError[] =>
  found.flatMap((data) => {
    try {
      stdout.write(render(data));
      return [];
    } catch (error) {
      if (!(error instanceof SkiffFailure)) throw error;
      return [error.error];
    }
  });

/**
 * Prints what is there as one JSON array, or each through `format`, then an error line for each that is not there or that the template does not
 * fit: which makes it 1, as in Docker, where a template that cannot be read makes it 64.
 */
export const showInspected = async (context: Context, format: string | undefined, results: readonly Inspected[]): Promise<number> => {
  const { stdout, stderr } = context;
  const found = results.flatMap((result) => ('data' in result ? [result.data] : []));
  const missing = results.filter((result): result is SkiffError => '_tag' in result);
  const usage = missing.find((error) => error._tag === 'Usage');
  if (usage !== undefined) throw new SkiffFailure(usage);
  const misfits: SkiffError[] = [];
  if (format === undefined || format === '') {
    stdout.write(indentedJson(JSON.parse(toJson(found)), 4));
  } else {
    const render = await rendererOf(context, format);
    if (render === undefined) return badTemplate;
    misfits.push(...printEach(context, render, found));
  }
  const errors = [...misfits, ...missing];
  for (const error of errors) stderr.write(`skiff: ${renderError(error)}\n`);
  return errors.length > 0 ? 1 : 0;
};
