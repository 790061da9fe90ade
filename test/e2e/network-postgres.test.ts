/**
 * A real database served to another container by its name, over a network of one's own, and to nobody else.
 * @one-driver
 * @image programs
 * @time-limit 600
 */
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, output, removeAll, skiff, testImages } from './skiff.ts';

test.before(() => {
  output(['import', join(testImages, 'programs.tar'), 'programs']);
  for (const name of ['data', 'other']) output(['network', 'create', name]);
});
test.after.each(removeAll);
test.after(() => void skiff(['network', 'rm', 'data', 'other']));

const postgres = 'PATH=$PATH:/usr/lib/postgresql/15/bin; test -s "$PGDATA/PG_VERSION" || initdb --auth=trust --no-sync > /dev/null || exit 1; echo host all all samenet trust >>"$PGDATA/pg_hba.conf"; exec postgres -k /tmp -c listen_addresses=\'*\' -c max_connections=10';

const psql = (network: string, host: string, text: string) => skiff(['run', '--rm', '--network', network, '--user', 'postgres', 'programs', 'psql', '-h', host, '-Atc', text, 'postgres']);

test('postgres by name and alias, again after a restart, and not from another network', async () => {
  output(['run', '-d', '--network', 'data', '--network-alias', 'db', '--name', 'store', '--user', 'postgres', '--shm-size', '128m', '-e', 'PGDATA=/var/lib/postgresql/data', 'programs', 'sh', '-c', postgres]);
  await eventually('postgres answers', () => psql('data', 'store', 'select 1').stdout === '1\n', 120000);
  assert.is(psql('data', 'db', 'create table numbers as select generate_series(1, 1000) as n').status, 0);
  assert.is(psql('data', 'db', 'select sum(n) from numbers').stdout, '500500\n');
  output(['restart', 'store']);
  await eventually('postgres answers again', () => psql('data', 'db', 'select sum(n) from numbers').stdout === '500500\n', 120000);
  assert.match(psql('other', 'store', 'select 1').stderr, /could not translate host name/);
  const address = output(['inspect', '--format', '{{.NetworkSettings.Networks.data.IPAddress}}', 'store']).trim();
  assert.match(psql('other', address, 'select 1').stderr, /No route to host|refused|prohibited|Permission denied/i);
});

test.run();
