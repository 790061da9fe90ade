/** The file of events: appending to it, and reading on across rotation. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, statSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventLabels } from '../../src/core/event-labels.ts';
import { decodeEvent } from '../../src/core/events.ts';
import { openEvents } from '../../src/system/event-reader.ts';
import { appendEvent, eventsPath, fullEventsPath } from '../../src/system/events.ts';
import type { EventReader } from '../../src/system/event-reader.ts';
import type { Paths } from '../../src/system/paths.ts';

const made = (): Paths => {
  const host = mkdtempSync(join(tmpdir(), 'events-'));
  return { root: host, images: host, layers: host, host, containers: host, names: host, runtime: host, cache: host };
};

const withReader = (fresh: boolean, body: (paths: Paths, next: () => readonly string[]) => void, before: (paths: Paths) => void = () => undefined): void => {
  const paths = made();
  before(paths);
  const reader: EventReader = openEvents(paths, fresh);
  const next = (): readonly string[] => {
    const lines: string[] = [];
    reader.read((line) => lines.push(line));
    return lines;
  };
  try {
    body(paths, next);
  } finally {
    reader.close();
  }
};

const rotate = (paths: Paths): void => renameSync(eventsPath(paths), fullEventsPath(paths));
const append = (paths: Paths, ...lines: readonly string[]): void => appendFileSync(eventsPath(paths), lines.map((line) => `${line}\n`).join(''));

test('an event is one line, with this moment, in a file for nobody else', () => {
  const paths = made();
  const before = BigInt(Date.now()) * 1_000_000n - 10_000_000n;
  appendEvent(paths, { type: 'container', action: 'create', id: 'abc', attributes: { image: 'i', name: 'n', label: 'a\nb' } });
  appendEvent(paths, { type: 'image', action: 'prune', id: '', attributes: { reclaimed: '1' } });
  const [first = '', second = '', rest] = readFileSync(eventsPath(paths), 'utf8').split('\n');
  assert.is(rest, '');
  const event = decodeEvent(first);
  assert.equal([event?.type, event?.action, event?.id, event?.scope], ['container', 'create', 'abc', 'local']);
  assert.equal([...(event?.attributes ?? [])], [['image', 'i'], ['label', 'a\nb'], ['name', 'n']]);
  assert.ok(event !== undefined && event.nanoseconds >= before && event.nanoseconds <= BigInt(Date.now() + 10) * 1_000_000n);
  assert.is(decodeEvent(second)?.id, '');
  assert.is(statSync(eventsPath(paths)).mode & 0o777, 0o600);
});

test('what cannot be written is lost, and nothing fails', () => {
  const paths = made();
  const event = { type: 'image', action: 'pull', id: 'x', attributes: {} } as const;
  appendEvent({ ...paths, host: join(paths.host, 'missing') }, event);
  assert.not(existsSync(join(paths.host, 'missing')));
  symlinkSync(join(paths.host, 'elsewhere'), eventsPath(paths));
  appendEvent(paths, event);
  assert.not(existsSync(join(paths.host, 'elsewhere')), 'a link is not followed');
  unlinkSync(eventsPath(paths));
  mkdirSync(eventsPath(paths));
  appendEvent(paths, event);
});

test('labels of events: as many as fit, whole, by their names', () => {
  assert.equal(eventLabels({ b: '1', a: '2' }), { a: '2', b: '1' });
  const long = 'x'.repeat(60000);
  assert.equal(Object.keys(eventLabels({ d: long, c: long, e: 'y'.repeat(5000), a: '' })), ['a', 'c', 'e']);
  assert.equal(eventLabels({ a: 'x'.repeat(70000) }), {});
});

test('a reader begins with what is stored, or behind it', () => {
  const stored = (paths: Paths): void => {
    append(paths, 'a', 'b');
    rotate(paths);
    append(paths, 'c');
  };
  withReader(false, (paths, next) => {
    assert.equal(next(), ['a', 'b', 'c']);
    append(paths, 'd');
    assert.equal(next(), ['d']);
    assert.equal(next(), []);
  }, stored);
  withReader(true, (paths, next) => {
    assert.equal(next(), []);
    append(paths, 'd', '', 'e');
    assert.equal(next(), ['d', 'e']);
  }, stored);
});

test('a reader is there before the file is', () => {
  for (const fresh of [true, false]) {
    withReader(fresh, (paths, next) => {
      assert.equal(next(), []);
      append(paths, 'a');
      assert.equal(next(), ['a']);
    });
  }
});

test('across rotation nothing is lost and nothing comes twice, whenever the reader looks', () => {
  for (let looks = 0; looks < 32; looks += 1) {
    withReader(true, (paths, next) => {
      const seen: string[] = [];
      const look = (bit: number): void => void ((looks & (1 << bit)) !== 0 && seen.push(...next()));
      append(paths, 'a');
      look(0);
      rotate(paths);
      look(1);
      append(paths, 'b');
      look(2);
      rotate(paths);
      look(3);
      append(paths, 'c');
      look(4);
      seen.push(...next());
      // One that looks at last only has missed the file that was moved over.
      assert.equal(seen, (looks & 0b111) === 0 ? ['b', 'c'] : ['a', 'b', 'c'], String(looks));
    });
  }
});

test('whoever had the full file open may still write to it', () => {
  withReader(true, (paths, next) => {
    append(paths, 'a');
    assert.equal(next(), ['a']);
    rotate(paths);
    append(paths, 'c');
    assert.equal(next(), ['c']);
    appendFileSync(fullEventsPath(paths), 'late\n');
    assert.equal(next(), ['late']);
    append(paths, 'd');
    assert.equal(next(), ['d']);
  });
});

test('a line that comes in parts is handed on whole, one without an end waits', () => {
  withReader(true, (paths, next) => {
    writeFileSync(eventsPath(paths), 'ha');
    assert.equal(next(), []);
    appendFileSync(eventsPath(paths), 'lf\n');
    assert.equal(next(), ['half']);
    appendFileSync(eventsPath(paths), Buffer.from([0xc3]));
    assert.equal(next(), []);
    appendFileSync(eventsPath(paths), Buffer.from([0xbc, 0x0a]));
    assert.equal(next(), ['ü']);
    const long = 'x'.repeat(3 << 20);
    append(paths, long);
    assert.equal(next().map((line) => line.length), [long.length]);
  });
});

test('a file that somebody has emptied is read from its beginning', () => {
  withReader(false, (paths, next) => {
    append(paths, 'abc', 'def');
    assert.equal(next(), ['abc', 'def']);
    truncateSync(eventsPath(paths), 0);
    append(paths, 'g');
    assert.equal(next(), ['g']);
  });
});

test.run();
