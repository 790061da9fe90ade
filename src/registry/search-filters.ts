/** `--filter` of `search`, by the rules of Docker's engine (registry/search.go). Pure. */
import { usage } from '../core/invalid.ts';

/** One image that was found. */
export interface SearchResult {
  readonly name: string;
  readonly description: string;
  /** People who have marked it. */
  readonly stars: number;
  readonly isOfficial: boolean;
  readonly isAutomated: boolean;
}

type Test = (result: SearchResult) => boolean;

/** The spellings of Go's strconv.ParseBool that Docker's filters take. */
const parseBoolean = (key: string, value: string): boolean => {
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  return usage(`invalid filter '${key}=${value}'`, `write ${key}=true or ${key}=false`);
};

const parseStars = (value: string): number => (/^\d{1,9}$/.test(value) ? Number(value) : usage(`invalid filter 'stars=${value}'`, 'write stars=N, a whole number'));

const parseFilter = (text: string): Test => {
  const equals = text.indexOf('=');
  if (equals < 0) return usage(`invalid filter '${text}'`, 'write it as KEY=VALUE');
  const [key, value] = [text.slice(0, equals).trim().toLowerCase(), text.slice(equals + 1).trim()];
  if (key === 'stars') {
    const least = parseStars(value);
    return ({ stars }) => stars >= least;
  }
  if (key !== 'is-official' && key !== 'is-automated') return usage(`invalid filter '${key}'`, 'there are is-official, is-automated and stars');
  const wanted = parseBoolean(key, value);
  return (result) => (key === 'is-official' ? result.isOfficial : result.isAutomated) === wanted;
};

/** Whether a result passes all `filters`, each `KEY=VALUE`. Throws `Usage` for one that cannot be understood. */
export const searchFilter = (filters: readonly string[]): Test => {
  const tests = filters.map(parseFilter);
  return (result) => tests.every((test) => test(result));
};
