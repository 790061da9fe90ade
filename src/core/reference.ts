/**
 * Image references by Docker's rules: the grammar and the normalisation of `github.com/distribution/reference`
 * (reference.go, normalize.go). `busybox` is `docker.io/library/busybox:latest`.
 */
import type { Digest } from './digest.ts';
import { isDigest } from './digest.ts';
import type { SkiffError } from './errors.ts';

/** A reference taken apart; `tag` is there unless the reference was by digest alone. */
export interface Reference {
  /** Registry host with its port: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly domain: string;
  /** Path below the registry: `library/busybox`. */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** What a user may mean by one word: a name, or the leading digits of an image's id, or both. */
export interface ImageWord {
  /** Set where the word is a valid reference. */
  readonly reference?: Reference;
  /** 1 to 64 hexadecimal digits, where the word can be an id or the beginning of one. */
  readonly idPrefix?: string;
}

const defaultDomain = 'docker.io';
const legacyDefaultDomain = 'index.docker.io';
const officialPrefix = 'library/';
const defaultTag = 'latest';
/** Of the path; the host is not counted, since version 0.6 of the reference implementation. */
const maximumNameLength = 255;

const domainLabel = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = `(?:${domainLabel}(?:\\.${domainLabel})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const tag = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const domainForm = new RegExp(`^${domain}$`);
const componentForm = new RegExp(`^${component}$`);
const tagForm = new RegExp(`^${tag}$`);
/** A name with nothing to fill in: the domain has a dot or a port, the path a slash. */
const fullForm = new RegExp(`^(?=[^/]*[.:])(${domain})/(${component}(?:/${component})+):(${tag})$`);
const idForm = /^[0-9a-f]{1,64}$/;
const wholeIdForm = /^[0-9a-f]{64}$/;

/** Whether `text` can be a tag: 1 to 128 of `[A-Za-z0-9_.-]`, not beginning with `.` or `-`. */
export const isTag = (text: string): boolean => tagForm.test(text);

const invalid = (word: string, reason: string): SkiffError => ({
  _tag: 'Usage',
  message: `invalid reference format: '${word.length > 300 ? `${word.slice(0, 300)}…` : word}' ${reason}`,
  hint: 'write it as [HOST[:PORT]/]NAME[:TAG][@sha256:DIGEST]',
});

/** Whether the first component of a name looks like a host: a dot, a colon, capitals, or `localhost`. */
const looksLikeHost = (first: string): boolean => /[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first;

/** Docker's splitDockerDomain. */
const splitDomain = (name: string): readonly [domain: string, path: string] => {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isHost = looksLikeHost(first);
  const domain = !isHost || first === legacyDefaultDomain ? defaultDomain : first;
  const path = isHost ? name.slice(slash + 1) : name;
  return [domain, domain === defaultDomain && !path.includes('/') ? `${officialPrefix}${path}` : path];
};

/** Cuts `@digest` and `:tag` off the end; a colon before the last slash belongs to the host's port. */
const splitSuffixes = (word: string): { readonly name: string; readonly tag?: string; readonly digest?: string } => {
  const at = word.indexOf('@');
  const digest = at < 0 ? {} : { digest: word.slice(at + 1) };
  const rest = at < 0 ? word : word.slice(0, at);
  const colon = rest.lastIndexOf(':');
  return colon > rest.lastIndexOf('/')
    ? { name: rest.slice(0, colon), tag: rest.slice(colon + 1), ...digest }
    : { name: rest, ...digest };
};

const nameFault = (domain: string, path: string): string | undefined => {
  if (path.toLowerCase() !== path) return 'has capitals: a repository name must be lowercase';
  if (!domainForm.test(domain)) return `has no valid host name ('${domain}')`;
  if (!path.split('/').every((component) => componentForm.test(component))) return 'is not a valid repository name';
  return path.length > maximumNameLength ? `has a repository name longer than ${maximumNameLength} characters` : undefined;
};

/**
 * Parses `word` and fills in what Docker leaves out: host `docker.io`, path `library/`, tag `latest` (unless a digest is given).
 * @returns the reference, or a `Usage` error of one line that names the word.
 */
export const parseReference = (word: string): Reference | SkiffError => {
  if (wholeIdForm.test(word)) return invalid(word, 'is an image id (64 hexadecimal digits), not a name');
  const { name, tag, digest } = splitSuffixes(word);
  if (name === '') return invalid(word, 'has no name');
  const [domain, path] = splitDomain(name);
  const fault = nameFault(domain, path);
  if (fault !== undefined) return invalid(word, fault);
  if (tag !== undefined && !isTag(tag)) return invalid(word, 'has an invalid tag');
  if (digest === undefined) return { domain, path, tag: tag ?? defaultTag };
  if (!isDigest(digest)) return invalid(word, 'has an invalid digest (sha256: and 64 hexadecimal digits are wanted)');
  return { domain, path, ...(tag === undefined ? {} : { tag }), digest };
};

/** `parseReference` for names from a store, where nearly all are in full: one step instead of a dozen, which a list of hundreds is glad of. */
export const parseStoredName = (name: string): Reference | SkiffError => {
  const [, domain, path, tag] = fullForm.exec(name) ?? [];
  const isKnown = domain !== undefined && path !== undefined && tag !== undefined;
  return isKnown && domain !== legacyDefaultDomain && path.length <= maximumNameLength ? { domain, path, tag } : parseReference(name);
};

/** Whether `word` names its registry: `quay.io/x` does, `busybox` and `user/x` leave it to a default. */
export const hasHost = (word: string): boolean => word.includes('/') && looksLikeHost(word.slice(0, word.indexOf('/')));

/** Whether `text` can stand in front of a name as its registry, `HOST[:PORT]`, and means itself there: `index.docker.io` means `docker.io`. */
export const isDomain = (text: string): boolean => {
  const reference = parseReference(`${text}/x`);
  return !text.includes('/') && !isReferenceError(reference) && reference.domain === text;
};

/** Whether a result of this file is the error rather than the value. */
export const isReferenceError = (value: Reference | ImageWord | SkiffError): value is SkiffError => '_tag' in value;

/**
 * What `word` may name: an id prefix (with or without `sha256:`), a reference, or both, as `docker run 93fd` allows.
 * @returns the possibilities, or a `Usage` error if there is none.
 */
export const parseImageWord = (word: string): ImageWord | SkiffError => {
  const bare = word.startsWith('sha256:') ? word.slice('sha256:'.length) : word;
  const idPrefix = idForm.test(bare) ? { idPrefix: bare } : {};
  if (bare !== word || bare.length === 64) {
    if ('idPrefix' in idPrefix) return idPrefix;
  }
  const reference = parseReference(word);
  if (!isReferenceError(reference)) return { reference, ...idPrefix };
  return 'idPrefix' in idPrefix ? idPrefix : reference;
};

/** `domain/path`, the repository in full. */
export const repositoryOf = (reference: Reference): string => `${reference.domain}/${reference.path}`;

/** The whole reference in one canonical spelling: the store's key. */
export const formatReference = (reference: Reference): string =>
  repositoryOf(reference) +
  (reference.tag === undefined ? '' : `:${reference.tag}`) +
  (reference.digest === undefined ? '' : `@${reference.digest}`);

/** The repository as Docker shows it: without `docker.io/` and `library/` where they are implied. */
export const familiarRepository = (reference: Reference): string => {
  if (reference.domain !== defaultDomain) return repositoryOf(reference);
  const short = reference.path.startsWith(officialPrefix) ? reference.path.slice(officialPrefix.length) : reference.path;
  return short.includes('/') ? reference.path : short;
};

/** The reference as Docker shows it: `busybox:latest`, `quay.io/x/y:1`. */
export const familiarReference = (reference: Reference): string =>
  familiarRepository(reference) +
  (reference.tag === undefined ? '' : `:${reference.tag}`) +
  (reference.digest === undefined ? '' : `@${reference.digest}`);
