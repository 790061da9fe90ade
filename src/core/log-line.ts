/**
 * One line of a json-file log, taken apart byte by byte: `{"log":"…","stream":"stdout","time":"…"}`, with `"attrs":{…},` before the
 * time where there are any. Our monitor writes them in no other way, and JSON.parse of a million lines takes several seconds.
 */

const quote = 0x22;
const backslash = 0x5c;
const newline = 0x0a;

const head = Buffer.from('{"log":"');
const middle = Buffer.from('","stream":"std');
const streams = { out: Buffer.from('out",'), err: Buffer.from('err",') } as const;
const attrs = Buffer.from('"attrs":');
const time = Buffer.from('"time":"');
const end = Buffer.from('Z"}');

/** The bytes behind a backslash and what they stand for, besides `u`. */
const escapes = new Uint8Array(256);
for (const [letter, value] of [['"', 0x22], ['\\', 0x5c], ['/', 0x2f], ['b', 8], ['f', 12], ['n', 10], ['r', 13], ['t', 9]] as const) escapes[letter.charCodeAt(0)] = value;

/** A line, read. One object serves for all lines of a file: the next `readLine` writes over it. */
export interface LogLine {
  stderr: boolean;
  /** What was printed: `text` up to `length`. Without a newline at the end the line goes on in the next of this stream. */
  text: Uint8Array;
  length: number;
  /** Where in the bytes given the time begins and ends, without its `Z`. */
  timeStart: number;
  timeEnd: number;
  /** Where the attributes' object begins and ends; the same place where there are none. */
  attrsStart: number;
  attrsEnd: number;
}

export const newLogLine = (): LogLine => ({ stderr: false, text: new Uint8Array(65536), length: 0, timeStart: 0, timeEnd: 0, attrsStart: 0, attrsEnd: 0 });

const matches = (bytes: Uint8Array, at: number, word: Uint8Array): boolean => {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false;
  return true;
};

/** Four hex digits at `at`; -1 when they are none. */
const hexAt = (bytes: Uint8Array, at: number): number => {
  const text = String.fromCharCode(bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0, bytes[at + 3] ?? 0);
  return /^[0-9a-fA-F]{4}$/.test(text) ? Number.parseInt(text, 16) : -1;
};

/** Writes a code below 0x10000 as UTF-8 and returns how many bytes it took. Half a surrogate pair, which our monitor never writes, becomes U+FFFD. */
const putCode = (out: Uint8Array, at: number, code: number): number => {
  const value = code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
  if (value < 0x80) {
    out[at] = value;
    return 1;
  }
  if (value < 0x800) {
    out[at] = 0xc0 | (value >> 6);
    out[at + 1] = 0x80 | (value & 63);
    return 2;
  }
  out[at] = 0xe0 | (value >> 12);
  out[at + 1] = 0x80 | ((value >> 6) & 63);
  out[at + 2] = 0x80 | (value & 63);
  return 3;
};

/** Reads the string that begins at `at` into `line`; returns where its closing quote is, or -1 where it has none before `stop`. */
const readText = (line: LogLine, bytes: Uint8Array, at: number, stop: number): number => {
  // A string takes no more bytes than its JSON does.
  if (line.text.length < stop - at) line.text = new Uint8Array(2 * (stop - at));
  const out = line.text;
  let length = 0;
  for (let i = at; i < stop; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === quote) {
      line.length = length;
      return i;
    }
    if (byte !== backslash) {
      out[length++] = byte;
      continue;
    }
    const letter = bytes[++i] ?? 0;
    const code = letter === 0x75 ? hexAt(bytes, i + 1) : (escapes[letter] || -1);
    if (code < 0) return -1;
    length += putCode(out, length, code);
    if (letter === 0x75) i += 4;
  }
  return -1;
};

/** The place behind the flat object that begins at `at`; -1 when it has no end before `stop`. */
const attrsEndAt = (bytes: Uint8Array, at: number, stop: number): number => {
  let inside = false;
  for (let i = at; i < stop; i++) {
    const byte = bytes[i];
    if (byte === backslash) i += 1;
    else if (byte === quote) inside = !inside;
    else if (byte === 0x7d && !inside) return i + 1;
  }
  return -1;
};

const isTime = (bytes: Uint8Array, from: number, to: number): boolean => {
  if (to - from < 19 || to - from > 29) return false;
  for (let i = from; i < to; i++) {
    const byte = bytes[i] ?? 0;
    const mark = i - from === 10 ? 0x54 : i - from === 4 || i - from === 7 ? 0x2d : i - from === 13 || i - from === 16 ? 0x3a : i - from === 19 ? 0x2e : 0;
    if (mark === 0 ? byte < 0x30 || byte > 0x39 : byte !== mark) return false;
  }
  return to - from !== 20;
};

/** Reads the line in `bytes` from `start` to `stop` (without its newline) into `line`; false when it is damaged. */
export const readLine = (line: LogLine, bytes: Uint8Array, start: number, stop: number): boolean => {
  if (!matches(bytes, start, head)) return false;
  let at = readText(line, bytes, start + head.length, stop);
  if (at < 0 || !matches(bytes, at, middle)) return false;
  at += middle.length;
  line.stderr = matches(bytes, at, streams.err);
  if (!line.stderr && !matches(bytes, at, streams.out)) return false;
  at += streams.out.length;
  line.attrsStart = line.attrsEnd = at;
  if (matches(bytes, at, attrs)) {
    line.attrsStart = at + attrs.length;
    line.attrsEnd = attrsEndAt(bytes, line.attrsStart, stop);
    if (line.attrsEnd < 0) return false;
    at = line.attrsEnd + 1;
  }
  line.timeStart = at + time.length;
  line.timeEnd = stop - end.length;
  return matches(bytes, at, time) && matches(bytes, line.timeEnd, end) && isTime(bytes, line.timeStart, line.timeEnd);
};

/** Whether the text ends its line. */
export const endsLine = ({ text, length }: LogLine): boolean => length > 0 && text[length - 1] === newline;

/** Go's url.QueryEscape. */
const queryEscape = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`).replaceAll('%20', '+');

/** Attributes as `logs --details` shows them, `a=1,b=2`; undefined when the object is damaged. */
export const detailsOf = (json: string): string | undefined => {
  try {
    const value = JSON.parse(json) as Readonly<Record<string, unknown>>;
    return Object.keys(value).sort().map((name) => `${queryEscape(name)}=${queryEscape(String(value[name]))}`).join(',');
  } catch {
    return undefined;
  }
};
