/** COPY and ADD: sources, here-documents, target and flags, in BuildKit's words. Pure. */
import { chomped, heredocOf } from './heredoc.ts';
import { readFlags } from './flags.ts';
import { wrong } from './location.ts';
import type { HeredocText } from './heredoc.ts';
import type { Add, Copy, Inline } from './instructions.ts';
import type { Statement } from './lines.ts';

const copyFlags = { from: 'string', chown: 'string', chmod: 'string', link: 'bool', parents: 'bool', exclude: 'strings' } as const;
const addFlags = { chown: 'string', chmod: 'string', link: 'bool', exclude: 'strings', 'keep-git-dir': 'bool', checksum: 'string', unpack: 'bool' } as const;

const inlineOf = (word: string, heredocs: readonly HeredocText[]): Inline | undefined => {
  const begun = heredocOf(word);
  const found = begun === undefined ? undefined : heredocs.find(({ name }) => name === begun.name);
  if (found === undefined) return undefined;
  return { name: found.name, text: found.chomp ? chomped(found.content) : found.content, expand: found.expand };
};

interface Arguments {
  readonly sources: readonly string[];
  readonly inline: readonly Inline[];
  readonly target: string;
}

const argumentsOf = (name: string, { rest, heredocs }: Statement, exec: (text: string) => readonly string[] | undefined): Arguments => {
  const words = exec(rest) ?? (rest === '' ? [] : rest.split(/[\t\v\f\r ]+/u));
  const target = words.at(-1);
  if (target === undefined || words.length < 2) return wrong(`${name} requires at least two arguments, but only one was provided. Destination could not be determined`);
  if (inlineOf(target, heredocs) !== undefined) wrong(`${name} cannot accept a heredoc as a destination`);
  const sources = words.slice(0, -1);
  return {
    sources: sources.filter((word) => inlineOf(word, heredocs) === undefined),
    inline: sources.flatMap((word) => inlineOf(word, heredocs) ?? []),
    target,
  };
};

const stated = <N extends string>(name: N, value: string | undefined): { readonly [K in N]?: string } => (value === undefined || value === '' ? {} : { [name]: value }) as { readonly [K in N]?: string };

/** The instruction of `statement`; `exec` reads the exec form. Throws a `DockerfileError`. */
export const parseCopying = (kind: 'COPY' | 'ADD', statement: Statement, exec: (text: string) => readonly string[] | undefined): Copy | Add => {
  if (kind === 'COPY') {
    const { from, chown, chmod, link, parents, exclude } = readFlags(statement.flags, copyFlags);
    return { kind, ...argumentsOf(kind, statement, exec), link, parents, exclude, ...stated('from', from), ...stated('chown', chown), ...stated('chmod', chmod) };
  }
  const { chown, chmod, link, exclude, checksum, unpack, 'keep-git-dir': keepGitDir } = readFlags(statement.flags, addFlags);
  const unpacking = statement.flags.some((flag) => /^--unpack(=|$)/u.test(flag)) ? { unpack } : {};
  return { kind, ...argumentsOf(kind, statement, exec), link, parents: false, exclude, keepGitDir, ...unpacking, ...stated('checksum', checksum), ...stated('chown', chown), ...stated('chmod', chmod) };
};
