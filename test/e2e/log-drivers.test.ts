/** `--log-driver` syslog, gelf, fluentd and journald with real receivers: what they get, and what becomes of a container when they are down, slow, gone and back. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, inflateSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gelfMessages, linesAt, start, streamReceiver, udpReceiver, unpackAll } from './receivers.ts';
import { containerDirectories, eventually, execute, importBusybox, inMountNamespace, output, removeAll, skiff } from './skiff.ts';
import type { Receiver } from './receivers.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

const options = (list: readonly string[]): readonly string[] => list.flatMap((text) => ['--log-opt', text]);
const words = (name: string, driver: string, list: readonly string[]): readonly string[] => ['run', '--network', 'none', '--name', name, '--log-driver', driver, ...options(list)];

/** Runs a script to its end; the event loop goes on meanwhile, so that receivers receive. */
const run = async (name: string, driver: string, list: readonly string[], script: string, ...flags: readonly string[]): Promise<string> => {
  const { status, stderr } = await start([...words(name, driver, list), ...flags, 'busybox', 'sh', '-c', script]);
  assert.is(status, 0, stderr);
  return output(['ps', '-aq', '--no-trunc', '-f', `name=${name}`]).trim();
};

const withReceiver = async <R extends Receiver>(receiver: Promise<R>, body: (receiver: R) => Promise<void>): Promise<void> => {
  const it = await receiver;
  try {
    await body(it);
  } finally {
    await it.close();
  }
};

const numbers = (from: number, to: number): readonly string[] => Array.from({ length: to - from + 1 }, (_, i) => `${from + i}`);

test('syslog over udp and tcp, in every format, and skiff logs all the same', async () => {
  await withReceiver(udpReceiver(), async (receiver) => {
    const id = await run('uu', 'syslog', [`syslog-address=udp://127.0.0.1:${receiver.port}`, 'syslog-facility=local2'], 'echo one; sleep 0.1; echo two >&2');
    await eventually('both lines', () => receiver.datagrams.length === 2);
    const [one = '', two = ''] = receiver.datagrams.map(String);
    const rest = `${id.slice(0, 12)}\\[\\d+\\]: `;
    assert.match(one, new RegExp(`^<150>[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d ${rest}one\\n$`));
    assert.match(two, new RegExp(`^<147>.* ${rest}two\\n$`));
    assert.equal(skiff(['logs', 'uu']).stdout, 'one\n');
    assert.equal(skiff(['logs', 'uu']).stderr, 'two\n');
  });
  await withReceiver(streamReceiver(), async (receiver) => {
    const address = `syslog-address=tcp://127.0.0.1:${receiver.port}`;
    await run('aa', 'syslog', [address, 'syslog-format=rfc3164', 'tag={{.Name}}'], 'echo x');
    await run('bb', 'syslog', [address, 'syslog-format=rfc5424', 'tag=t'], 'echo x');
    await run('cc', 'syslog', [address, 'syslog-format=rfc5424micro', 'tag={{.ImageName}}/{{upper .Name}}'], 'echo x');
    const [a = '', b = '', c = ''] = await linesAt(receiver, 3);
    assert.match(a, new RegExp(`^<30>\\S+ [ \\d]\\d \\S+ ${hostname()} aa\\[\\d+\\]: x$`));
    assert.match(b, new RegExp(`^<30>1 \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(Z|[+-]\\d\\d:\\d\\d) ${hostname()} t \\d+ t - x$`));
    assert.match(c, new RegExp(`^<30>1 \\S+\\.\\d{6}(Z|[+-]\\d\\d:\\d\\d) ${hostname()} busybox/CC \\d+ busybox/CC - x$`));
  });
});

test('syslog over a unix socket', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'receivers-'));
  try {
    await withReceiver(streamReceiver(join(directory, 's')), async (receiver) => {
      await run('ss', 'syslog', [`syslog-address=unix://${directory}/s`], 'echo by socket');
      assert.match((await linesAt(receiver, 1))[0] ?? '', /: by socket$/);
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

/** Messages without what differs from run to run. */
const parsed = (messages: readonly Buffer[]): readonly Record<string, unknown>[] => messages.map((message) => JSON.parse(String(message)) as Record<string, unknown>);

test('gelf: Docker\'s fields, chunks, compression, tcp', async () => {
  await withReceiver(udpReceiver(), async (receiver) => {
    const address = `gelf-address=udp://127.0.0.1:${receiver.port}`;
    const id = await run('gg', 'gelf', [address, 'labels=tier', 'env=SIZE'], 'echo "a<\\"b\\"" >&2; head -c 30000 /dev/zero | tr "\\0" x; echo', '--label', 'tier=front', '-e', 'SIZE=1');
    await eventually('all messages', () => gelfMessages(receiver.datagrams).length === 3);
    const [first, ...parts] = [...parsed(gelfMessages(receiver.datagrams))].sort((a, b) => String(a['short_message']).length - String(b['short_message']).length);
    const { timestamp, _created, _image_id, ...fields } = first ?? {};
    assert.equal(fields, {
      version: '1.1', host: hostname(), short_message: 'a<"b"', level: 3, _command: 'sh -c echo "a<\\"b\\"" >&2; head -c 30000 /dev/zero | tr "\\0" x; echo',
      _container_id: id, _container_name: 'gg', _image_name: 'busybox', _tag: id.slice(0, 12), _tier: 'front', _SIZE: '1',
    });
    assert.ok(Math.abs(Number(timestamp) - Date.now() / 1000) < 60);
    assert.match(String(_image_id), /^sha256:/);
    assert.ok(Date.parse(String(_created)) > 0);
    assert.equal(parts.map((part) => String(part['short_message']).length), [30000 - 16384, 16384]);
    assert.ok(receiver.datagrams.every((datagram) => datagram.length <= 1420));

    for (const [type, plain] of [['gzip', gunzipSync], ['zlib', inflateSync]] as const) {
      receiver.forget();
      await run(type, 'gelf', [address, `gelf-compression-type=${type}`, 'gelf-compression-level=6'], 'seq 1 300; head -c 16000 /dev/urandom | od -An -tx1 | tr -d " \\n"; echo');
      await eventually(`all messages by ${type}`, () => gelfMessages(receiver.datagrams).length === 302);
      const messages = parsed(gelfMessages(receiver.datagrams).map((message) => plain(message)));
      assert.equal(messages.slice(0, 300).map((message) => message['short_message']), numbers(1, 300));
      assert.is(messages.slice(300).map((message) => String(message['short_message'])).join('').length, 32000);
    }
  });
  await withReceiver(streamReceiver(), async (receiver) => {
    await run('tt', 'gelf', [`gelf-address=tcp://127.0.0.1:${receiver.port}`, 'tag=x'], 'echo one; echo; echo two');
    await eventually('two messages', () => receiver.text().split('\0').length === 3);
    assert.equal(receiver.text().split('\0').slice(0, 2).map((text) => [(JSON.parse(text) as Record<string, unknown>)['short_message'], (JSON.parse(text) as Record<string, unknown>)['_tag']]), [['one', 'x'], ['two', 'x']]);
  });
});

test('fluentd: tag, time, record', async () => {
  await withReceiver(streamReceiver(), async (receiver) => {
    const id = await run('ff', 'fluentd', [`fluentd-address=127.0.0.1:${receiver.port}`, 'tag=docker.{{.Name}}', 'labels=tier', 'fluentd-sub-second-precision=true'], 'echo out; sleep 0.1; echo err >&2; sleep 0.1; head -c 20000 /dev/zero | tr "\\0" x; echo', '--label', 'tier=front');
    await eventually('four records', () => receiver.bytes().length > 20500 && unpackAll(receiver.bytes()).length === 4);
    const records = unpackAll(receiver.bytes()) as readonly (readonly [string, readonly number[], Record<string, string>, object])[];
    const common = { container_id: id, container_name: '/ff', tier: 'front' };
    assert.equal(records.map(([tag, , , last]) => [tag, last]), Array(4).fill(['docker.ff', {}]));
    assert.ok(records.every(([, [seconds = 0, nanoseconds = 1e9]]) => Math.abs(seconds - Date.now() / 1000) < 60 && nanoseconds < 1e9));
    assert.equal(records[0]?.[2], { ...common, source: 'stdout', log: 'out' });
    assert.equal(records[1]?.[2], { ...common, source: 'stderr', log: 'err' });
    const [first, last] = records.slice(2).map(([, , record]) => record);
    assert.match(first?.['partial_id'] ?? '', /^[0-9a-f]{64}$/);
    assert.equal({ ...first, log: '', partial_id: '' }, { ...common, source: 'stdout', log: '', partial_message: 'true', partial_id: '', partial_ordinal: '1', partial_last: 'false' });
    assert.equal({ ...last, log: '' }, { ...first, log: '', partial_ordinal: '2', partial_last: 'true' });
  });
});

test('journald: every field, and a large line; without a journal an error', () => {
  const directory = mkdtempSync(join(tmpdir(), 'journal-'));
  try {
    // A journal of our own, at its place in a mount namespace of ours.
    const program = join(directory, 'journal');
    const { status: built, stderr: why } = execute(['gcc', '-std=c11', '-O1', 'test/journal-receiver.c', '-o', program]);
    assert.is(built, 0, why);
    const script = `mount -t tmpfs none /run/systemd 2>/dev/null || { mkdir -p ${directory}/run && mount --bind ${directory}/run /run && mkdir -p /run/systemd; } || exit 90
      mkdir -p /run/systemd/journal; ${program} /run/systemd/journal/socket ${directory}/entries & journal=$!
      while [ ! -e ${directory}/entries ]; do sleep 0.05; done
      "$@" run --network none --name jj --log-driver journald --log-opt tag=T --log-opt labels=a.b --label a.b=C busybox sh -c 'echo hello; sleep 0.2; echo bad >&2; sleep 0.2; head -c 17000 /dev/zero | tr "\\0" x; echo'
      status=$?; sleep 0.3; kill $journal; exit $status`;
    const { status, stderr } = inMountNamespace(script);
    assert.is(status, 0, stderr);
    const entries = readFileSync(join(directory, 'entries'), 'utf8').split('----\n').slice(0, -1).map((text) => Object.fromEntries(text.trimEnd().split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2))) as Record<string, string>);
    const id = output(['ps', '-aq', '--no-trunc', '-f', 'name=jj']).trim();
    const common = { CONTAINER_ID: id.slice(0, 12), CONTAINER_ID_FULL: id, CONTAINER_NAME: 'jj', CONTAINER_TAG: 'T', IMAGE_NAME: 'busybox', SYSLOG_IDENTIFIER: 'T', A_B: 'C' };
    const [hello, bad, large, end] = entries.map(({ SYSLOG_TIMESTAMP, ...entry }) => (assert.match(SYSLOG_TIMESTAMP ?? '', /^\d{4}-.*Z$/), entry));
    assert.equal(hello, { ...common, MESSAGE: 'hello', PRIORITY: '6' });
    assert.equal(bad, { ...common, MESSAGE: 'bad', PRIORITY: '3' });
    assert.is(large?.['MESSAGE']?.length, 16384);
    assert.equal([large?.['CONTAINER_PARTIAL_MESSAGE'], large?.['CONTAINER_PARTIAL_LAST'], end?.['CONTAINER_PARTIAL_LAST'], end?.['CONTAINER_PARTIAL_ORDINAL'], end?.['CONTAINER_PARTIAL_MESSAGE']], ['true', 'false', 'true', '2', undefined]);
    assert.is(large?.['CONTAINER_PARTIAL_ID'], end?.['CONTAINER_PARTIAL_ID']);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  if (existsSync('/run/systemd/journal/socket')) return;
  const { status, stderr } = skiff([...words('none', 'journald', []), 'busybox', 'true']);
  assert.equal({ status, stderr }, { status: 125, stderr: 'skiff: failed to initialize logging driver: journald is not enabled on this host\n' });
});

test('a receiver that cannot be reached at the start: 125, one line, nothing left', async () => {
  const gone = await streamReceiver();
  await gone.close();
  const cases: readonly (readonly [driver: string, option: string, words: RegExp])[] = [
    ['syslog', `syslog-address=tcp://127.0.0.1:${gone.port}`, /^skiff: failed to initialize logging driver: dial tcp 127\.0\.0\.1:\d+: Connection refused\n$/],
    ['gelf', `gelf-address=tcp://127.0.0.1:${gone.port}`, /dial tcp 127\.0\.0\.1:\d+: Connection refused\n$/],
    ['fluentd', `fluentd-address=127.0.0.1:${gone.port}`, /dial tcp 127\.0\.0\.1:\d+: Connection refused\n$/],
    ['syslog', 'syslog-address=unix:///nowhere', /^skiff: failed to initialize logging driver: dial unix \/nowhere: no such file or directory\n$/],
    ['gelf', 'gelf-address=udp://no-such-host.invalid:1', /^skiff: failed to initialize logging driver: dial udp: lookup no-such-host\.invalid: .*\n$/],
  ];
  for (const [driver, option, wanted] of cases) {
    for (const flags of [[], ['-d']]) {
      const { status, stdout, stderr } = skiff([...words('bad', driver, [option]), ...flags, 'busybox', 'echo', 'x']);
      assert.equal({ status, stdout }, { status: 125, stdout: '' });
      assert.match(stderr, wanted);
    }
  }
  assert.equal(containerDirectories(), []);
  const created = skiff(['create', ...words('later', 'gelf', ['gelf-address=udp://no-such-host.invalid:1']).slice(1), 'busybox', 'true']);
  assert.is(created.status, 0, created.stderr);
  assert.is(skiff(['start', 'later']).status, 1);
});

test('udp without anybody, and fluentd-async without anybody, harm nothing', async () => {
  const gone = await streamReceiver();
  await gone.close();
  await run('udp', 'gelf', [`gelf-address=udp://127.0.0.1:${gone.port}`], 'seq 1 1000');
  await run('async', 'fluentd', [`fluentd-address=127.0.0.1:${gone.port}`, 'fluentd-async=true'], 'seq 1 1000');
  for (const name of ['udp', 'async']) assert.is(output(['logs', name]), numbers(1, 1000).map((line) => `${line}\n`).join(''));
});

/** Lines of a receiver without the head of syslog. */
const texts = (lines: readonly string[]): readonly string[] => lines.map((line) => line.replace(/^.*?\]: /, ''));

test('a receiver that goes and comes back gets what was printed meanwhile', async () => {
  const first = await streamReceiver();
  const begun = run('back', 'syslog', [`syslog-address=tcp://127.0.0.1:${first.port}`], 'echo begin; while [ ! -e /go ]; do sleep 0.05; done; seq 1 500; while [ ! -e /end ]; do sleep 0.05; done; echo end');
  await linesAt(first, 1);
  await first.close();
  output(['exec', 'back', 'touch', '/go']);
  await eventually('it prints on', () => output(['logs', '-n', '1', 'back']) === '500\n');
  await withReceiver(streamReceiver(first.port), async (second) => {
    assert.equal(texts(await linesAt(second, 500)), numbers(1, 500));
    output(['exec', 'back', 'touch', '/end']);
    await begun;
    assert.equal(texts(await linesAt(second, 501)).at(-1), 'end');
  });
});

test('one that stays away costs lines, not time: they are counted, told, and all there in skiff logs', async () => {
  const first = await streamReceiver();
  const options = [`syslog-address=tcp://127.0.0.1:${first.port}`, 'mode=non-blocking', 'max-buffer-size=10k'];
  const begun = run('away', 'syslog', options, 'echo begin; while [ ! -e /go ]; do sleep 0.05; done; seq 1 20000; while [ ! -e /end ]; do sleep 0.05; done; echo end');
  await linesAt(first, 1);
  await first.close();
  output(['exec', 'away', 'touch', '/go']);
  await eventually('it prints on', () => output(['logs', '-n', '1', 'away']) === '20000\n');
  await withReceiver(streamReceiver(first.port), async (second) => {
    await linesAt(second, 100);
    await eventually('it is connected', () => second.connections() === 1);
    output(['exec', 'away', 'touch', '/end']);
    await begun;
    await eventually('the end', () => texts(second.text().split('\n')).includes('end'));
    const lines = texts(second.text().split('\n').slice(0, -1));
    const told = lines.findIndex((line) => line.startsWith('skiff: '));
    const [, count = '0'] = /^skiff: (\d+) lines were not sent/.exec(lines[told] ?? '') ?? [];
    assert.equal(lines.slice(0, told), numbers(1, told));
    assert.equal(lines.slice(told + 1), ['end']);
    assert.is(told + Number(count), 20000);
  });
  assert.is(output(['logs', 'away']).split('\n').length, 20003);
});

test('a slow receiver: with mode=blocking everything comes, without a mode the container goes on', async () => {
  const total = 200000;
  await withReceiver(streamReceiver(), async (receiver) => {
    receiver.pause();
    const begun = run('blocks', 'syslog', [`syslog-address=tcp://127.0.0.1:${receiver.port}`, 'mode=blocking', 'cache-disabled=true'], `seq 1 ${total}`);
    let ended = false;
    void begun.finally(() => (ended = true));
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.is(ended, false, 'it waits for the receiver');
    receiver.resume();
    await begun;
    assert.ok(texts(await linesAt(receiver, total)).join('\n') === numbers(1, total).join('\n'), 'every line once, in order');
    const { status, stderr } = skiff(['logs', 'blocks']);
    assert.equal({ status, stderr }, { status: 1, stderr: 'skiff: configured logging driver does not support reading; the container was made with --log-opt cache-disabled\n' });
  });
  await withReceiver(streamReceiver(), async (receiver) => {
    receiver.pause();
    await run('goes', 'syslog', [`syslog-address=tcp://127.0.0.1:${receiver.port}`], `seq 1 ${total}`);
    receiver.resume();
    assert.is(output(['logs', '-n', '1', 'goes']), `${total}\n`);
  });
});

test('a container that waits for its receiver can be stopped', async () => {
  await withReceiver(streamReceiver(), async (receiver) => {
    receiver.pause();
    output([...words('held', 'syslog', [`syslog-address=tcp://127.0.0.1:${receiver.port}`, 'mode=blocking']), '-d', 'busybox', 'sh', '-c', 'i=0; while true; do seq $((i * 1000)) $((i * 1000 + 999)); i=$((i + 1)); done']);
    const last = (): string => output(['logs', '-n', '1', 'held']);
    for (let before = ''; before === '' || before !== last(); ) {
      before = last();
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    output(['exec', 'held', 'true']);
    // Stopping waits for the receiver as long as Docker does, 10 s, and no longer.
    output(['stop', '-t', '0', 'held']);
    assert.is(output(['ps', '-q']), '');
  });
});

test('what stands between is one line of skiff inspect, and the names are in skiff info', async () => {
  await withReceiver(udpReceiver(), async (receiver) => {
    const address = `udp://127.0.0.1:${receiver.port}`;
    await run('ii', 'gelf', [`gelf-address=${address}`, 'tag=x', 'cache-max-file=2'], 'true');
    assert.equal(JSON.parse(output(['inspect', '--format', '{{json .HostConfig.LogConfig}}', 'ii'])), { Type: 'gelf', Config: { 'cache-max-file': '2', 'gelf-address': address, tag: 'x' } });
  });
  assert.is(output(['info', '--format', '{{.Plugins.Log}}']), '[fluentd gelf journald json-file local syslog]\n');
});

test('a restarted container sends on', async () => {
  await withReceiver(streamReceiver(), async (receiver) => {
    const address = `syslog-address=tcp://127.0.0.1:${receiver.port}`;
    const { status, stderr } = await start([...words('again', 'syslog', [address]), '--restart', 'on-failure:2', 'busybox', 'sh', '-c', 'echo run; exit 3']);
    assert.is(status, 3, stderr);
    assert.equal(texts(await linesAt(receiver, 3)), ['run', 'run', 'run']);
    assert.is(output(['logs', 'again']), 'run\nrun\nrun\n');
  });
});

test.run();
