/** Lists that come in pages: the tags of a repository and the repositories of a registry. */
import * as t from 'io-ts';
import { decodeJson, maximumDocument } from '../core/oci-image.ts';
import { fail } from '../core/errors.ts';
import { isTag } from '../core/reference.ts';
import { catalogScope, repositoryScope } from './auth.ts';
import type { Endpoint } from './endpoint.ts';
import { connectionFailure, corrupt, nameOf, statusFailure } from './failures.ts';
import type { Purpose } from './failures.ts';
import { nextPage } from './link.ts';
import { retrying } from './retry.ts';
import type { Sources } from './sources.ts';
import { readBytes } from './transport.ts';

const pageSize = 1000;
const maximumPages = 1000;
/** Names in a list; the largest repositories there are have some ten thousand tags. */
const maximumNames = 250_000;

const Tags = t.type({ tags: t.union([t.array(t.string), t.null]) });
const Catalog = t.type({ repositories: t.union([t.array(t.string), t.null]) });

/** Go's distribution/reference: what can stand between the host and the tag. */
const isRepository = (name: string): boolean => name.length <= 255 && /^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/.test(name);

interface Page {
  readonly text: string;
  readonly next: URL | undefined;
}

const readPage = async (endpoint: Endpoint, target: string | URL, scope: string, purpose: Purpose): Promise<Page> => {
  const answer = await endpoint.call({ method: 'GET', target, scopes: [scope], purpose });
  if (answer.status !== 200) throw await statusFailure(purpose, answer);
  const bytes = await readBytes(answer, maximumDocument).catch((caught: unknown) => {
    throw connectionFailure(answer.url.host, caught);
  });
  if (bytes === undefined) throw corrupt(purpose.subject, 'one page of it has more than 4 MiB');
  return { text: bytes.toString('utf8'), next: nextPage(answer.url, [answer.headers.link ?? []].flat().join(', ')) };
};

/** All pages from `first` on, each made a list by `read`. */
const readPages = async (sources: Sources, first: string, scope: string, purpose: Purpose, read: (text: string) => readonly string[]): Promise<readonly string[]> => {
  const found = new Set<string>();
  let target: string | URL = first;
  for (let pages = 0; pages < maximumPages; pages += 1) {
    const { text, next } = await retrying(sources.firstPause, () => readPage(sources.registry, target, scope, purpose));
    for (const name of read(text)) found.add(name);
    if (found.size > maximumNames) fail({ _tag: 'Hostile', subject: purpose.subject, reason: `it has more than ${maximumNames} names` });
    if (next === undefined) return [...found];
    target = next;
  }
  return fail({ _tag: 'Hostile', subject: purpose.subject, reason: `it has more than ${maximumPages} pages` });
};

/** The tags of `repository`, as the registry orders them; words that cannot be tags are left out. */
export const readTags = async (sources: Sources, domain: string, repository: string): Promise<readonly string[]> => {
  const purpose: Purpose = { action: 'list', domain, repository, subject: `the tags of ${nameOf({ domain, repository })}` };
  return await readPages(sources, `/v2/${repository}/tags/list?n=${pageSize}`, repositoryScope(repository, 'pull'), purpose, (text) => {
    const page = decodeJson(Tags, text);
    if ('left' in page) throw corrupt(purpose.subject, page.left);
    return (page.right.tags ?? []).filter(isTag);
  });
};

/** The repositories of the registry, as it orders them; words that cannot be repositories are left out. */
export const readCatalog = async (sources: Sources, domain: string): Promise<readonly string[]> => {
  const purpose: Purpose = { action: 'list', domain, subject: `the repositories of ${domain}` };
  return await readPages(sources, `/v2/_catalog?n=${pageSize}`, catalogScope, purpose, (text) => {
    const page = decodeJson(Catalog, text);
    if ('left' in page) throw corrupt(purpose.subject, page.left);
    return (page.right.repositories ?? []).filter(isRepository);
  });
};
