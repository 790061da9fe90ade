/** Text as Go's fmt prints it. Pure. */

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\b': '\\b', '\f': '\\f', '\v': '\\v', '\u0007': '\\a', '"': '\\"', '\\': '\\\\' };

/** `%q`: in double quotes, with what is not printable escaped. */
export const quote = (text: string): string =>
  `"${text.replace(/[\u0000-\u001f"\\\u007f]/gu, (c) => escapes[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;
