/** Mounts of RUN that reach outside of a step: agents of SSH, and caches that begin with files or are nobody else's. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { matches, skiff } from '../registry/run.ts';
import { bare, execute, importBusybox, importDebian, output, root, scratch } from './skiff.ts';

importBusybox();
importDebian();

/** The progress of a build that must end with `status`. */
const build = async (status: number, words: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): Promise<string> => {
  const result = await skiff(['build', '--progress', 'plain', ...words], { env });
  assert.is(result.status, status, result.stderr);
  return result.stderr;
};

const inImage = (image: string, script: string): string => output([...bare, '--entrypoint', 'sh', image, '-c', script]);

const context = (dockerfile: string, files: Readonly<Record<string, string>> = {}): string => {
  const directory = scratch();
  for (const [name, text] of Object.entries({ Dockerfile: dockerfile, ...files })) writeFileSync(join(directory, name), text);
  return directory;
};

const newKey = (passphrase: string): string => {
  const path = join(scratch(), 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', path]);
  return path;
};

/** Asks the agent to list its keys, to remove all, to add one, and to list again. */
const asking = `use IO::Socket::UNIX;
my $s = IO::Socket::UNIX->new(Peer => $ENV{SSH_AUTH_SOCK}) or die "no agent: $!";
for my $type (11, 19, 17, 11) { print $s pack('NC', 1, $type); $s->flush; read($s, my $head, 5); my ($n, $t) = unpack('NC', $head); read($s, my $rest, $n - 1) if $n > 1; print "$type: $t ", $t == 12 ? unpack('N', $rest) : '', "\\n"; }
`;
const answers = '11: 12 1\n19: 5 \n17: 5 \n11: 12 1\n';

/** The user's agent, with one key; gone with `stop`. */
const startAgent = async (): Promise<{ readonly socket: string; readonly stop: () => void }> => {
  const socket = join(scratch(), 'agent');
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  execFileSync('ssh-add', ['-q', newKey('')], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' });
  return { socket, stop: () => void child.kill() };
};

const agentProcesses = (): string => execute(['pgrep', '-u', String(process.getuid?.()), '-f', 'ssh-agent -a .*/build/']).stdout;

test('--ssh: the agent of the environment, of a socket, and one of keys; commands list and sign, and change nothing', async () => {
  const agent = await startAgent();
  try {
    const directory = context(`FROM debian
COPY ask.pl /
RUN --mount=type=ssh stat -c '%a %u %F' $SSH_AUTH_SOCK > /one; perl /ask.pl >> /one
RUN --mount=type=ssh,id=other,uid=33,gid=34,mode=660,target=/agent.sock stat -c '%a %u:%g %F' $SSH_AUTH_SOCK > /two
RUN --mount=type=ssh,id=keys,required perl /ask.pl > /three
RUN --mount=type=ssh,id=none test -z "$SSH_AUTH_SOCK"
`, { 'ask.pl': asking });
    await build(0, ['-t', 'agents', '--ssh', 'default', '--ssh', `other=${agent.socket}`, '--ssh', `keys=${newKey('')}`, directory], { SSH_AUTH_SOCK: agent.socket });
    assert.is(inImage('agents', 'cat /one /two /three; ls -d /agent.sock /run/buildkit 2>/dev/null; echo "$SSH_AUTH_SOCK"'), `600 0 socket\n${answers}660 33:34 socket\n${answers}\n`);
    for (let tries = 0; agentProcesses() !== '' && tries < 3000; tries += 1) await sleep(10);
    assert.is(agentProcesses(), '');
  } finally {
    agent.stop();
  }
});

test('--ssh: what is not there, or cannot be used, is told in a sentence', async () => {
  const directory = context('FROM busybox\nRUN --mount=type=ssh,required true\n');
  matches(await build(1, [directory]), /unset ssh forward key default: build with --ssh default/);
  matches(await build(1, ['--ssh', `default=${newKey('secret')}`, directory]), /cannot read the key .*passphrase/);
  const stopped = skiff(['build', '--ssh', 'default', directory], { env: { SSH_AUTH_SOCK: undefined } });
  matches((await stopped).stderr, /there is no agent, as SSH_AUTH_SOCK is not set/);
  matches((await skiff(['build', '--ssh', 'default=/nowhere', directory])).stderr, /no such file: \/nowhere/);
});

test('a cache with from= begins with the files of a stage, once, and owners stay', async () => {
  const dockerfile = (word: string): string => `FROM busybox AS first
RUN mkdir -p /in/d && echo ${word} > /in/f && chown -R 5:6 /in/d
FROM busybox
ARG N
RUN --mount=type=cache,target=/c,from=first,source=/in echo $N >> /c/f && cp /c/f /f && stat -c %u:%g /c/d >> /f
`;
  const directory = context(dockerfile('one'));
  await build(0, ['-t', 'begun', '--build-arg', 'N=1', directory]);
  assert.is(inImage('begun', 'cat /f'), 'one\n1\n5:6\n');
  await build(0, ['-t', 'begun', '--build-arg', 'N=2', directory]);
  assert.is(inImage('begun', 'cat /f'), 'one\n1\n2\n5:6\n');
  // Other files make another cache.
  await build(0, ['-t', 'begun', '--build-arg', 'N=3', context(dockerfile('two'))]);
  assert.is(inImage('begun', 'cat /f'), 'two\n3\n5:6\n');
  matches(await build(1, [context('FROM busybox\nRUN --mount=type=cache,target=/c,from=busybox,source=/bin/busybox true\n')]), /can only begin with a directory/);
});

test('a cache with sharing=private is nobody else\'s while a build has it, and is found again afterwards', async () => {
  const directory = context('FROM busybox\nARG N\nRUN --mount=type=cache,target=/c,id=own,sharing=private mkdir /c/held && sleep 0.5 && rmdir /c/held && echo $N >> /c/seen && cp /c/seen /seen\n');
  await Promise.all(['1', '2', '3'].map((n) => build(0, ['-t', `private${n}`, '--build-arg', `N=${n}`, directory])));
  await build(0, ['-t', 'private4', '--build-arg', 'N=4', directory]);
  assert.match(inImage('private4', 'cat /seen'), /^[123]\n(?:[123]\n)*4\n$/);
  const pools = readdirSync(join(root, 'build', 'mounts')).flatMap((id) => readdirSync(join(root, 'build', 'mounts', id)).filter((name) => name === 'private').map((name) => join(root, 'build', 'mounts', id, name)));
  assert.is(pools.length, 1);
  assert.ok(readdirSync(pools[0] ?? '').every((name) => name.startsWith('free-')));
  output(['builder', 'prune', '--all', '--force']);
  assert.equal(readdirSync(join(root, 'build', 'mounts')), []);
});

test.run();
