/**
 * `skiff network connect` and `disconnect` of containers that do not run: what their next start will have.
 * @one-driver
 */
import { spawn } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importBusybox, output, removeAll, skiff, skiffCommand } from './skiff.ts';

test.before(() => {
  importBusybox();
  for (const [name, subnet] of [['front', '10.81.0.0/24'], ['back', '10.82.0.0/24']] as const) output(['network', 'create', '--subnet', subnet, name]);
});
test.after.each(removeAll);
test.after(() => void skiff(['network', 'rm', 'front', 'back']));

const networksOf = (name: string): readonly string[] => Object.keys(JSON.parse(output(['inspect', '-f', '{{json .NetworkSettings.Networks}}', name])) as object).sort();
const create = (name: string, ...flags: readonly string[]): void => void output(['create', '--name', name, ...flags, 'busybox', 'sleep', '1000']);
const refusal = (...words: readonly string[]): string => {
  const { status, stdout, stderr } = skiff(['network', ...words]);
  assert.equal([status, stdout], [1, ''], words.join(' '));
  assert.is(stderr.trim().split('\n').length, 1, stderr);
  return stderr;
};

test('a container that does not run gets and loses networks', () => {
  create('web', '--network', 'front');
  assert.equal(networksOf('web'), ['front']);
  assert.is(output(['network', 'connect', '--alias', 'db', '--ip', '10.82.0.9', 'back', 'web']), '');
  assert.equal(networksOf('web'), ['back', 'front']);
  assert.is(output(['network', 'disconnect', 'front', 'web']), '');
  assert.equal(networksOf('web'), ['back']);
  output(['network', 'disconnect', 'back', 'web']);
  assert.equal(networksOf('web'), []);
  assert.match(refusal('disconnect', 'back', 'web'), /container web is not connected to network back/);
  output(['network', 'connect', 'back', 'web']);
  assert.equal(networksOf('web'), ['back']);
});

test('what cannot be is refused in one line, and changes nothing', () => {
  create('web', '--network', 'front');
  create('alone', '--network', 'none');
  create('stack', '--network', 'slirp4netns');
  create('hosts', '--network', 'host');
  for (const [words, wanted] of [
    [['front', 'web'], /endpoint with name web already exists in network front/],
    [['nobody', 'web'], /no such network: nobody/],
    [['back', 'nobody'], /no such container: nobody/],
    [['host', 'web'], /connected to host network/],
    [['none', 'web'], /in private \(none\) mode/],
    [['back', 'alone'], /in private \(none\) mode/],
    [['back', 'stack'], /private network stack, slirp4netns/],
    [['back', 'hosts'], /sharing network namespace with another container or host/],
    [['--ip', '10.82.0.300', 'back', 'web'], /invalid --ip/],
    [['--driver-opt', 'colour=red', 'back', 'web'], /invalid driver-opt 'colour'/],
    [['--link', 'nobody', 'back', 'web'], /no such container: nobody/],
    [['--link-local-ip', '10.1.1.1', 'back', 'web'], /not a link-local address/],
    [['--alias', 'x', 'bridge', 'web'], /only supported for user-defined networks/],
  ] as const) assert.match(refusal('connect', ...words), wanted);
  assert.equal(networksOf('web'), ['front']);
  assert.match(refusal('disconnect', 'back', 'web'), /is not connected/);
  assert.match(refusal('disconnect', '-f', 'back', 'nobody'), /no such container: nobody/);
});

test('ten at once: each network is there once, none is lost', async () => {
  create('web', '--network', 'front');
  const [program, ...first] = skiffCommand;
  const codes = await Promise.all(Array.from({ length: 10 }, () => new Promise<number>((resolve) => spawn(program, [...first, 'network', 'connect', 'back', 'web'], { stdio: 'ignore' }).on('close', (code) => resolve(code ?? -1)))));
  assert.is(codes.filter((code) => code === 0).length, 1);
  assert.equal(networksOf('web'), ['back', 'front']);
});

test.run();
