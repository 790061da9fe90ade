/** `skiff cp` of a container whose processes change what is copied, and the way to it, all the time: nothing outside is read or written. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importBusybox, output, removeAll, scratch, skiff, withContainer } from '../e2e/skiff.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

const canary = 'this is the host\n';

/** A directory of the host with a canary, whose path a container can guess but must not reach. */
const outside = (): string => {
  const at = scratch();
  writeFileSync(join(at, 'canary'), canary);
  return at;
};

/** A loop in the container that swaps directory and link under one name as fast as it can. */
const swapping = (target: string): string =>
  `mkdir /real; echo inner > /real/canary; ln -s ${target} /evil; ln -s real /way; touch /done; ` +
  `while true; do mv -T /way /w1 2>/dev/null; ln -sfn ${target} /way; ln -sfn /real /way; rm -f /way; mkdir /way 2>/dev/null; rmdir /way 2>/dev/null; done`;

const ready = (id: string): void => void output(['exec', id, 'sh', '-c', 'while [ ! -e /done ]; do sleep 0.05; done']);

test('a path that turns into a link to the host while it is copied into', () => {
  const at = outside();
  const files = join(scratch(), 'files');
  mkdirSync(join(files, 'sub'), { recursive: true });
  writeFileSync(join(files, 'canary'), 'written\n');
  writeFileSync(join(files, 'sub/x'), 'written\n');
  withContainer([], ['busybox', 'sh', '-c', swapping(at)], (id) => {
    ready(id);
    for (let round = 0; round < 12; round += 1) {
      skiff(['cp', `${files}/.`, `${id}:/way`]);
      skiff(['cp', join(files, 'canary'), `${id}:/way/canary`]);
    }
  });
  assert.is(readFileSync(join(at, 'canary'), 'utf8'), canary);
  assert.equal(readdirSync(at), ['canary']);
});

test('and while it is copied out of', () => {
  const at = outside();
  const to = scratch();
  withContainer([], ['busybox', 'sh', '-c', swapping(at)], (id) => {
    ready(id);
    for (let round = 0; round < 12; round += 1) {
      skiff(['cp', `${id}:/way/canary`, join(to, `file${round}`)]);
      skiff(['cp', '-L', `${id}:/evil/canary`, join(to, `evil${round}`)]);
      const seen = skiff(['cp', `${id}:/way/.`, '-']);
      assert.not.ok(seen.bytes.includes(canary));
    }
    assert.is(readdirSync(to).some((name) => readFileSync(join(to, name), 'utf8') === canary), false);
    assert.is(skiff(['cp', '-L', `${id}:/evil/canary`, to]).status, 1, 'the container has no such path');
  });
});

test('links that climb, and magic links of /proc, lead nowhere', () => {
  const at = outside();
  const up = '../'.repeat(30);
  withContainer([], ['busybox', 'sh', '-c', `ln -s ${up}${at.slice(1)} /climb; mkdir -p /a/b; ln -s ${up} /a/b/up; touch /done; exec sleep 1000`], (id) => {
    ready(id);
    const file = join(scratch(), 'f');
    writeFileSync(file, 'x');
    for (const path of ['/climb/f', `/a/b/up${at}/f`, `/proc/1/root${at}/f`, '/proc/self/cwd/f', '/proc/self/fd/1']) skiff(['cp', file, `${id}:${path}`]);
    assert.equal(readdirSync(at), ['canary']);
    for (const path of ['/climb/canary', `/a/b/up${at}/canary`, `/proc/1/root${at}/canary`, `/proc/self/root${at}/canary`]) {
      const done = skiff(['cp', `${id}:${path}`, '-']);
      assert.is(done.status, 1, path);
      assert.not.ok(done.bytes.includes(canary), path);
    }
  });
});

test('what comes out stays beneath the directory it is copied into', () => {
  const at = outside();
  const to = join(scratch(), 'to');
  mkdirSync(to);
  const script = `mkdir -p /d; ln -s ${at} /d/link; touch /done; exec sleep 1000`;
  withContainer([], ['busybox', 'sh', '-c', script], (id) => {
    ready(id);
    output(['cp', `${id}:/d/.`, to]);
    output(['exec', id, 'sh', '-c', 'rm /d/link; mkdir /d/link; echo evil > /d/link/canary; echo evil > /d/link/new']);
    assert.is(skiff(['cp', `${id}:/d/.`, to]).status, 1, 'the link from before is not walked through');
  });
  assert.is(readFileSync(join(at, 'canary'), 'utf8'), canary);
  assert.not.ok(existsSync(join(at, 'new')));
});

test('a hostile archive for cp - is refused', () =>
  withContainer([], ['busybox', 'sleep', '1000'], (id) => {
    const header = (name: string): Buffer => {
      const block = Buffer.alloc(512);
      block.write(name, 0);
      block.write('0000644\0' + '0000000\0'.repeat(2) + '00000000000\0'.repeat(2), 100);
      block.write('ustar\x0000', 257);
      block.write('        ', 148);
      block.write(`${block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
      block.write('0', 156);
      return block;
    };
    for (const name of ['../escaped', '/escaped', 'a/../../escaped']) {
      const bytes = header(name);
      const sum = (bytes.fill(' ', 148, 156), bytes.reduce((total, byte) => total + byte, 0));
      bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
      const done = skiff(['cp', '-', `${id}:/tmp`], { input: Buffer.concat([bytes, Buffer.alloc(1024)]) });
      assert.is(done.status, 1, name);
      assert.match(done.stderr, /^skiff: refusing /, name);
    }
    assert.is(output(['exec', id, 'sh', '-c', 'ls /escaped /tmp/escaped 2>/dev/null | wc -l']), '0\n');
  }));

test.run();
