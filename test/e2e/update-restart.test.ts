/**
 * `skiff update --restart`: another policy for containers that run, and for those that do not.
 * @also-on-node
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, importBusybox, output, removeAll, skiff } from './skiff.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

const field = (name: string, template: string): string => output(['inspect', '-f', template, name]).trim();
const policyOf = (name: string): string => field(name, '{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}');

/** A container that ends with 3 when it is told to from inside; nobody has stopped it then. */
const start = (name: string, ...flags: readonly string[]): void => {
  output(['run', '-d', '--network', 'none', '--name', name, ...flags, 'busybox', 'sh', '-c', 'trap "exit 3" TERM; touch /ready; while :; do sleep 0.1; done']);
};
const end = async (name: string): Promise<void> => {
  await eventually('its trap is set', () => skiff(['exec', name, 'test', '-e', '/ready']).status === 0);
  output(['exec', name, 'sh', '-c', 'rm /ready; kill -TERM 1']);
};

test('a running container comes back from now on, and then no more', async () => {
  start('box');
  assert.is(output(['update', '--restart', 'always', 'box']), 'box\n');
  assert.is(policyOf('box'), 'always:0');
  await end('box');
  await eventually('it has been started again', () => field('box', '{{.State.Status}} {{.RestartCount}}') === 'running 1');
  output(['update', '--restart=no', 'box']);
  assert.is(policyOf('box'), 'no:0');
  await end('box');
  await eventually('it has ended', () => field('box', '{{.State.Status}} {{.State.ExitCode}}') === 'exited 3');
});

test('one that does not run has the policy from its next start on', async () => {
  start('box');
  await end('box');
  await eventually('it has ended', () => field('box', '{{.State.Status}}') === 'exited');
  output(['update', '--restart', 'on-failure:4', 'box']);
  assert.is(policyOf('box'), 'on-failure:4');
  assert.is(field('box', '{{.State.Status}}'), 'exited', 'a policy starts nothing by itself');
  output(['start', 'box']);
  await end('box');
  await eventually('it has been started again', () => field('box', '{{.State.Status}} {{.RestartCount}}') === 'running 1');
});

test('several at once, one that is missing, one with --rm, and a policy that is none', () => {
  for (const name of ['one', 'two']) output(['create', '--network', 'none', '--name', name, 'busybox', 'true']);
  start('brief', '--rm');
  const { status, stdout, stderr } = skiff(['update', '--restart', 'unless-stopped', 'one', 'missing', 'brief', 'two']);
  assert.equal([status, stdout], [1, 'one\ntwo\n']);
  assert.match(stderr, /^skiff: no such container: missing\nskiff: restart policy of container brief cannot be updated because AutoRemove is enabled for the container; .*\n$/);
  assert.equal(['one', 'two', 'brief'].map(policyOf), ['unless-stopped:0', 'unless-stopped:0', 'no:0']);
  assert.is(skiff(['update', '--restart', 'sometimes', 'one']).status, 125);
  assert.is(skiff(['update', 'one']).status, 125);
});

test.run();
