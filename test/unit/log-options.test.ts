/** `--log-driver` and `--log-opt`, and the plan's record that they become. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { logAttributes, logLimits, parseLogFlags } from '../../src/core/log-options.ts';
import { logRecord } from '../../src/runtime/logs-record.ts';
import type { LogSubject } from '../../src/core/log-options.ts';
import type { OciSpec } from '../../src/core/oci-runtime.ts';
import type { SkiffSpec } from '../../src/runtime/spec-types.ts';

const subject: LogSubject = {
  id: '0123456789abcdef'.repeat(4),
  name: 'web',
  image: { reference: 'httpd', id: `sha256:${'ab'.repeat(32)}` },
  args: ['serve', '--all'],
  labels: { tier: 'front', 'com.example.a': '1', 'com.example.b': '<2>' },
  env: ['PATH=/bin', 'OS=x=y', 'EMPTY='],
};

const refusal = (driver: string | undefined, ...options: readonly string[]): string => {
  try {
    return JSON.stringify(parseLogFlags(driver, options));
  } catch (error) {
    return (error as Error).message;
  }
};

test('drivers: three work, the others say what does', () => {
  assert.equal(parseLogFlags(undefined, []), { driver: 'json-file' });
  assert.equal(parseLogFlags('local', []), { driver: 'local' });
  assert.equal(parseLogFlags('none', []), { driver: 'none' });
  for (const name of ['syslog', 'journald', 'gelf', 'fluentd', 'awslogs']) assert.match(refusal(name), new RegExp(`^--log-driver ${name} is not supported: .*; use json-file, local or none$`));
  assert.match(refusal('toString'), /^unknown log driver 'toString'; use/);
  assert.match(refusal('none', 'tag=x'), /^invalid logging opts for driver none/);
});

test('limits: units are decimal, the last value counts, local has limits of its own', () => {
  const limits = (driver: string, ...options: readonly string[]) => logLimits(parseLogFlags(driver, options));
  assert.equal(limits('json-file'), { maxSize: 0, maxFiles: 1 });
  assert.equal(limits('local'), { maxSize: 20971520, maxFiles: 5 });
  assert.equal(limits('json-file', 'max-size=10m', 'max-file=3'), { maxSize: 10_000_000, maxFiles: 3 });
  assert.equal(limits('local', 'max-size=1.5k', 'max-size=2kb', 'compress=false', 'mode=blocking'), { maxSize: 2000, maxFiles: 5 });
});

test('options that make no sense', () => {
  for (const option of ['max-size=0', 'max-size=', 'max-size=x', 'max-size=-1', 'max-size=99999999p', 'max-file=0', 'max-file=1001', 'max-file=x', 'compress=perhaps', 'mode=x', 'labels-regex=(', 'tag={{.Nothing}}', 'tag={{constructor}}', 'tag={{.constructor}}']) {
    assert.match(refusal('json-file', option), /^invalid --log-opt /, option);
  }
  for (const option of ['compress=true', 'compress=1', 'mode=non-blocking']) assert.match(refusal('json-file', option), /^--log-opt .* is not supported: /, option);
  for (const option of ['toString=x', 'syslog-address=x']) assert.match(refusal('local', option), /^unknown log opt '\w+(-\w+)?' for local log driver; use one of /, option);
  for (const option of ['=x', 'tag']) assert.match(refusal('json-file', option), /^invalid --log-opt /, option);
});

test('attributes: labels, variables and the tag, sorted', () => {
  const attributes = (...options: readonly string[]) => Object.entries(logAttributes(parseLogFlags('json-file', options), subject));
  assert.equal(attributes(), []);
  assert.equal(attributes('labels=tier,none', 'env=OS,EMPTY,NONE'), [['EMPTY', ''], ['OS', 'x=y'], ['tier', 'front']]);
  assert.equal(attributes('labels-regex=^com\\.', 'env-regex=^P'), [['PATH', '/bin'], ['com.example.a', '1'], ['com.example.b', '<2>']]);
  const tag = '{{.ID}} {{ .FullID }} {{.Name}} {{.ImageName}} {{.ImageID}} {{.ImageFullID}} {{.Command}} {{.DaemonName}}';
  const wanted = `${subject.id.slice(0, 12)} ${subject.id} web httpd abababababab sha256:${'ab'.repeat(32)} serve --all skiff`;
  assert.equal(attributes(`tag=${tag}`), [['tag', wanted]]);
  assert.equal(attributes('tag=plain', 'labels=', 'env='), [['tag', 'plain']]);
});

test('the record of the plan', () => {
  const record = (driver: string, ...options: readonly string[]) =>
    logRecord({ process: { env: subject.env } } as unknown as OciSpec, { ...subject, log: parseLogFlags(driver, options) } as unknown as SkiffSpec);
  assert.equal(record('none'), ['log', 'none']);
  assert.equal(record('json-file'), ['log', 'json-file', '0', '1', '']);
  assert.equal(record('local', 'max-file=2', 'labels-regex=b$'), ['log', 'json-file', '20971520', '2', '"attrs":{"com.example.b":"\\u003c2\\u003e"},']);
});

test.run();
