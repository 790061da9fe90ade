/** The next page of a list: the Link header (RFC 8288) as the distribution specification uses it for tags and catalogue. Pure. */
import { fail } from '../core/errors.ts';
import { isSameOrigin } from './redirect.ts';

const maximumHeader = 8192;

/**
 * The URL of the page after `from`, or undefined on the last one. Throws a `Hostile` failure when it is on another host, since the
 * credentials that go with it are not for that one.
 */
export const nextPage = (from: URL, header: string | undefined): URL | undefined => {
  if (header === undefined || header.length > maximumHeader) return undefined;
  for (const match of header.matchAll(/<([^<>]*)>([^<]*)/g)) {
    const [, target = '', parameters = ''] = match;
    if (!/;\s*rel\s*=\s*"?next"?\s*(?:[;,]|$)/i.test(parameters) || !URL.canParse(target, from.href)) continue;
    const next = new URL(target, from);
    return isSameOrigin(next, from) ? next : fail({ _tag: 'Hostile', subject: `a list of ${from.host}`, reason: `its next page is on another host, ${next.host}` });
  }
  return undefined;
};
