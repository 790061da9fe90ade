/** What the ends of `skiff cp` complain about, in Docker's words. Pure. */
import { posix } from 'node:path';
import { fail } from '../core/errors.ts';
import { checkOutcome } from '../images/program.ts';
import type { Outcome } from '../images/program.ts';
import type { CopyArgument, CopyPath } from './copy-path.ts';
import type { CopyRun } from './copy-run.ts';

export interface Copied {
  /** Of the tar that went from one side to the other. */
  readonly bytes: number;
  /** A sentence for each thing that could not be copied, as devices. Names in it are printable. */
  readonly leftOut: readonly string[];
  /** Nobody reads standard output any more. */
  readonly readerGone: boolean;
}

const missingSource = ({ container, path, typed }: CopyPath): string =>
  container === undefined ? `no such file or directory: ${typed}` : `could not find the file ${path} in container ${container}`;

const missingTarget = ({ container, path }: CopyPath): string => {
  const parent = posix.dirname(path);
  return container === undefined ? `invalid output path: directory "${parent}" does not exist` : `could not find the file ${parent} in container ${container}`;
};

/** The sentence behind a word of tree-copy.c's or tree-apply.c's; undefined for one that there is not. */
export const copySentence = (word: string, source: CopyArgument, target: CopyArgument): string | undefined => {
  const from = source.kind === 'path' ? source : undefined;
  const to = target.kind === 'path' ? target : undefined;
  const shown = to === undefined ? '-' : to.container === undefined ? to.typed : `${to.container}:${to.typed}`;
  const sentences: Readonly<Record<string, string | undefined>> = {
    'source-missing': from && missingSource(from),
    'source-no-directory': from && `not a directory: ${from.typed}`,
    'target-missing': to && missingTarget(to),
    'target-no-directory': `destination "${shown}" must be a directory`,
    'directory-missing': `no such directory: ${shown}`,
    'no-directory-onto-file': `cannot copy a directory onto the file ${shown}`,
    'directory-over-file': `cannot overwrite a non-directory in ${shown} with a directory`,
    'file-over-directory': `cannot overwrite a directory in ${shown} with a non-directory`,
  };
  return Object.hasOwn(sentences, word) ? sentences[word] : undefined;
};

const codeOfBrokenPipe = 128 + 13;
const readerGone = (outcome: Outcome): boolean => outcome.signal === 'SIGPIPE' || outcome.code === codeOfBrokenPipe;

/** `skiff: ` is before what the helper itself says. */
const withoutPrefix = (outcome: Outcome): Outcome => ({ ...outcome, stderr: outcome.stderr.replace(/^skiff: /gm, '') });

/** Throws what an end that failed means, unless it is that the other one has gone. */
const check = (outcome: Outcome | undefined, source: CopyArgument, target: CopyArgument): void => {
  if (outcome === undefined || outcome.code === 0 || readerGone(outcome)) return;
  const [, word = ''] = /^failed: copy: ([a-z-]+)$/m.exec(outcome.stderr) ?? [];
  const sentence = copySentence(word, source, target);
  if (sentence !== undefined) fail({ _tag: 'Refused', message: sentence });
  const side = source.kind === 'path' && source.container === undefined ? source : target.kind === 'path' ? target : undefined;
  checkOutcome(withoutPrefix(outcome), 'copy', side?.typed ?? 'the files');
};

const leftOutOf = (outcome: Outcome | undefined): readonly string[] => outcome?.stderr.split('\n').filter((line) => line.startsWith('left out: ')) ?? [];

/** What came of it; throws the reason where it failed. That the source is missing is said before what that did to the target. */
export const explainCopy = ({ sent, received, bytes }: CopyRun, source: CopyArgument, target: CopyArgument): Copied => {
  check(sent, source, target);
  check(received, source, target);
  return { bytes, leftOut: [...leftOutOf(sent), ...leftOutOf(received)], readerGone: received === undefined && sent !== undefined && readerGone(sent) };
};
