/** `skiff-tree gzip`: a log file becomes a gzip file whose head says when its last line was written. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readGzipHead } from '../../src/runtime/logs-gzip.ts';
import { binary } from '../tree-run.ts';

const directory = mkdtempSync(join(tmpdir(), 'tree-log-'));
test.after(() => rmSync(directory, { recursive: true }));

/** Compresses `text` as the monitor has it done. */
const gzip = (text: string | Buffer): Buffer => {
  const [from, to] = [join(directory, 'log'), join(directory, 'log.gz')];
  writeFileSync(from, text);
  const [input, result] = [openSync(from, 'r'), openSync(to, 'w+')];
  try {
    const { status, stderr } = spawnSync(binary, ['gzip'], { stdio: [input, result, 'pipe'], encoding: 'utf8' });
    assert.equal({ status, stderr }, { status: 0, stderr: '' });
    return readFileSync(to);
  } finally {
    closeSync(input);
    closeSync(result);
  }
};

const headOf = (bytes: Buffer): ReturnType<typeof readGzipHead> => {
  const path = join(directory, 'head.gz');
  writeFileSync(path, bytes);
  const fd = openSync(path, 'r');
  try {
    return readGzipHead({ fd, size: bytes.length });
  } finally {
    closeSync(fd);
  }
};

const line = (time: string): string => `{"log":"some text that is somewhat long\\n","stream":"stdout","time":"${time}Z"}\n`;

test('what comes out is what went in', () => {
  const noise = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 2654435761) >>> 24));
  for (const text of [Buffer.alloc(0), Buffer.from('x'), Buffer.from(line('2026-11-27T08:00:00').repeat(20000)), noise]) assert.ok(gunzipSync(gzip(text)).equals(text), `${text.length} bytes`);
});

test('the head has the time of the last line and the length, and no time where there is none', () => {
  for (const time of ['2026-11-27T08:00:00', '2026-11-27T08:00:00.123456789', '2026-11-27T08:00:00.5']) {
    const text = `${line('2026-11-27T07:00:00')}${line(time)}`;
    assert.equal(headOf(gzip(text)), { lastTime: time, plainSize: text.length });
  }
  for (const text of ['', 'short\n', line('2026-11-27T08:00:00').slice(0, -1), `${line('2026-11-27T08:00:00')}${'x'.repeat(100)}\n`]) {
    assert.equal(headOf(gzip(text)), { plainSize: text.length });
  }
});

test.run();
