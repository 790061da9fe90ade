/** Following a log whose files become full: what the monitor does is done here, step by step, so that each moment between two steps can be had. */
import { appendFileSync, existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { closeFile, logPath } from '../../src/runtime/logs-files.ts';
import { joinReaders } from '../../src/runtime/logs-readers.ts';
import { sweepReaders } from '../../src/runtime/logs-sweep.ts';
import { ownIdentity } from '../../src/system/process-identity.ts';
import type { LogFile } from '../../src/runtime/logs-files.ts';
import type { LogQueue } from '../../src/runtime/logs-readers.ts';

let directory = '';
let readers = '';
let links = 0;
let lost = 0;
test.before.each(() => {
  directory = mkdtempSync(join(tmpdir(), 'readers-'));
  readers = join(directory, 'log-readers', 'id');
  links = lost = 0;
  write('first');
});
test.after.each(() => rmSync(directory, { recursive: true }));

const write = (text: string): void => {
  writeFileSync(`${logPath(directory)}.made`, text);
  renameSync(`${logPath(directory)}.made`, logPath(directory));
};
const nextName = (): string => String((links += 1)).padStart(20, '0');
const link = (): void => readdirSync(readers).forEach((reader) => linkSync(logPath(directory), join(readers, reader, nextName())));
const putAside = (): void => renameSync(logPath(directory), `${logPath(directory)}.1`);
/** The monitor finds the file full. */
const rotate = (text: string): void => {
  link();
  putAside();
  write(text);
};

const begin = (): LogQueue => joinReaders(readers, directory, () => (lost += 1));
const textOf = ({ fd }: LogFile): string => readFileSync(fd, 'utf8');

/** Follows from the newest file on, and says what it comes to until there is nothing more. */
const follow = (queue: LogQueue, from: LogFile): { readonly texts: readonly string[]; readonly last: LogFile } => {
  const texts: string[] = [];
  let current = from;
  for (let next = queue.next(current); next !== undefined; next = queue.next(current)) {
    texts.push(textOf(next));
    closeFile(current);
    current = next;
  }
  return { texts, last: current };
};

const withQueue = (body: (queue: LogQueue, newest: LogFile) => void): void => {
  const queue = begin();
  try {
    const files = queue.open();
    const newest = files.at(-1);
    if (newest === undefined) throw new Error('there is no file');
    body(queue, newest);
  } finally {
    queue.close();
  }
  assert.not.ok(existsSync(join(directory, 'log-readers')));
};

const withoutFiles = (body: (queue: LogQueue) => void): void => {
  const queue = begin();
  try {
    body(queue);
  } finally {
    queue.close();
  }
};

const waiting = (): number => readdirSync(readers).flatMap((reader) => readdirSync(join(readers, reader))).length;

test('every file once, in order, and its link goes when it has been read', () => {
  withQueue((queue, newest) => {
    assert.is(textOf(newest), 'first');
    assert.is(queue.next(newest), undefined);
    for (const text of ['b', 'c', 'd']) rotate(text);
    let { texts, last } = follow(queue, newest);
    assert.equal(texts, ['b', 'c', 'd']);
    assert.is(waiting(), 0);
    rotate('e');
    ({ texts, last } = follow(queue, last));
    assert.equal(texts, ['e']);
    for (let i = 0; i < 500; i++) rotate(`${i}`);
    ({ texts, last } = follow(queue, last));
    assert.equal(texts, Array.from({ length: 500 }, (_, i) => `${i}`));
    closeFile(last);
  });
});

test('files that became full while the first were opened are not read again', () => {
  rmSync(logPath(directory));
  write('older');
  const queue = begin();
  rotate('newer');
  const files = queue.open();
  assert.equal(files.map(textOf), ['older', 'newer']);
  rotate('next');
  const [, newest] = files;
  assert.equal(follow(queue, newest as LogFile).texts, ['next']);
  queue.close();
});

test('between the link and the new file: it waits, and misses nothing', () => {
  withQueue((queue, newest) => {
    link();
    assert.is(queue.next(newest), undefined);
    putAside();
    assert.is(queue.next(newest), undefined);
    write('b');
    rotate('c');
    assert.equal(follow(queue, newest).texts, ['b', 'c']);
  });
});

test('a monitor that is killed after the link goes on with the same file, which is not read twice', () => {
  withQueue((queue, newest) => {
    link();
    assert.is(queue.next(newest), undefined);
    appendFileSync(logPath(directory), ' and more');
    assert.is(queue.next(newest), undefined);
    rotate('b');
    const { texts, last } = follow(queue, newest);
    assert.equal(texts, ['b']);
    // The same where it was met through its link.
    rotate('c');
    link();
    const second = follow(queue, last);
    assert.equal(second.texts, ['c']);
    rotate('d');
    assert.equal(follow(queue, second.last).texts, ['d']);
  });
});

test('a file that became full before the monitor knew of us is followed by the one that is written', () => {
  withQueue((queue, newest) => {
    putAside();
    write('b');
    assert.equal(follow(queue, newest).texts, ['b']);
  });
});

test('what the monitor has left out is told, and the rest is read', () => {
  withQueue((queue, newest) => {
    rotate('left out');
    const [reader = ''] = readdirSync(readers);
    writeFileSync(join(readers, reader, `${nextName()}-lost`), '');
    putAside();
    write('left out too');
    putAside();
    write('c');
    rotate('d');
    assert.equal(follow(queue, newest).texts, ['c', 'd']);
    assert.is(lost, 1);
    assert.is(waiting(), 0);
  });
});

test('of a container that is removed everything is read that was linked', () => {
  withQueue((queue, newest) => {
    rotate('b');
    rotate('c');
    link();
    rmSync(logPath(directory));
    rmSync(`${logPath(directory)}.1`);
    assert.equal(follow(queue, newest).texts, ['b', 'c']);
  });
});

test('of one that is removed before anything was opened, too', () => {
  withoutFiles((queue) => {
    for (const text of ['b', 'c']) rotate(text);
    link();
    rmSync(logPath(directory));
    rmSync(`${logPath(directory)}.1`);
    const [first, ...others] = queue.open();
    assert.equal(others, []);
    assert.is(textOf(first as LogFile), 'first');
    assert.equal(follow(queue, first as LogFile).texts, ['b', 'c']);
    assert.equal(queue.open(), []);
  });
});

test('what killed readers leave is swept away, what living ones have is not', () => {
  const { pid, start } = ownIdentity();
  for (const name of [`${pid}.${start}.mine`, `${pid}.${Number(start) + 1}.dead`, 'x', '0.0.0']) mkdirSync(join(readers, name), { recursive: true });
  writeFileSync(join(readers, `${pid}.${Number(start) + 1}.dead`, '1'), '');
  sweepReaders(readers);
  assert.equal(readdirSync(readers), [`${pid}.${start}.mine`]);
  sweepReaders(join(directory, 'nothing'));
});

test.run();
