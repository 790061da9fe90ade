/** Addresses of git repositories, as contexts and as sources of ADD (docs.docker.com/build/concepts/context, "Git repositories"). Pure. */
import { fail } from '../core/errors.ts';
import { refuse, usage } from '../core/invalid.ts';

export interface GitAddress {
  /** What git is given: `https://…`, `ssh://…` or `USER@HOST:PATH`. */
  readonly remote: string;
  /** The same as errors, histories and `.git/config` may show it: without a password. */
  readonly shown: string;
  /** A branch, a tag, a commit, or a whole name like `refs/pull/1/head`; undefined: what HEAD is there. */
  readonly ref?: string;
  /** The directory that counts, relative to the repository's top, without `..`. */
  readonly subdir: string;
}

const short = /^[A-Za-z0-9_-]+@[A-Za-z0-9.-]+:/u;

/** Whether `word` means a repository rather than a directory or a file. */
export const isGit = (word: string): boolean => /^(git|ssh):\/\/|^github\.com\//u.test(word) || short.test(word) || /^https?:\/\/[^#?]*\.git(#|$)/u.test(word);

const withoutPassword = (remote: string): string => {
  if (!URL.canParse(remote) || short.test(remote)) return remote;
  const url = new URL(remote);
  url.password = '';
  if (url.protocol === 'https:') url.username = '';
  return url.href;
};

const checkRemote = (remote: string): void => {
  const [scheme] = /^[a-z]+:\/\//u.exec(remote) ?? [];
  if (scheme === 'git://' || scheme === 'http://') refuse(`${withoutPassword(remote)}: what ${scheme} brings may be anybody's`, 'use https:// or ssh://');
  // A host or path that begins with a hyphen would be an option of ssh's.
  if (/[\0-\x20\x7f]/u.test(remote) || /^[a-z]+:\/\/([^/@]*@)?-|@-|:\/*-/u.test(remote)) usage('the address of the git repository is not valid', 'write it as https://HOST/PATH.git#REF:DIRECTORY');
};

/** By git-check-ref-format(1), and nothing that git would take for an option, a range or several names. */
const isRef = (ref: string): boolean => !/^[-/.]|[\0-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|[/.]$|\.lock$/u.test(ref);

/** Takes `word`, of which `isGit` holds, apart. Throws `Usage` for what is no address, `Refused` for protocols that prove nothing. */
export const parseGitAddress = (word: string): GitAddress => {
  const hash = word.indexOf('#');
  const place = hash < 0 ? word : word.slice(0, hash);
  const [ref = '', ...rest] = hash < 0 ? [] : word.slice(hash + 1).split(':');
  const remote = place.startsWith('github.com/') ? `https://${place}` : place;
  checkRemote(remote);
  const shown = withoutPassword(remote);
  if (ref !== '' && !isRef(ref)) usage(`${shown}: ${JSON.stringify(ref)} is no name of a branch, tag or commit`, 'write it as https://HOST/PATH.git#REF:DIRECTORY');
  const parts = rest.join(':').split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || parts.includes('.git')) fail({ _tag: 'Hostile', subject: shown, reason: 'its directory leads out of what the repository has' });
  return { remote, shown, ...(ref === '' ? {} : { ref }), subdir: parts.join('/') };
};

/** The commit that `lines` of ls-remote(1) have for `ref`: as git-checkout, a branch before a tag; of an annotated tag what it names. */
export const commitAmong = (lines: string, ref: string): string | undefined => {
  const found = new Map(lines.split('\n').flatMap((line): readonly (readonly [string, string])[] => {
    const [, commit, name] = /^([0-9a-f]{40}|[0-9a-f]{64})\t(.+)$/u.exec(line) ?? [];
    return commit === undefined || name === undefined ? [] : [[name, commit]];
  }));
  const names = ref === 'HEAD' ? ['HEAD'] : [`refs/heads/${ref}`, `refs/tags/${ref}^{}`, `refs/tags/${ref}`, `${ref}^{}`, ref, `refs/${ref}`];
  return names.map((name) => found.get(name)).find((commit) => commit !== undefined);
};

/** Whether `ref` is a commit by itself: nobody needs to be asked what it means. */
export const isCommit = (ref: string): boolean => /^([0-9a-f]{40}|[0-9a-f]{64})$/u.test(ref);
