/** `--since` and `--until`. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { momentOf, parseMoment } from '../../src/core/log-times.ts';

const now = Date.parse('2026-11-20T19:00:00.500Z');
const moment = (text: string): string => parseMoment('--since', text, now);

test('how long ago', () => {
  const cases = { '10m': '2026-11-20T18:50:00.5', '1h30m': '2026-11-20T17:30:00.5', '1.5h': '2026-11-20T17:30:00.5', '500ms': '2026-11-20T19:00:00', '1ns': '2026-11-20T19:00:00.499999999', '0s': '2026-11-20T19:00:00.5', '+1m': '2026-11-20T18:59:00.5', '.5s': '2026-11-20T19:00:00', '1.5h.5m': '2026-11-20T17:29:30.5' };
  for (const [text, wanted] of Object.entries(cases)) assert.is(moment(text), wanted, text);
});

test('how long yet', () => {
  assert.is(moment('-10s'), '2026-11-20T19:00:10.5');
  assert.is(moment('-1h30m'), '2026-11-20T20:30:00.5');
});

test('dates, whole and begun, with a zone', () => {
  const cases = {
    '2026-11-20T19:00:00Z': '2026-11-20T19:00:00',
    '2026-11-20T19:00:00.000000001Z': '2026-11-20T19:00:00.000000001',
    '2026-11-20T19:00:00.120+01:00': '2026-11-20T18:00:00.12',
    '2026-11-20T19:00Z': '2026-11-20T19:00:00',
    '2026-11-20T19Z': '2026-11-20T19:00:00',
    '2026-11-20Z': '2026-11-20T00:00:00',
  };
  for (const [text, wanted] of Object.entries(cases)) assert.is(moment(text), wanted, text);
  assert.is(moment('2026-11-20'), momentOf(BigInt(new Date(2026, 10, 20).getTime()) * 1_000_000n));
});

test('seconds since 1970', () => {
  assert.is(moment('1795201200'), '2026-11-20T19:00:00');
  assert.is(moment('1795201200.25'), '2026-11-20T19:00:00.25');
  assert.is(moment('0'), '1970-01-01T00:00:00');
  assert.is(moment('-5'), '1970-01-01T00:00:00');
  assert.is(moment('999999999999999'), '9999-12-31T23:59:59');
});

test('moments are ordered as strings', () => {
  const ordered = [1_000_000_000n, 1_000_000_001n, 1_100_000_000n, 1_120_000_000n, 2_000_000_000n].map(momentOf);
  assert.equal([...ordered].sort(), ordered);
});

test('nothing else', () => {
  for (const text of ['yesterday', '10x', '2026-13-01', '2026-11-20T19:00:00.', '1h-', '--', '1e9']) assert.throws(() => moment(text), (error: Error) => error.message.startsWith('invalid --since'), text);
});

test.run();
