/**
 * `skiff doctor` for somebody without subordinate ids: a warning with the command for an administrator, and no error, for containers run.
 * @single-uid
 * @one-driver
 */
import { userInfo } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { skiff } from './skiff.ts';

test('no ids of one\'s own but one: one warning, whose remedy is the command to type', () => {
  const { status, stdout, stderr } = skiff(['doctor']);
  assert.equal([status, stderr], [0, '']);
  const ids = stdout.split('\n').filter((line) => / ids /.test(line.slice(0, 16)));
  const { username } = userInfo();
  assert.equal(ids.map((line) => line.slice(0, 7)), ['warning', 'warning'], stdout);
  for (const [at, name] of ['subuid', 'subgid'].entries()) {
    assert.match(ids[at] ?? '', new RegExp(`/etc/${name} has no ids for ${username}: containers have one user, you; ask an administrator to run: usermod --add-subuids \\d+-\\d+ --add-subgids \\d+-\\d+ ${username}$`));
  }
  // What only others' files need is no finding here.
  assert.not.match(stdout, /cannot keep files of subordinate ids/);
  assert.match(stdout, /no errors, \d+ warnings\n$/);
});

test('--repair works as for everybody', () => {
  const { status, stdout } = skiff(['doctor', '--repair', '--format', '{{.Check}} {{.Level}}']);
  assert.is(status, 0, stdout);
  assert.match(stdout, /^leftovers ok$/m);
});

test.run();
