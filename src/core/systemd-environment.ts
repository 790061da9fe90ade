/** What `systemctl --user show-environment` prints: a line NAME=VALUE for each variable, a value with odd characters as $'…' of a shell. */

const escapes: Readonly<Record<string, string>> = { a: '\u0007', b: '\b', e: '\u001b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

const unescaped = (text: string): string =>
  text.replace(/\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|(.))/g, (_, hex?: string, octal?: string, letter = '') =>
    hex !== undefined ? String.fromCharCode(parseInt(hex, 16)) : octal !== undefined ? String.fromCharCode(parseInt(octal, 8)) : (escapes[letter] ?? letter),
  );

const valueOf = (text: string): string => (text.startsWith("$'") && text.endsWith("'") ? unescaped(text.slice(2, -1)) : text);

/** The variables by name. */
export const parseEnvironment = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(text.split('\n').flatMap((line) => (/^\w+=/.test(line) ? [[line.slice(0, line.indexOf('=')), valueOf(line.slice(line.indexOf('=') + 1))]] : [])));
