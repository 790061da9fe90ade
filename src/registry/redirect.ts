/** Where a redirect may lead. Pure. */
import { fail, printable } from '../core/errors.ts';

/** Redirects that are followed in a row. */
export const maximumRedirects = 5;

const maximumLocation = 8192;

/** Whether an answer with `status` names another place to ask. */
export const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

/** Whether two URLs are of one scheme, host and port: the border that credentials do not cross. */
export const isSameOrigin = (a: URL, b: URL): boolean => a.origin === b.origin;

const refuse = (from: URL, reason: string): never => fail({ _tag: 'Hostile', subject: `a redirect of ${from.host}`, reason });

/**
 * The URL that the header `location` of an answer from `from` means. `mayBePlain` says whether https may lead to http.
 * Throws a `Hostile` failure where it is missing, no http(s) address, too long, holds a user name, or leaves encryption.
 */
export const locationFrom = (from: URL, location: string | undefined, mayBePlain: boolean): URL => {
  if (location === undefined || location === '') return refuse(from, 'it leads nowhere');
  if (location.length > maximumLocation || !URL.canParse(location, from.href)) return refuse(from, 'it does not lead to an address');
  const target = new URL(location, from);
  if (target.protocol !== 'https:' && target.protocol !== 'http:') return refuse(from, `it leads to ${printable(target.protocol)} and not to https`);
  if (target.username !== '' || target.password !== '') return refuse(from, 'it leads to an address with a user name');
  if (from.protocol === 'https:' && target.protocol === 'http:' && !mayBePlain) return refuse(from, `it leads from https to plain http on ${target.host}`);
  target.hash = '';
  return target;
};
