/** Lines of a json-file log, compared with JSON.parse. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { detailsOf, endsLine, newLogLine, readLine } from '../../src/core/log-line.ts';

const line = newLogLine();
const time = '2026-11-20T19:00:00.123456789Z';

const read = (text: string): { readonly text: string; readonly stderr: boolean; readonly time: string; readonly attrs: string } | undefined => {
  const bytes = Buffer.from(`before\n${text}\nbehind`);
  if (!readLine(line, bytes, 7, bytes.length - 7)) return undefined;
  return {
    text: Buffer.from(line.text.subarray(0, line.length)).toString(),
    stderr: line.stderr,
    time: bytes.toString('latin1', line.timeStart, line.timeEnd),
    attrs: bytes.toString('utf8', line.attrsStart, line.attrsEnd),
  };
};

const entry = (log: string, more = ''): string => `{"log":${log},"stream":"stdout",${more}"time":"${time}"}`;

test('text is what JSON.parse makes of it', () => {
  for (const text of ['', 'plain\n', '"\\/\b\f\n\r\t', '\u0000\u001b[1m\u007f', 'ü € 😀 \u2028', '<&>', '\\n', 'x'.repeat(200000)]) {
    for (const json of [JSON.stringify(text), JSON.stringify(text).replace(/[\u0080-\ud7ff<>&]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)]) {
      assert.equal(read(entry(json)), { text, stderr: false, time: time.slice(0, -1), attrs: '' });
    }
  }
  assert.is(read(entry('"\\ud800x\\/"'))?.text, '\ufffdx/');
});

test('streams, attributes and times', () => {
  assert.is(read(entry('"x"').replace('stdout', 'stderr'))?.stderr, true);
  const attrs = '{"a":"}\\"{","b":"\\\\"}';
  assert.is(read(entry('"x"', `"attrs":${attrs},`))?.attrs, attrs);
  for (const good of ['2026-11-20T19:00:00Z', '2026-11-20T19:00:00.1Z']) assert.is(read(entry('"x"').replace(time, good))?.time, good.slice(0, -1));
});

test('what is no line is none', () => {
  const whole = entry('"hello\\n"', '"attrs":{"a":"b"},');
  for (let length = 0; length < whole.length; length++) assert.is(read(whole.slice(0, length)), undefined, whole.slice(0, length));
  const bad = [
    `${whole}x`, `x${whole}`, `${whole}${whole}`, entry('"\\x"'), entry('"\\u12g4"'), entry('"\\u12'), entry('1'), entry('"a"b"'),
    entry('"x"').replace('stdout', 'stdin1'), entry('"x"', '"attrs":{,'), entry('"x"', '"other":1,'),
    ...['2026-11-20 19:00:00Z', '2026-11-20T19:00:00.Z', '2026-11-20T19:00:00.1234567890Z', '2026-11-20T19:00:00+01:00', 'x', ''].map((other) => entry('"x"').replace(time, other)),
  ];
  for (const text of bad) assert.is(read(text), undefined, text);
});

test('a newline at the end ends the line', () => {
  assert.is((read(entry('"x\\n"')), endsLine(line)), true);
  assert.is((read(entry('"x"')), endsLine(line)), false);
  assert.is((read(entry('""')), endsLine(line)), false);
});

test('details are sorted and escaped as in a query', () => {
  assert.is(detailsOf('{"b":"1 2","a":"x=y,z/\'*","ü":""}'), 'a=x%3Dy%2Cz%2F%27%2A,b=1+2,%C3%BC=');
  assert.is(detailsOf('{"a":'), undefined);
});

test.run();
