/**
 * Flags of `skiff run` and `create` that are about what is attached and what is written down, and those that are refused.
 * @also-on-node
 */
import { spawnSync } from 'node:child_process';
import { readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, importBusybox, inBusybox, leftovers, loadImage, output, removeAll, scratch, skiff, skiffCommand } from './skiff.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

const bare = ['run', '--network', 'none'] as const;
const both = 'echo out; echo err >&2; exit 3';

test('-a: only the streams that are named are shown, and all are logged', () => {
  const seen = (...flags: readonly string[]): readonly unknown[] => {
    const { status, stdout, stderr } = skiff([...bare, '--name', 'box', ...flags, 'busybox', 'sh', '-c', both]);
    const logs = skiff(['logs', 'box']);
    output(['rm', 'box']);
    assert.equal([logs.stdout, logs.stderr], ['out\n', 'err\n']);
    return [status, stdout, stderr];
  };
  assert.equal(seen('-a', 'stdout'), [3, 'out\n', '']);
  assert.equal(seen('--attach=STDERR'), [3, '', 'err\n']);
  assert.equal(seen('-a', 'stdout', '-a', 'stderr'), [3, 'out\n', 'err\n']);
});

test('-a stdout with -i: input comes too, as with Docker', () => {
  assert.is(inBusybox(['-i', '-a', 'stdout'], 'cat; echo no >&2', { input: 'text\n' }), 'text\n');
});

test('-a stdin alone: the id is printed, the input arrives whole, and nothing is waited for', async () => {
  const data = Buffer.alloc(1 << 20, 'some text that is repeated\n');
  const { status, stdout, stderr } = skiff([...bare, '-i', '-a', 'stdin', '--name', 'box', 'busybox', 'sh', '-c', 'wc -c; sleep 1000'], { input: data });
  assert.equal([status, stderr], [0, '']);
  assert.match(stdout, /^[0-9a-f]{64}\n$/);
  assert.is(output(['ps', '-q', '--no-trunc']), stdout);
  await eventually('all of it was read', () => skiff(['logs', 'box']).stdout === `${1 << 20}\n`);
});

test('-a with -d, and a stream that there is not, are refused', () => {
  for (const flags of [['-d', '-a', 'stdout'], ['-a', 'output']]) {
    const { status, stdout, stderr } = skiff([...bare, ...flags, 'busybox', 'true']);
    assert.equal([status, stdout, stderr.split('\n').length], [125, '', 2], stderr);
  }
  assert.equal(leftovers(), []);
});

test('inspect tells what was attached', () => {
  const streams = (...words: readonly string[]): string => {
    const id = output(['create', '--network', 'none', ...words, 'busybox', 'true']).trim();
    return output(['inspect', '-f', '{{.Config.AttachStdin}} {{.Config.AttachStdout}} {{.Config.AttachStderr}} {{.Config.StdinOnce}}', id]).trim();
  };
  assert.is(streams(), 'false true true false');
  assert.is(streams('-i'), 'true true true true');
  assert.is(streams('-a', 'stdin'), 'true false false false');
  assert.is(streams('-i', '-a', 'stderr'), 'true false true true');
});

test('--sig-proxy=false: a signal ends what is at the terminal, and not the container', () => {
  const [program, ...words] = skiffCommand;
  const script = '"$@" & sleep 2; kill -TERM $!; wait $!; echo $?';
  const run = [program, ...words, ...bare, '--sig-proxy=false', '--name', 'box', 'busybox', 'sleep', '1000'];
  const done = spawnSync('sh', ['-c', script, 'sh', ...run], { encoding: 'utf8' });
  assert.is(done.stdout, '143\n', done.stderr);
  assert.is(output(['ps', '--format', '{{.Names}}']), 'box\n');
});

test('--dns, --dns-search, --dns-option and --domainname', () => {
  const flags = ['--dns', '192.0.2.53', '--dns', '2001:db8::53', '--dns-search', 'example.org', '--dns-option', 'ndots:2', '--dns-opt', 'rotate', '--domainname', 'corner', '-h', 'box'];
  const text = inBusybox(flags, 'cat /etc/resolv.conf; cat /proc/sys/kernel/domainname; hostname');
  assert.equal(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).sort(), ['box', 'corner', 'nameserver 192.0.2.53', 'nameserver 2001:db8::53', 'options ndots:2 rotate', 'search example.org']);
  assert.is(skiff([...bare, '--dns', 'example.org', 'busybox', 'true']).status, 125);
});

test('--cgroupns: one of its own, or the host\'s', () => {
  const own = readlinkSync('/proc/self/ns/cgroup');
  assert.is(inBusybox(['--cgroupns', 'host'], 'readlink /proc/self/ns/cgroup').trim(), own);
  assert.is.not(inBusybox(['--cgroupns', 'private'], 'readlink /proc/self/ns/cgroup').trim(), own);
  assert.is.not(inBusybox([], 'readlink /proc/self/ns/cgroup').trim(), own);
});

test('--label-file, with --label over it', () => {
  const file = join(scratch(), 'labels');
  writeFileSync(file, '# labels\na=1\nb=from file\nc\n');
  const id = output(['create', '--network', 'none', '--label-file', file, '-l', 'b=from flag', 'busybox', 'true']).trim();
  assert.equal(JSON.parse(output(['inspect', '-f', '{{json .Config.Labels}}', id])), { a: '1', b: 'from flag', c: '' });
  assert.match(skiff(['create', '--label-file', '/no/such', 'busybox']).stderr, /^skiff: cannot read \/no\/such: it does not exist\n$/);
});

test('--annotation is in config.json, and in inspect', () => {
  const id = output(['create', '--network', 'none', '--annotation', 'org.example.a=1=2', '--annotation', 'b', 'busybox', 'true']).trim();
  assert.equal(JSON.parse(output(['inspect', '-f', '{{json .HostConfig.Annotations}}', id])), { b: '', 'org.example.a': '1=2' });
  assert.is(skiff(['create', '--annotation', '=x', 'busybox']).status, 125);
});

test('--oom-score-adj holds; below 0 it takes root', () => {
  assert.is(inBusybox(['--oom-score-adj', '777'], 'cat /proc/self/oom_score_adj'), '777\n');
  const { status, stderr } = skiff([...bare, '--oom-score-adj=-5', 'busybox', 'true']);
  assert.is(status, 125);
  assert.match(stderr, /only root/);
});

test('--expose and EXPOSE: in the configuration, and while it runs on a network of its own in ps', () => {
  loadImage('exposing', { Cmd: ['sleep', '1000'], ExposedPorts: { '80/tcp': {}, '53/udp': {} } });
  output(['run', '-d', '--name', 'box', '--expose', '8000-8002', '--expose', '80', 'exposing']);
  assert.is(output(['ps', '--format', '{{.Ports}}']), '80/tcp, 53/udp, 8000-8002/tcp\n');
  const ports = ['53/udp', '80/tcp', '8000/tcp', '8001/tcp', '8002/tcp'];
  assert.equal(JSON.parse(output(['inspect', '-f', '{{json .Config.ExposedPorts}}', 'box'])), Object.fromEntries(ports.map((name) => [name, {}])));
  assert.equal(JSON.parse(output(['inspect', '-f', '{{json .NetworkSettings.Ports}}', 'box'])), Object.fromEntries(ports.map((name) => [name, null])));
  output(['kill', 'box']);
  output(['wait', 'box']);
  assert.is(output(['ps', '-a', '--format', '{{.Ports}}']), '\n');
  assert.is(output(['inspect', '-f', '{{json .NetworkSettings.Ports}} {{len .Config.ExposedPorts}}', 'box']), '{} 5\n');
  output(['run', '-d', '--name', 'alone', '--network', 'none', 'exposing']);
  assert.is(output(['ps', '--format', '{{.Ports}}']), '\n', 'nobody reaches a port of a container without a network');
});

test('what cannot be had is refused with 125, and nothing is made', () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    gpus: ['--gpus', 'all'], 'device-cgroup-rule': ['--device-cgroup-rule', 'c 1:3 rwm'], 'use-api-socket': ['--use-api-socket'],
  };
  for (const [name, flags] of Object.entries(cases)) {
    for (const command of ['run', 'create']) {
      const { status, stdout, stderr } = skiff([command, ...flags, 'busybox', 'true']);
      assert.equal([status, stdout], [125, '']);
      assert.match(stderr, new RegExp(`^skiff: --${name}: [^\\n]+; [^\\n]+\\n$`));
    }
  }
  assert.is(output([...bare, '--isolation', 'default', 'busybox', 'echo', 'x']), 'x\n');
  assert.is(skiff([...bare, '--isolation', 'hyperv', 'busybox', 'true']).status, 125);
});

test.run();
