/**
 * `--log-driver journald` and the local syslog with the real systemd-journald, as journalctl(1) shows them.
 * @as root
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, execute, skiffCommand, testImages } from '../../e2e/skiff.ts';

/** `skiff` as the account whose containers these are: only root reads the journal. */
const asUser = (...words: readonly string[]): string => {
  const { status, stdout, stderr } = execute(['runuser', '-u', 'bar', '--', 'env', 'HOME=/home/bar', 'XDG_RUNTIME_DIR=/run/user/1000', ...skiffCommand, ...words], { cwd: '/' });
  assert.is(status, 0, `${words.join(' ')}: ${stderr}`);
  return stdout;
};

const entries = (...matches: readonly string[]): readonly Record<string, unknown>[] =>
  execute(['journalctl', '--no-pager', '--output', 'json', '--all', ...matches]).stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);

const waitFor = async (count: number, ...matches: readonly string[]): Promise<readonly Record<string, unknown>[]> => {
  await eventually(`${count} entries of ${matches.join(' ')}`, () => entries(...matches).length >= count, 30000);
  return entries(...matches);
};

test.before(() => void asUser('import', `${testImages}/busybox.tar`, 'busybox'));
test.after(() => void asUser('rm', '-f', 'told', 'written'));

test('the journal has each line with its fields, a large one in parts', async () => {
  asUser('run', '--network', 'none', '--name', 'told', '--log-driver', 'journald', '--log-opt', 'tag={{.Name}}!', '--label', 'tier=front', '--log-opt', 'labels=tier', 'busybox', 'sh', '-c',
    'echo hello; sleep 1; echo bad >&2; sleep 1; head -c 17000 /dev/zero | tr "\\0" x; echo');
  const [hello, bad, first, last, ...others] = await waitFor(4, 'CONTAINER_NAME=told');
  assert.equal(others, []);
  const fields = { CONTAINER_TAG: 'told!', SYSLOG_IDENTIFIER: 'told!', IMAGE_NAME: 'busybox', TIER: 'front', _COMM: 'skiff-monitor', _UID: '1000', _TRANSPORT: 'journal' };
  for (const [name, value] of Object.entries(fields)) assert.is(hello?.[name], value, name);
  assert.equal([hello?.['MESSAGE'], hello?.['PRIORITY'], bad?.['MESSAGE'], bad?.['PRIORITY']], ['hello', '6', 'bad', '3']);
  assert.equal([String(first?.['MESSAGE']).length, first?.['CONTAINER_PARTIAL_MESSAGE'], String(last?.['MESSAGE']).length, last?.['CONTAINER_PARTIAL_LAST']], [16384, 'true', 616, 'true']);
  assert.match(String(hello?.['CONTAINER_ID_FULL']), /^[0-9a-f]{64}$/);
  assert.is(asUser('logs', 'told'), `hello\n${'x'.repeat(17000)}\n`);
});

test('without an address syslog goes to this machine\'s', async () => {
  asUser('run', '--network', 'none', '--name', 'written', '--log-driver', 'syslog', '--log-opt', 'tag=by-syslog', '--log-opt', 'syslog-facility=local1', 'busybox', 'echo', 'to syslog');
  const [entry] = await waitFor(1, 'SYSLOG_IDENTIFIER=by-syslog');
  assert.equal([entry?.['MESSAGE'], entry?.['PRIORITY'], entry?.['SYSLOG_FACILITY'], entry?.['_TRANSPORT']], ['to syslog', '6', '17', 'syslog']);
});

test.run();
