import { fail } from '../core/errors.ts';

/** Whether `word`, a name, says which image of its repository is meant; throws `Usage` where it does although all are asked for. */
export const chosenName = (word: string, all: boolean): { readonly defaulted: boolean } => {
  const chosen = word.includes('@') || word.lastIndexOf(':') > word.lastIndexOf('/');
  if (all && chosen) fail({ _tag: 'Usage', message: "tag can't be used with --all-tags/-a", hint: 'give the repository alone' });
  return { defaulted: !chosen };
};
