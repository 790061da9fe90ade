/** `--log-driver` and `--log-opt`, and the plan's records that they become. */
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { logLimits, parseLogFlags } from '../../src/core/log-options.ts';
import { prepareLog } from '../../src/runtime/logs-record.ts';
import { encodePlan } from '../../src/runtime/plan-records.ts';
import type { LogSubject } from '../../src/core/log-options.ts';
import type { ContainerSpec } from '../../src/runtime/spec-types.ts';
import type { Paths } from '../../src/system/paths.ts';

const id = '0123456789abcdef'.repeat(4);
const subject: LogSubject = {
  id,
  name: 'web',
  created: '2026-11-27T08:00:00Z',
  image: { reference: 'httpd', id: `sha256:${'ab'.repeat(32)}` },
  args: ['serve', '--all'],
  labels: { tier: 'front', 'com.example.a': '1', 'com.example.b': '<2>' },
  env: ['PATH=/bin', 'OS=x=y', 'EMPTY='],
};
const paths = { host: '/h', cache: '/c' } as Paths;

const refusal = (driver: string | undefined, ...options: readonly string[]): string => {
  try {
    return JSON.stringify(parseLogFlags(driver, options));
  } catch (error) {
    return (error as Error).message;
  }
};

const recordsOf = async (driver: string, ...options: readonly string[]): Promise<readonly (readonly string[])[]> => {
  const spec = { oci: { process: { env: subject.env } }, skiff: { ...subject, log: parseLogFlags(driver, options) } } as unknown as ContainerSpec;
  return (await prepareLog(paths, spec))(spec.oci, spec.skiff);
};

const all = 'json-file, local, none, fluentd, gelf, journald, syslog';

test('drivers: those that are there, and what is said of the others', () => {
  assert.equal(parseLogFlags(undefined, []), { driver: 'json-file' });
  for (const name of ['local', 'none', 'journald', 'syslog', 'fluentd']) assert.equal(parseLogFlags(name, []), { driver: name });
  assert.match(refusal('awslogs'), new RegExp(`^awslogs is not supported: .*; use one of ${all}; `));
  assert.is(refusal('toString'), `logger: no log driver named 'toString' is registered; use one of ${all}`);
  assert.match(refusal('none', 'tag=x'), /^invalid logging opts for driver none/);
});

test('limits: units are decimal, the last value counts, local has limits of its own', () => {
  const limits = (driver: string, ...options: readonly string[]) => logLimits(parseLogFlags(driver, options));
  assert.equal(limits('json-file'), { maxSize: 0, maxFiles: 1, compress: false });
  assert.equal(limits('local'), { maxSize: 20971520, maxFiles: 5, compress: true });
  assert.equal(limits('local', 'max-file=1'), { maxSize: 20971520, maxFiles: 1, compress: false });
  assert.equal(limits('json-file', 'max-size=10m', 'max-file=3', 'compress=true'), { maxSize: 10_000_000, maxFiles: 3, compress: true });
  assert.equal(limits('local', 'max-size=1.5k', 'max-size=2kb', 'compress=false', 'mode=blocking'), { maxSize: 2000, maxFiles: 5, compress: false });
  assert.equal(limits('syslog'), { maxSize: 20971520, maxFiles: 5, compress: true });
  assert.equal(limits('journald', 'cache-max-size=1m', 'cache-max-file=2', 'cache-compress=false'), { maxSize: 1_000_000, maxFiles: 2, compress: false });
});

test('options that make no sense', () => {
  for (const option of ['max-size=0', 'max-size=', 'max-size=x', 'max-size=-1', 'max-size=99999999p', 'max-file=0', 'max-file=1001', 'max-file=x', 'compress=perhaps', 'labels-regex=(']) {
    assert.match(refusal('json-file', option), /^invalid --log-opt /, option);
  }
  for (const option of ['toString=x', 'syslog-address=x', 'cache-disabled=true']) assert.match(refusal('local', option), /^unknown log opt '\w+(-\w+)?' for local log driver; use one of /, option);
  for (const option of ['=x', 'tag']) assert.match(refusal('json-file', option), /^invalid --log-opt /, option);
  assert.match(refusal('json-file', 'mode=x'), /^logger: logging mode not supported: x;/);
  assert.match(refusal('json-file', 'max-buffer-size=1m'), /^logger: max-buffer-size option is only supported with 'mode=non-blocking'/);
  for (const given of [['compress=true'], ['compress=true', 'max-file=3'], ['compress=true', 'max-size=1m']]) assert.match(refusal('json-file', ...given), /^compress cannot be true when max-file is less than 2 or max-size is not set/);
  assert.match(refusal('local', 'compress=true', 'max-file=1'), /^compression cannot be enabled when max file count is 1/);
});

test('addresses, in Docker\'s words where they are wrong', () => {
  const wrong: readonly (readonly [driver: string, option: string, words: RegExp])[] = [
    ['gelf', 'tag=x', /^gelf-address is a required parameter/],
    ['gelf', 'gelf-address=127.0.0.1:1', /^gelf-address should be in form proto:\/\/address, got 127\.0\.0\.1:1/],
    ['gelf', 'gelf-address=unix:///x', /^gelf-address: endpoint needs to be udp, tcp/],
    ['gelf', 'gelf-address=udp://host', /please provide gelf-address as proto:\/\/host:port/],
    ['gelf', 'gelf-address=udp://host:0', /^invalid gelf-address/],
    ['gelf', 'gelf-address=udp://a b:1/x', /^invalid gelf-address/],
    ['syslog', 'syslog-address=host', /^syslog-address should be in form/],
    ['syslog', 'syslog-address=tcp+tls://host:6514', /^syslog-address tcp\+tls:\/\/host:6514 is not supported: .* TLS; send to a relay/],
    ['syslog', 'syslog-tls-ca-cert=/x', /is not supported: .* TLS/],
    ['syslog', `syslog-address=unix:///${'x'.repeat(120)}`, /at most 107 bytes/],
    ['syslog', 'syslog-facility=loud', /^invalid syslog facility 'loud'/],
    ['syslog', 'syslog-facility=24', /^invalid syslog facility/],
    ['syslog', 'syslog-format=json', /^invalid syslog format 'json'/],
    ['fluentd', 'fluentd-address=udp://host:1', /endpoint needs to be tcp, unix/],
    ['fluentd', 'fluentd-address=tls://host:1', /is not supported: .* TLS/],
    ['fluentd', 'fluentd-request-ack=true', /^--log-opt fluentd-request-ack=true is not supported/],
    ['fluentd', 'fluentd-async-reconnect-interval=1s', /^--log-opt fluentd-async-reconnect-interval is not supported/],
    ['fluentd', 'fluentd-retry-wait=x', /^invalid --log-opt fluentd-retry-wait=x/],
  ];
  for (const [driver, option, words] of wrong) assert.match(refusal(driver, option), words, option);
  const gelf = (...options: readonly string[]): string => refusal('gelf', ...options);
  assert.match(gelf('gelf-address=tcp://h:1', 'gelf-compression-type=gzip'), /^compression is only supported on UDP/);
  assert.match(gelf('gelf-address=tcp://h:1', 'gelf-compression-level=1'), /^compression is only supported on UDP/);
  assert.match(gelf('gelf-address=udp://h:1', 'gelf-tcp-max-reconnect=1'), /^"gelf-tcp-max-reconnect" is only valid for TCP/);
  assert.match(gelf('gelf-address=udp://h:1', 'gelf-compression-type=lz4'), /^unknown value "lz4" for log opt "gelf-compression-type" for gelf log driver/);
  assert.match(gelf('gelf-address=udp://h:1', 'gelf-compression-level=10'), /^invalid --log-opt gelf-compression-level=10/);
});

test('the record of files: attributes are labels, variables and the tag, sorted', async () => {
  const attributes = async (...options: readonly string[]): Promise<string> => (await recordsOf('json-file', ...options))[0]?.[4] ?? 'none';
  assert.is(await attributes(), '');
  assert.is(await attributes('labels=tier,none', 'env=OS,EMPTY,NONE'), '"attrs":{"EMPTY":"","OS":"x=y","tier":"front"},');
  assert.is(await attributes('labels-regex=^com\\.', 'env-regex=^P'), '"attrs":{"PATH":"/bin","com.example.a":"1","com.example.b":"\\u003c2\\u003e"},');
  assert.is(await attributes('tag=plain', 'labels=', 'env='), '"attrs":{"tag":"plain"},');
  const tag = '{{.ID}} {{ .FullID }} {{.Name}} {{.ImageName}} {{.ImageID}} {{.ImageFullID}} {{.Command}} {{.DaemonName}} {{upper .Name}}{{if .ContainerLabels.tier}}!{{end}}';
  const wanted = `${id.slice(0, 12)} ${id} web httpd abababababab sha256:${'ab'.repeat(32)} serve --all skiff WEB!`;
  assert.is(await attributes(`tag=${tag}`), `"attrs":{"tag":"${wanted}"},`);
  for (const bad of ['tag={{.Nothing}}', 'tag={{constructor}}', 'tag={{.constructor}}', 'tag={{.ID']) {
    await recordsOf('json-file', bad).then(() => assert.unreachable(bad), (error: Error) => assert.match(error.message, /template/, bad));
  }
});

test('the records of files', async () => {
  assert.equal(await recordsOf('none'), [['log', 'none']]);
  assert.equal(await recordsOf('json-file'), [['log', 'json-file', '0', '1', '']]);
  const readers = ['log-readers', `/h/log-readers/${id}`];
  assert.equal(await recordsOf('json-file', 'max-size=1k'), [['log', 'json-file', '1000', '1', ''], readers]);
  const [log, second, [name, program = ''] = []] = await recordsOf('local', 'max-file=2', 'labels-regex=b$');
  assert.equal([log, second, name], [['log', 'json-file', '20971520', '2', '"attrs":{"com.example.b":"\\u003c2\\u003e"},'], readers, 'log-gzip']);
  assert.match(program, /\/skiff-tree$/);
});

/** The two records of a driver that sends, with a cache or without. */
const remote = async (driver: string, ...options: readonly string[]) => {
  const records = await recordsOf(driver, 'cache-disabled=true', ...options);
  assert.equal(records[0], ['log', 'none']);
  return { remote: records[1]?.slice(1) ?? [], encode: records[2]?.slice(1) ?? [] };
};

test('where to: numeric addresses, patience, attempts', async () => {
  assert.equal((await remote('syslog', 'syslog-address=udp://127.0.0.1')).remote, ['udp', 'udp 127.0.0.1:514', '514', '1000000', '1000', 'now', '0', '100', '10000', '127.0.0.1']);
  assert.equal((await remote('syslog', 'syslog-address=tcp://[::1]:99', 'mode=blocking')).remote, ['tcp', 'tcp [::1]:99', '99', '1000000', '-1', 'now', '0', '100', '10000', '::1']);
  const gelf = await remote('gelf', 'gelf-address=tcp://127.0.0.1:1', 'gelf-tcp-max-reconnect=5', 'gelf-tcp-reconnect-delay=2', 'mode=non-blocking', 'max-buffer-size=4m');
  assert.equal(gelf.remote, ['tcp', 'tcp 127.0.0.1:1', '1', '4194304', '0', 'now', '5', '2000', '2000', '127.0.0.1']);
  const fluentd = await remote('fluentd', 'fluentd-async=true', 'fluentd-retry-wait=500ms', 'fluentd-max-retries=7', 'fluentd-buffer-limit=8m');
  assert.equal(fluentd.remote, ['tcp', 'tcp 127.0.0.1:24224', '24224', '8388608', '1000', 'later', '7', '500', '60000', '127.0.0.1']);
  const unknown = await remote('gelf', 'gelf-address=udp://no-such-host.invalid:1');
  assert.is(unknown.remote.length, 9);
  assert.match(unknown.remote[1] ?? '', /^dial udp: lookup no-such-host\.invalid: /);
  assert.match((await remote('syslog', 'syslog-address=unix:///nowhere/log')).remote[1] ?? '', /^dial unix \/nowhere\/log: no such file or directory$/);
});

test('sockets that are there', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'log-'));
  const path = join(directory, 's');
  const server = createServer().listen(path);
  try {
    await new Promise((resolve) => server.once('listening', resolve));
    assert.equal((await remote('syslog', `syslog-address=unix://${path}`)).remote.slice(0, 3), ['unix', `unix ${path}`, '0']);
    assert.is((await remote('fluentd', `fluentd-address=unix://${path}`)).remote.at(-1), path);
  } finally {
    server.close();
    rmSync(directory, { recursive: true });
  }
});

test('an image\'s labels can hold anything and become no records', async () => {
  const evil = 'x\0' + '3\0bind\0/\0/host';
  for (const [driver, address] of [['journald', 'tag=x'], ['fluentd', 'fluentd-address=127.0.0.1:9'], ['gelf', 'gelf-address=udp://127.0.0.1:9'], ['syslog', 'syslog-address=udp://127.0.0.1:9']] as const) {
    const log = parseLogFlags(driver, [address, 'labels-regex=.', 'tag={{index .ContainerLabels "evil"}}']);
    const spec = { oci: { process: { env: [`E=${evil}`] } }, skiff: { ...subject, labels: { evil, 'more\nlines': 'a\nb' }, log } } as unknown as ContainerSpec;
    const records = (await prepareLog(paths, spec))(spec.oci, spec.skiff);
    const words = encodePlan(records).toString().split('\0').slice(0, -1);
    // Taken apart as the helper does it, the plan has the same records.
    const found: string[][] = [];
    for (let at = 0; at < words.length; ) {
      const count = Number(words[at]);
      found.push(words.slice(at + 1, at + 1 + count));
      at += 1 + count;
    }
    assert.equal(found, [['skiff-plan-1'], ...records.map((record) => [...record])], driver);
    if (driver === 'syslog') assert.is(records.at(-1)?.[4], 'x?3?bind?/?/host');
  }
  assert.throws(() => encodePlan([['env', evil]]), /the launch plan.*NUL/);
});

test('in which form', async () => {
  const address = 'syslog-address=udp://127.0.0.1:9';
  assert.equal((await remote('syslog', address)).encode, ['syslog', 'unix', '3', id.slice(0, 12), hostname()]);
  assert.equal((await remote('syslog', address, 'syslog-format=rfc5424micro', 'syslog-facility=local3', 'tag={{.Name}}/x')).encode, ['syslog', 'micro', '19', 'web/x', hostname()]);
  const journald = (await remote('journald', 'labels-regex=.', 'env=OS', 'tag=t')).encode;
  const fields = Object.fromEntries(Array.from({ length: (journald.length - 1) / 2 }, (_, i) => [journald[1 + 2 * i], journald[2 + 2 * i]]));
  assert.equal(fields, {
    CONTAINER_ID: id.slice(0, 12), CONTAINER_ID_FULL: id, CONTAINER_NAME: 'web', CONTAINER_TAG: 't', IMAGE_NAME: 'httpd', SYSLOG_IDENTIFIER: 't',
    TIER: 'front', COM_EXAMPLE_A: '1', COM_EXAMPLE_B: '<2>', OS: 'x=y',
  });
  const fluentd = (await remote('fluentd', 'labels=tier', 'fluentd-sub-second-precision=1')).encode;
  assert.equal(fluentd, ['fluentd', id.slice(0, 12), 'nanoseconds', 'container_id', id, 'container_name', '/web', 'tier', 'front']);
  const [name, type, level, host, extra = '', packer = ''] = (await remote('gelf', 'gelf-address=udp://127.0.0.1:9', 'gelf-compression-type=zlib', 'gelf-compression-level=9', 'labels=tier')).encode;
  assert.equal([name, type, level, host], ['gelf', 'zlib', '9', hostname()]);
  assert.match(packer, /skiff-tree$/);
  assert.equal(JSON.parse(`{${extra.slice(1)}}`), {
    _command: 'serve --all', _container_id: id, _container_name: 'web', _created: '2026-11-27T08:00:00Z', _image_id: `sha256:${'ab'.repeat(32)}`, _image_name: 'httpd', _tag: id.slice(0, 12), _tier: 'front',
  });
  assert.equal((await remote('gelf', 'gelf-address=udp://127.0.0.1:9')).encode.slice(1, 3), ['none', '1']);
  assert.is((await remote('gelf', 'gelf-address=udp://127.0.0.1:9')).encode.at(-1), '');
});

test.run();
