/** Docker Hub's search, the one part of the registry's first version that is still in use: as Docker's engine calls it (registry/session.go). */
import { isLeft } from 'fp-ts/Either';
import * as t from 'io-ts';
import { maximumDocument } from '../core/oci-image.ts';
import type { RegistryContext } from './client.ts';
import { connectionFailure, corrupt, statusFailure } from './failures.ts';
import type { SearchResult } from './search-filters.ts';
import { openTransport, readBytes } from './transport.ts';
import type { Answer } from './transport.ts';

const hubSearch = 'https://index.docker.io/v1/search';

const optional = <C extends t.Mixed>(codec: C) => t.union([codec, t.null, t.undefined]);

const Result = t.intersection([
  t.type({ name: t.string }),
  t.partial({ description: optional(t.string), star_count: optional(t.number), is_official: optional(t.boolean), is_automated: optional(t.boolean) }),
]);

const Results = t.type({ results: t.array(Result) });

const damaged = (reason: string): never => {
  throw corrupt('the answer of Docker Hub', reason);
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return damaged('it is no JSON');
  }
};

/** The images in `text`, an answer of the search API. Throws `Corrupt`. */
export const decodeResults = (text: string): readonly SearchResult[] => {
  const decoded = Results.decode(parseJson(text));
  if (isLeft(decoded)) return damaged('it is no list of images');
  return decoded.right.results.map((found) => ({
    name: found.name,
    description: found.description ?? '',
    stars: found.star_count ?? 0,
    isOfficial: found.is_official ?? false,
    isAutomated: found.is_automated ?? false,
  }));
};

/** An official image is found by its short name, too, when it is asked for with its prefix: the index does not know that. */
const indexTerm = (term: string): string => term.replace(/^library\//, '');

/**
 * Docker Hub's images for `term`, best first, `limit` (1 to 100) at most. One request, tried once, without credentials.
 * Throws SkiffFailure: `System` when the hub cannot be reached, `Corrupt` for an answer that does not decode or is over 4 MiB.
 */
export const searchHub = async ({ settings, env }: Pick<RegistryContext, 'settings' | 'env'>, term: string, limit: number): Promise<readonly SearchResult[]> => {
  const url = new URL(hubSearch);
  url.search = new URLSearchParams({ q: indexTerm(term), n: String(limit) }).toString();
  const transport = openTransport(settings, env);
  try {
    const answer: Answer = await transport.send({ method: 'GET', url });
    if (answer.status !== 200) throw await statusFailure({ action: 'list', domain: 'docker.io', subject: `images for ${term}` }, answer);
    const bytes = (await readBytes(answer, maximumDocument)) ?? damaged('it is larger than 4 MiB');
    return decodeResults(bytes.toString('utf8')).slice(0, limit);
  } catch (error) {
    throw connectionFailure(url.host, error);
  } finally {
    transport.close();
  }
};
