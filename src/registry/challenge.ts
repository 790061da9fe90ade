/** What a registry asks for with 401: the WWW-Authenticate header, RFC 9110 section 11.6.1. Pure. */

/** One way to authenticate; scheme and the names of parameters are in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const maximumHeader = 8192;
const maximumChallenges = 8;

const separators = /[\s,]*/y;
const parameter = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~0-9A-Za-z:/?@-]+))(?=\s*(?:,|$))/y;
const scheme = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?=\s|,|$)/y;
/** The other form of a challenge, `Negotiate YII=`. */
const token68 = /\s+[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/y;

/**
 * The challenges of `header`, in its order; several headers are joined by commas. What cannot be read ends the list, and a header of more than 8192
 * characters has none.
 */
export const parseChallenges = (header: string | undefined): readonly Challenge[] => {
  if (header === undefined || header.length > maximumHeader) return [];
  const found: { scheme: string; parameters: Record<string, string> }[] = [];
  let at = 0;
  const take = (form: RegExp): RegExpExecArray | undefined => {
    form.lastIndex = at;
    const match = form.exec(header) ?? undefined;
    if (match) at = form.lastIndex;
    return match;
  };
  for (;;) {
    take(separators);
    const current = found.at(-1);
    const pair = current === undefined ? undefined : take(parameter);
    if (current !== undefined && pair !== undefined) {
      const name = (pair[1] ?? '').toLowerCase();
      if (!Object.hasOwn(current.parameters, name)) current.parameters[name] = pair[2]?.replace(/\\(.)/g, '$1') ?? pair[3] ?? '';
      continue;
    }
    const next = take(scheme);
    if (next === undefined || found.length === maximumChallenges) return found;
    found.push({ scheme: (next[1] ?? '').toLowerCase(), parameters: Object.create(null) as Record<string, string> });
    take(token68);
  }
};
