import { usage } from '../core/invalid.ts';
import { hasHost, isDomain } from '../core/reference.ts';
import type { RegistryContext } from '../registry/client.ts';
import { searchFilter } from '../registry/search-filters.ts';
import type { SearchResult } from '../registry/search-filters.ts';
import { pathsOf } from './surroundings.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { renderList } from './format.ts';
import type { ListView, Row } from './format.ts';
import { table } from './options/search.ts';
import type { FlagsOf } from './options/table.ts';
import { registryContext } from './registry-context.ts';

export { table };

type Flags = FlagsOf<typeof table>;

const hub = 'docker.io';

/** The columns, as Docker has them. */
export const view: ListView = {
  headings: { Name: 'NAME', Description: 'DESCRIPTION', StarCount: 'STARS', IsOfficial: 'OFFICIAL', IsAutomated: 'AUTOMATED' },
  columns: ['Name', 'Description', 'StarCount', 'IsOfficial'],
};

/** Longest description in a table, in characters. */
const descriptionLength = 45;

/** Docker's: line breaks as blanks, and an ellipsis that counts. */
const descriptionOf = (text: string, noTrunc: boolean): string => {
  const line = text.replace(/[\r\n]+/g, ' ');
  const characters = [...line];
  return noTrunc || characters.length <= descriptionLength ? line : `${characters.slice(0, descriptionLength - 1).join('')}…`;
};

const mark = (is: boolean): string => (is ? '[OK]' : '');

/** The fields of one image that Docker Hub knows. */
export const searchFields = (result: SearchResult, noTrunc: boolean): Row => ({
  Name: result.name,
  Description: descriptionOf(result.description, noTrunc),
  StarCount: String(result.stars),
  IsOfficial: mark(result.isOfficial),
  IsAutomated: mark(result.isAutomated),
});

/** Another registry tells names and nothing else. */
export const catalogFields = (name: string): Row => ({ Name: name, Description: '', StarCount: '', IsOfficial: '', IsAutomated: '' });

export interface Search {
  /** Registry, `docker.io` or `host[:port]`. */
  readonly domain: string;
  readonly term: string;
}

/** Where to search for what: `quay.io/x` is `x` there, a word without a host is for the default registry. Throws `Usage`. */
export const parseSearch = (word: string, defaultRegistry: string): Search => {
  if (word.includes('://')) return usage(`'${word}' is a URL`, 'write [HOST[:PORT]/]TERM');
  const slash = hasHost(word) ? word.indexOf('/') : -1;
  const first = word.slice(0, Math.max(slash, 0));
  const domain = first === '' ? defaultRegistry : first === 'index.docker.io' ? hub : first;
  const term = word.slice(slash + 1);
  if (!isDomain(domain)) return usage(`'${domain}' is no registry`, 'write [HOST[:PORT]/]TERM');
  return domain === hub && term.trim() === '' ? usage('there is nothing to search for', 'name a part of the image') : { domain, term };
};

const searchCatalog = async (context: RegistryContext, { domain, term }: Search, limit: number): Promise<readonly Row[]> => {
  const { openRegistry } = await import('../registry/client.ts');
  const registry = openRegistry(context, domain);
  try {
    const names = (await registry.catalog()).filter((name) => name.includes(term));
    return names.slice(0, limit).map((name) => catalogFields(`${domain}/${name}`));
  } finally {
    registry.close();
  }
};

const search = async (context: Context, flags: Flags, word: string): Promise<readonly Row[]> => {
  const passes = searchFilter(flags.filter);
  const registries = await registryContext(context, pathsOf(context));
  const wanted = parseSearch(word, registries.settings.defaultRegistry);
  if (wanted.domain !== hub) {
    if (flags.filter.length > 0) usage(`${wanted.domain} tells only names: --filter is for Docker Hub`, 'leave --filter out');
    return await searchCatalog(registries, wanted, flags.limit);
  }
  const { searchHub } = await import('../registry/search.ts');
  const results = await searchHub(registries, wanted.term, flags.limit);
  return results.filter(passes).map((result) => searchFields(result, flags.noTrunc));
};

/** `skiff search`. */
export const run = async (context: Context, flags: Flags, [word = '']: readonly string[]): Promise<number> => {
  if (flags.limit < 1 || flags.limit > 100) usage(`--limit ${flags.limit} is outside of 1 to 100`);
  return await exitOne(context, async () => {
    const rows = await search(context, flags, word);
    context.stdout.write(await renderList(view, rows, { format: flags.format, noTrunc: flags.noTrunc }, context.stdout));
  });
};
