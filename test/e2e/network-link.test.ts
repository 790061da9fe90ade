/**
 * `--link` on the default network: names in /etc/hosts, and variables.
 * @time-limit 300
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importBusybox, output, removeAll, skiff } from './skiff.ts';

test.before(() => importBusybox());
test.after.each(() => removeAll());

const warning = /^skiff: warning: --link is deprecated: [^\n]*\n$/;

/** Standard output of a command that links: it says that this is deprecated, and nothing else. */
const linking = (args: readonly string[]): string => {
  const { status, stdout, stderr } = skiff(args);
  assert.is(status, 0, stderr);
  assert.match(stderr, warning);
  return stdout;
};

const address = (name: string): string => output(['inspect', '--format', '{{.NetworkSettings.IPAddress}}', name]).trim();
const startDb = (...flags: readonly string[]): string => output(['run', '-d', '--name', 'db', '--hostname', 'store', ...flags, 'busybox', 'sleep', '1000']).trim();

test('the other one is found by alias, host name and name, and its ports and variables are told', () => {
  startDb('--expose', '5432', '-e', 'COLOUR=red');
  const text = linking(['run', '--rm', '--name', 'web', '--link', 'db:data-base', 'busybox', 'sh', '-c', 'cat /etc/hosts; env; for n in data-base store db; do ping -c 1 -W 5 $n >/dev/null && echo reached $n; done']);
  const db = address('db');
  assert.match(text, new RegExp(`^${db}\\tdata-base store db$`, 'm'));
  for (const line of [`DATA_BASE_PORT=tcp://${db}:5432`, `DATA_BASE_PORT_5432_TCP_ADDR=${db}`, 'DATA_BASE_PORT_5432_TCP_PORT=5432', 'DATA_BASE_NAME=/web/data-base', 'DATA_BASE_ENV_COLOUR=red']) {
    assert.ok(text.split('\n').includes(line), line);
  }
  assert.not.match(text, /DATA_BASE_ENV_(PATH|HOSTNAME|HOME)=/);
  for (const name of ['data-base', 'store', 'db']) assert.match(text, new RegExp(`^reached ${name}$`, 'm'));
});

test('what the container says itself wins; exec sees what it was started with; inspect shows the link', () => {
  startDb('--expose', '80');
  linking(['run', '-d', '--name', 'web', '--link', 'db', '-e', 'DB_NAME=mine', 'busybox', 'sleep', '1000']);
  const variables = output(['exec', 'web', 'env']).split('\n');
  assert.equal(variables.filter((line) => line.startsWith('DB_NAME=')), ['DB_NAME=mine']);
  assert.ok(variables.includes(`DB_PORT_80_TCP_ADDR=${address('db')}`));
  assert.is(output(['inspect', '--format', '{{json .HostConfig.Links}} {{json .NetworkSettings.Networks.bridge.Links}}', 'web']), '["/db:/web/db"] null\n');
  output(['rename', 'db', 'base']);
  assert.is(output(['inspect', '--format', '{{json .HostConfig.Links}}', 'web']), '["/base:/web/db"]\n');
});

test('who comes back with another address is found there', () => {
  startDb();
  linking(['run', '-d', '--name', 'web', '--link', 'db', 'busybox', 'sleep', '1000']);
  const before = address('db');
  output(['stop', '-t', '0', 'db']);
  output(['run', '-d', '--name', 'thief', 'busybox', 'sleep', '1000']);
  assert.is(address('thief'), before);
  output(['start', 'db']);
  assert.is.not(address('db'), before);
  const hosts = output(['exec', 'web', 'cat', '/etc/hosts']);
  assert.match(hosts, new RegExp(`^${address('db')}\\tdb store$`, 'm'));
  assert.not.match(hosts, new RegExp(`^${before}\\t`, 'm'));
});

test('it has to run when the one that links starts, which is told; later starts look anew', () => {
  startDb();
  linking(['create', '--name', 'web', '--link', 'db', 'busybox', 'cat', '/etc/hosts']);
  output(['stop', '-t', '0', 'db']);
  const { status, stderr } = skiff(['start', '-a', 'web']);
  assert.is(status, 1);
  assert.match(stderr, /Cannot link to a non running container: \/db AS \/web\/db/);
  output(['start', 'db']);
  for (const _ of [1, 2]) assert.match(output(['start', '-a', 'web']), new RegExp(`^${address('db')}\\tdb store$`, 'm'));
  output(['rm', '-f', 'db']);
  assert.not.match(output(['start', '-a', 'web']), /\tdb/, 'nobody is linked to who is gone');
});

test('what cannot be linked is refused, and leaves nothing', () => {
  output(['run', '-d', '--name', 'hosts', '--network', 'host', 'busybox', 'sleep', '1000']);
  output(['run', '-d', '--name', 'apart', '--network', 'slirp4netns', 'busybox', 'sleep', '1000']);
  for (const [flags, words] of [
    [['--link', 'nobody'], /no such container: nobody/],
    [['--link', 'hosts'], /host type networking can't be used with links/],
    [['--link', 'apart'], /not attached to default bridge network/],
    [['--network', 'host', '--link', 'apart'], /can't be used with links/],
  ] as const) {
    const { status, stderr } = skiff(['run', '--rm', '--name', 'web', ...flags, 'busybox', 'true']);
    assert.is(status, 125, flags.join(' '));
    assert.match(stderr, words);
  }
  assert.equal(output(['ps', '-a', '--format', '{{.Names}}']).trim().split('\n').sort(), ['apart', 'hosts']);
});

test('rm --link takes a name away, at once and for good, and no container', () => {
  output(['network', 'create', 'named']);
  try {
    startDb();
    linking(['run', '-d', '--name', 'web', '--link', 'db', '--link', 'db:store2', 'busybox', 'sleep', '1000']);
    assert.is(output(['rm', '--link', 'web/db', '/web/store2']), 'web/db\n/web/store2\n');
    assert.not.match(output(['exec', 'web', 'cat', '/etc/hosts']), /db|store/);
    assert.is(output(['inspect', '--format', '{{json .HostConfig.Links}}', 'web']), 'null\n');
    output(['restart', '-t', '0', 'web']);
    assert.not.match(output(['exec', 'web', 'cat', '/etc/hosts']), /db|store/);
    assert.is(output(['ps', '-a', '--format', '{{.Names}}']), 'web\ndb\n');
    output(['run', '-d', '--name', 'base', '--network', 'named', 'busybox', 'sleep', '1000']);
    linking(['run', '-d', '--name', 'site', '--network', 'named', '--link', 'base:data', 'busybox', 'sleep', '1000']);
    assert.is(skiff(['exec', 'site', 'nslookup', '-type=a', 'data']).status, 0);
    output(['rm', '-l', 'site/data']);
    assert.is.not(skiff(['exec', 'site', 'nslookup', '-type=a', 'data']).status, 0);
    assert.is(skiff(['exec', 'site', 'nslookup', '-type=a', 'base']).status, 0);
    const failure = (word: string): readonly [number, string] => {
      const { status, stderr } = skiff(['rm', '--link', word]);
      return [status, stderr];
    };
    assert.equal(failure('web/db'), [1, "skiff: no such container: web/db; see HostConfig.Links in 'skiff inspect web'\n"]);
    assert.match(failure('nobody/db')[1], /no such container: nobody/);
    assert.match(failure('web').join(' '), /^1 skiff: cannot remove the default link name of the container web; /);
  } finally {
    removeAll();
    output(['network', 'rm', 'named']);
  }
});

test.run();
