/** Options of volumes that a FUSE program shows: what is taken, and which mount and command line come of them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkFuseOptions, fuseEnvironment, fuseWords } from '../../src/volumes/drivers/fuse-options.ts';

const ranges = [{ containerId: 0, hostId: 1000, size: 1 }, { containerId: 1, hostId: 100000, size: 65536 }];
const ids = { uid: ranges, gid: ranges };
const three = { path: '/usr/bin/sshfs', takesFd: true };
const two = { path: '/usr/bin/fuse2fs', takesFd: false };

const refused = (options: Record<string, string>, words: RegExp): void => assert.throws(() => checkFuseOptions(options), words, JSON.stringify(options));

test('options are checked before anything is written down', () => {
  refused({}, /missing required option: "program"/);
  refused({ program: 'sshfs', type: 'nfs' }, /invalid option: "type"/);
  refused({ program: './sshfs' }, /absolute path/);
  refused({ program: '-x' }, /option of its own/);
  refused({ program: 'sshfs', device: '-oProxyCommand=touch /tmp/x' }, /option of its own/);
  refused({ program: 'sshfs', device: 'a\0b' }, /control character/);
  refused({ program: 'sshfs', device: 'h:/a\nb' }, /control character/);
  refused({ program: 'sshfs', device: '' }, /it is empty/);
  refused({ program: 'squashfuse', device: './x.sqfs' }, /must be absolute/);
  for (const word of ['fd=5', 'rootmode=0', 'user_id=0', 'group_id=0', 'allow_root', 'auto_unmount', 'blkdev']) refused({ program: 'sshfs', o: `ro,${word}` }, new RegExp(`invalid option o=${word}`));
  checkFuseOptions({ program: '/opt/bin/sshfs', device: 'host:/path', o: 'reconnect,IdentityFile=/home/me/.ssh/id,toString' });
});

test('a program with libfuse 3 gets an open /dev/fuse, and the mount has its options', () => {
  const words = fuseWords({ program: 'sshfs', device: 'host:/path', o: 'ro,default_permissions,max_read=4096,uid=80,gid=0,port=22,allow_other' }, three, '/v/_data', ids, ['HOME=/home/me']);
  assert.equal(words, [
    'fuse', '7', 'allow_other,default_permissions,max_read=4096', 'host:/path', 'fuse.sshfs', 'fd', '1', 'HOME=/home/me',
    '/usr/bin/sshfs', '-f', '-o', 'ro,default_permissions,max_read=4096,uid=100079,gid=1000,port=22', 'host:/path', '/dev/fd/3',
  ]);
});

test('another mounts itself, and everybody in a container may look', () => {
  const words = fuseWords({ program: 'fuse2fs', device: '/x.ext4', o: 'allow_other,fakeroot' }, two, '/v/_data', ids, []);
  assert.equal(words.slice(5), ['self', '0', '/usr/bin/fuse2fs', '-f', '-o', 'nosuid,nodev,allow_other,fakeroot', '/x.ext4', '/v/_data']);
  assert.equal(fuseWords({ program: 'x' }, two, '/v/_data', ids, []).slice(3), ['fuse2fs', 'fuse.fuse2fs', 'self', '0', '/usr/bin/fuse2fs', '-f', '-o', 'nosuid,nodev,allow_other', '/v/_data']);
});

test('escaped commas belong to values, names of the mount may be chosen, owners must exist', () => {
  const words = fuseWords({ program: 'sshfs', device: 'h:', o: 'fsname=a\\,b,subtype=x/y,,suid' }, three, '/v', ids, []);
  assert.equal(words.slice(1, 5), ['4', 'allow_other', 'a\\,b', 'fuse.y']);
  assert.ok(words.includes('fsname=a\\,b,subtype=x/y,suid'));
  assert.throws(() => fuseWords({ program: 'sshfs', o: 'uid=70000' }, three, '/v', ids, []), /no such user id/);
});

test('the program gets no more of the environment than it needs', () => {
  assert.equal(fuseEnvironment({ HOME: '/h', SSH_AUTH_SOCK: '/s', AWS_SECRET: 'x', LD_PRELOAD: '/x.so', PATH: '/bin', LANG: 'a\0b' }), ['PATH=/bin', 'HOME=/h', 'SSH_AUTH_SOCK=/s']);
});

test.run();
