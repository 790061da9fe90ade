/**
 * Names of containers at 127.0.0.11, asked for with nslookup of busybox and with dig: who has which, in which network, from when on and until
 * when; who answers the rest; and a container that does its worst to it.
 * @one-driver
 * @image resolver
 * @time-limit 600
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, importBusybox, output, removeAll, root, skiff, testImages } from './skiff.ts';

const networks = ['front', 'back', 'inner'] as const;

test.before(() => {
  importBusybox();
  output(['import', join(testImages, 'resolver.tar'), 'resolver']);
  output(['network', 'create', 'front']);
  output(['network', 'create', 'back']);
  output(['network', 'create', '--internal', 'inner']);
});
test.after.each(removeAll);
test.after(() => void output(['network', 'rm', ...networks]));

/** A container that sleeps, with these flags: its id. */
const sleeper = (name: string, flags: readonly string[], image = 'busybox'): string =>
  output(['run', '-d', '--name', name, ...flags, image, 'busybox', 'sleep', '1000']).trim();

const addressOf = (name: string, network: string): string => output(['inspect', '--format', `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, name]).trim();

/** What `dig` says to these words in the container `from`. */
const dig = (from: string, ...words: readonly string[]): string => output(['exec', from, 'dig', '+tries=1', '+time=10', ...words]).trim();

/** The addresses, sorted. */
const lookup = (from: string, name: string, type = 'A'): readonly string[] => dig(from, '+short', name, type).split('\n').filter((line) => line !== '').sort();

/** `NOERROR 1`: the code, and how many answers there are. */
const verdict = (from: string, ...words: readonly string[]): string => {
  const text = dig(from, ...words);
  return `${/status: (\w+)/.exec(text)?.[1]} ${/ANSWER: (\d+)/.exec(text)?.[1]}`;
};

const nslookup = (from: string, name: string): string => skiff(['exec', from, 'busybox', 'nslookup', name, '127.0.0.11']).stdout;

test('a container is found by name, alias, short id and with its network, in any case, by nslookup and dig', () => {
  const id = sleeper('redis', ['--network', 'front', '--network-alias', 'Db', '--hostname', 'other']);
  sleeper('asker', ['--network', 'front'], 'resolver');
  const address = addressOf('redis', 'front');
  assert.match(address, /^172\.\d+\.\d+\.\d+$/);
  for (const name of ['redis', 'REDIS', 'db', 'dB.front', 'redis.front', id.slice(0, 12), `${id.slice(0, 12)}.front`]) assert.equal(lookup('asker', name), [address], name);
  for (const name of ['redi', 'redis.back', 'front', id.slice(0, 11)]) assert.equal(lookup('asker', `${name}.`), [], name);
  const text = nslookup('redis', 'redis');
  assert.match(text, /Server:\s+127\.0\.0\.11\n/);
  assert.ok(text.includes(`Address: ${address}\n`) || text.includes(`Address 1: ${address}`), text);
  assert.is(dig('asker', '+short', '-x', address), 'redis.front.');
});

test('a name without the asked type is there all the same, a reverse name of nobody is not, and neither is asked of others', () => {
  sleeper('redis', ['--network', 'front']);
  sleeper('asker', ['--network', 'front'], 'resolver');
  for (const type of ['AAAA', 'MX', 'TXT', 'HTTPS', 'SRV']) assert.is(verdict('asker', 'redis', type), 'NOERROR 0', type);
  const nobody = addressOf('redis', 'front').replace(/\d+$/, '250');
  assert.is(verdict('asker', '-x', nobody), 'NXDOMAIN 0');
  assert.is(verdict('asker', '+tcp', 'redis', 'A'), 'NOERROR 1');
  assert.is(verdict('asker', '+noedns', 'redis', 'A'), 'NOERROR 1');
  assert.is(verdict('asker', '+edns=1', '+noednsneg', 'redis', 'A'), 'BADVERS 0');
});

test('networks have names of their own: the same alias is another container in each, and who is in both knows both', () => {
  sleeper('one', ['--network', 'front', '--network-alias', 'redis']);
  sleeper('two', ['--network', 'back', '--network-alias', 'redis']);
  sleeper('left', ['--network', 'front'], 'resolver');
  sleeper('right', ['--network', 'back'], 'resolver');
  const [first, second] = [addressOf('one', 'front'), addressOf('two', 'back')];
  assert.equal([lookup('left', 'redis'), lookup('right', 'redis')], [[first], [second]]);
  assert.equal([lookup('left', 'two.'), lookup('right', 'one.'), lookup('left', 'redis.back.')], [[], [], []]);
  output(['network', 'connect', 'back', 'left']);
  assert.equal([lookup('left', 'redis.front'), lookup('left', 'redis.back'), lookup('left', 'two')], [[first], [second], [second]]);
});

test('on the default network there are no names', () => {
  sleeper('redis', ['--network', 'bridge']);
  sleeper('asker', ['--network', 'bridge'], 'resolver');
  assert.is.not(skiff(['exec', 'asker', 'busybox', 'ping', '-c', '1', '-W', '2', 'redis']).status, 0);
  assert.is(skiff(['exec', 'asker', 'busybox', 'ping', '-c', '1', '-W', '5', addressOf('redis', 'bridge')]).status, 0);
});

test('a connect, a disconnect, a start, a stop and a removal are seen as soon as the command has returned', () => {
  sleeper('asker', ['--network', 'front'], 'resolver');
  sleeper('redis', ['--network', 'back']);
  for (let round = 0; round < 3; round += 1) {
    assert.equal(lookup('asker', 'redis.'), []);
    output(['network', 'connect', '--alias', 'db', 'front', 'redis']);
    assert.equal([lookup('asker', 'redis'), lookup('asker', 'db')], [[addressOf('redis', 'front')], [addressOf('redis', 'front')]]);
    output(['stop', '-t', '0', 'redis']);
    assert.equal(lookup('asker', 'redis.'), []);
    output(['start', 'redis']);
    assert.equal(lookup('asker', 'db'), [addressOf('redis', 'front')]);
    output(['network', 'disconnect', 'front', 'redis']);
  }
  output(['rm', '-f', 'redis']);
  assert.equal(lookup('asker', 'redis.'), []);
});

test('several containers with one alias: all are told, and each comes first now and then', () => {
  sleeper('asker', ['--network', 'front'], 'resolver');
  const addresses = ['one', 'two', 'three'].map((name) => {
    sleeper(name, ['--network', 'front', '--network-alias', 'web']);
    return addressOf(name, 'front');
  });
  const answers = output(['exec', 'asker', 'sh', '-c', 'for i in $(seq 60); do dig +short web | head -1; done']).trim().split('\n');
  assert.equal(lookup('asker', 'web'), [...addresses].sort());
  assert.equal([...new Set(answers)].sort(), [...addresses].sort());
});

test('search domains are those of the flag, and a linked container has the name that the flag gives it', () => {
  const id = sleeper('redis', ['--network', 'front']);
  const { status, stderr } = skiff(['run', '-d', '--name', 'asker', '--network', 'front', '--dns-search', 'front', '--link', `${id}:store`, 'resolver', 'busybox', 'sleep', '1000']);
  assert.is(status, 0);
  assert.match(stderr, /^skiff: warning: --link is deprecated/);
  assert.match(output(['exec', 'asker', 'cat', '/etc/resolv.conf']), /^search front\nnameserver 127\.0\.0\.11\noptions ndots:0$/m);
  assert.match(output(['exec', 'asker', 'getent', 'hosts', 'store']), new RegExp(`^${addressOf('redis', 'front')} `));
  sleeper('other', ['--network', 'front'], 'resolver');
  assert.equal(lookup('other', 'store.'), []);
});

test('a server of --dns is asked for the rest, from the container', async () => {
  const script = 'use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 53, Proto => "udp"); while ($s->recv(my $q, 4096)) { my $a = $q; substr($a, 2, 2) = "\\x81\\x80"; substr($a, 6, 2) = "\\0\\1"; substr($a, 8, 4) = "\\0\\0\\0\\0"; my $n = index($q, "\\0", 12); $a = substr($a, 0, $n + 5) . "\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\5\\0\\4\\x09\\x08\\x07\\x06"; $s->send($a) }';
  output(['run', '-d', '--name', 'server', '--network', 'inner', 'resolver', 'perl', '-e', script]);
  sleeper('asker', ['--network', 'inner', '--dns', addressOf('server', 'inner')], 'resolver');
  await eventually('the server answers', () => lookup('asker', 'www.example.com').join() === '9.8.7.6');
  assert.equal(lookup('asker', 'server'), [addressOf('server', 'inner')], 'names of ours are not asked of it');
});

test('in an internal network what is nobody’s name does not exist, and no question leaves', () => {
  sleeper('asker', ['--network', 'inner'], 'resolver');
  assert.is(verdict('asker', 'example.com', 'A'), 'NXDOMAIN 0');
  assert.is(verdict('asker', '-x', '192.0.2.1'), 'NXDOMAIN 0');
  assert.equal(lookup('asker', 'asker'), [addressOf('asker', 'inner')]);
});

/** Random bytes, loops of compression, 60 kB at once, and questions that others have to answer, for five seconds. */
const hostile = `use IO::Socket::INET; use Time::HiRes qw(time sleep);
my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.11", PeerPort => 53, Proto => "udp") or die;
my $end = time + 5; my $n = 0;
while (time < $end) { for (1 .. 10) { $n++;
  my $h = pack("n6", $n & 65535, 256, 1, 0, 0, $n % 3);
  my $r = join "", map { chr int rand 256 } 1 .. 1 + int rand 300;
  $s->send($r); $s->send($h . $r); $s->send($h . "\\xc0\\x0c\\0\\1\\0\\1"); $s->send($h . "\\1a" x 200);
  $s->send($h . "\\x08" . sprintf("%08d", $n) . "\\7example\\3com\\0\\0\\1\\0\\1");
  $s->send("x" x 60000) if $n % 100 == 0; }
  sleep 0.01; }
print "$n\\n";`;

/** The name servers of this test's containers: their argument is a file of ours. */
const pidsOfDns = (): readonly number[] =>
  readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/comm`, 'utf8') === 'skiff-dns\n' && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(root);
    } catch {
      return false;
    }
  });

/** Milliseconds that the median of 1,000 answers takes inside of the container. */
const latency = (from: string): number => {
  const script = `use IO::Socket::INET; use Time::HiRes qw(time);
my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.11", PeerPort => 53, Proto => "udp") or die; my @t;
for my $i (1 .. 1000) { my $b = time; $s->send(pack("n6", $i, 256, 1, 0, 0, 0) . "\\5redis\\0\\0\\1\\0\\1"); $s->recv(my $a, 4096); push @t, time - $b; }
@t = sort { $a <=> $b } @t; printf "%.4f\\n", 1000 * $t[500];`;
  return Number(output(['exec', from, 'perl', '-e', script]));
};

test('a hostile container harms no name server: not its own, nor its neighbour’s', () => {
  sleeper('redis', ['--network', 'front']);
  sleeper('neighbour', ['--network', 'front'], 'resolver');
  sleeper('bad', ['--network', 'front'], 'resolver');
  const before = pidsOfDns();
  output(['exec', '-d', 'bad', 'perl', '-e', hostile]);
  const meanwhile = latency('neighbour');
  assert.equal(lookup('neighbour', 'redis'), [addressOf('redis', 'front')]);
  assert.ok(Number(output(['exec', 'bad', 'perl', '-e', hostile])) > 100, 'it was fast enough to be hostile');
  assert.equal(lookup('bad', 'redis'), [addressOf('redis', 'front')]);
  assert.equal(pidsOfDns(), before, 'none has ended');
  for (const pid of before) {
    const resident = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    assert.ok(resident < 2048, `${resident} kB`);
  }
  process.stdout.write(`an answer takes ${latency('neighbour')} ms, beside a hostile container ${meanwhile} ms (medians of 1,000)\n`);
});

test('a name server that is killed is there again, and no question is lost', async () => {
  sleeper('redis', ['--network', 'front']);
  sleeper('asker', ['--network', 'front'], 'resolver');
  const address = addressOf('redis', 'front');
  for (let round = 0; round < 3; round += 1) {
    const killed = pidsOfDns();
    assert.is(killed.length, 2);
    execFileSync('kill', ['-KILL', ...killed.map(String)]);
    assert.equal(lookup('asker', 'redis'), [address]);
    await eventually('both are there again', () => pidsOfDns().filter((pid) => !killed.includes(pid)).length === 2);
  }
});

test.run();
