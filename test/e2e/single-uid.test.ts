/**
 * Containers for somebody without subordinate ids: one user inside, who is the caller.
 * @single-uid
 * @also-on-node
 * @time-limit 900
 */
import { lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { attribute } from '../tree-run.ts';
import { bare, eventually, importBusybox, importDebian, leftovers, output, root, scratch, skiff } from './skiff.ts';

const { uid, gid, username } = userInfo();

/** What is said once on standard error. */
const notice = new RegExp(`^skiff: containers have one user here, you \\(/etc/subuid has no line for ${username}\\): .*usermod --add-subuids \\d+-\\d+ --add-subgids \\d+-\\d+ ${username}\\n$`);

/** Standard output of a container that must succeed, having said the notice and nothing else. */
const run = (args: readonly string[], timeout = 60000): string => {
  const { status, stdout, stderr } = skiff(args, { timeout });
  assert.is(status, 0, `${args.join(' ')}: ${stdout}${stderr}`);
  assert.match(stderr, notice);
  return stdout;
};

const inBusybox = (flags: readonly string[], script: string): string => run([...bare, ...flags, 'busybox', 'sh', '-c', script]);

test.before(() => {
  importBusybox();
  importDebian();
});
test.after.each(() => void assert.equal(leftovers(), []));

test('hello runs, and one line says what is lost', () => {
  assert.match(run(['run', '--rm', 'hello']), new RegExp(`0 in here is ${uid} outside`));
});

test('the default network is there, with names in networks of one\'s own', () => {
  assert.match(run(['run', '--rm', 'busybox', 'sh', '-c', 'ip -4 -o addr show eth0; ping -c 1 -W 5 172.17.0.1']), /inet 172\.17\.0\.2\/16[^]*1 packets received/);
  skiff(['network', 'create', 'own']);
  try {
    assert.match(run(['run', '--rm', '--network', 'own', '--name', 'self', 'busybox', 'nslookup', 'self', '127.0.0.11']), /Address: \d+\.\d+\.\d+\.2$/m);
  } finally {
    skiff(['network', 'rm', 'own']);
  }
});

test('the range that the notice proposes belongs to nobody yet', () => {
  const first = Number(/--add-subuids (\d+)-/.exec(skiff([...bare, 'busybox', 'true']).stderr)?.[1]);
  const taken = readFileSync('/etc/subuid', 'utf8').trim().split('\n').map((line) => line.split(':').slice(1).map(Number));
  for (const [start = 0, count = 0] of taken) assert.ok(first >= start + count || first + 65536 <= start, `${first} lies in ${start}:${count}`);
});

test('the caller is root inside, and the only user', () => {
  assert.equal(inBusybox([], 'cat /proc/self/uid_map /proc/self/gid_map').trim().split(/\s+/).map(Number), [0, uid, 1, 0, gid, 1]);
  assert.is(inBusybox([], 'id -u; id -g; id -G'), '0\n0\n0\n');
});

test('chown and its like succeed without doing anything, to ids that do not exist; others work as ever', () => {
  const script = 'touch /f && chown 33:33 /f && chown -h 1 /f && chgrp 4 /f && stat -c %u:%g /f; chown 0:0 /f; echo $?; chown 33 /missing 2>&1; su -s /bin/sh www -c "echo as su"';
  assert.is(inBusybox([], script), '0:0\n0\nchown: /missing: No such file or directory\nas su\n');
});

test('confinement is that of any container', () => {
  const status = new Map(inBusybox([], 'cat /proc/self/status').split('\n').map((line) => line.split(/:\s*/) as [string, string]));
  assert.is(status.get('CapBnd'), '00000000a80425fb');
  assert.is(status.get('Seccomp'), '2');
  assert.is(skiff([...bare, 'busybox', 'unshare', '-n', 'true']).status, 1);
});

test('an image\'s owners are noted, and not on the root of a layer', () => {
  const layers = readdirSync(join(root, 'layers-single-uid')).map((name) => join(root, 'layers-single-uid', name, 'fs'));
  const debian = layers.find((layer) => lstatSync(join(layer, 'etc/shadow'), { throwIfNoEntry: false }) !== undefined) ?? '';
  assert.is(Buffer.from(attribute(join(debian, 'etc/shadow'), 'user.containers.override_stat'), 'hex').toString(), '0:42:0640');
  assert.is(lstatSync(join(debian, 'etc/shadow')).uid, uid);
  assert.is(attribute(debian, 'user.containers.override_stat'), '');
});

test('files that a container makes belong to the caller', () => {
  const place = join(scratch(), 'place');
  mkdirSync(place);
  inBusybox(['-v', `${place}:/place`], 'mkdir /place/d; touch /place/d/f; chown 33 /place/d/f');
  const made = lstatSync(join(place, 'd/f'));
  assert.equal([made.uid, made.gid], [uid, gid]);
});

const refusal = (args: readonly string[], code = 125): string => {
  const { status, stdout, stderr } = skiff(args);
  assert.equal({ status, stdout }, { status: code, stdout: '' }, stderr);
  return stderr;
};

test('another user is refused: by number in one line, by name once the container\'s passwd is known', () => {
  assert.is(
    refusal([...bare, '-u', '1000', 'busybox', 'true']),
    `skiff: user id 1000 does not exist in the container: without subordinate ids there is one id only (/etc/subuid has no line for ${username}); use --userns keep-id:uid=1000, or have an administrator give you a range in /etc/subuid\n`,
  );
  assert.match(refusal([...bare, '-u', 'www', 'busybox', 'true']), /skiff: cannot run as user 33:33: without subordinate ids the container has one user only, 0:0; .*\n$/);
});

test('keep-id shows the one user under the id that was asked for', () => {
  assert.is(inBusybox(['--userns', 'keep-id:uid=1000,gid=100'], 'id -u; id -g; touch /tmp/f; chown 0 /tmp/f; stat -c %u:%g /tmp/f'), '1000\n100\n1000:100\n');
});

test('exec has the same user and says nothing new', () => {
  const name = 'long-lived';
  run(['run', '-d', '--network', 'none', '--name', name, 'busybox', 'sleep', '1000']);
  try {
    assert.is(output(['exec', name, 'sh', '-c', 'id -u; touch /f; chown 33 /f; echo $?']), '0\n0\n');
    assert.match(refusal(['exec', '-u', '1000', name, 'true'], 126), /^skiff: cannot run as user 1000:0: .*\n$/);
  } finally {
    skiff(['rm', '-f', name]);
  }
});

test('several containers share the keeper and leave nothing behind', () => {
  const ids = [1, 2, 3].map(() => run(['run', '-d', '--network', 'none', 'busybox', 'sleep', '1000']).trim());
  assert.is(output(['ps', '-q', '--no-trunc']).trim().split('\n').length, ids.length);
  output(['rm', '-f', ...ids]);
});

test('apt-get updates and installs packages with maintainer scripts that make users and set-id programs', () => {
  const proxies = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => (process.env[name] === undefined ? [] : ['-e', name]));
  const script = [
    'set -e; exec 2>&1; export DEBIAN_FRONTEND=noninteractive',
    'apt-get update -qq; apt-get install -qq -y --no-install-recommends openssh-client dbus cowsay',
    'getent passwd messagebus | cut -d: -f1; getent group _ssh | cut -d: -f1; stat -c %a /usr/bin/ssh-agent; dpkg --audit',
    '/usr/games/cowsay -f tux done | head -n 2 | tail -n 1',
  ].join('\n');
  const file = join(scratch(), 'script');
  writeFileSync(file, script);
  const lines = run(['run', '--rm', ...proxies, '-v', `${file}:/script:ro`, 'debian', 'sh', '/script'], 600000).trimEnd().split('\n');
  assert.equal(lines.slice(-4), ['messagebus', '_ssh', '2755', '< done >']);
});

test('a health check runs as the one user', async () => {
  const id = run(['run', '-d', '--network', 'none', '--health-cmd', 'id -u; test -w /', '--health-interval', '100ms', 'busybox', 'sleep', '1000']).trim();
  await eventually('it is healthy', () => output(['inspect', '--format', '{{.State.Health.Status}}', id]) === 'healthy\n');
  assert.is(output(['inspect', '--format', '{{(index .State.Health.Log 0).Output}}', id]), '0\n\n');
  output(['rm', '-f', id]);
});

test.run();
