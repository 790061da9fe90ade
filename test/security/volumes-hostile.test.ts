/**
 * A container that shares a volume changes it while others are started on it: whatever it swaps for links, nothing of the host is mounted, read or written.
 * @time-limit 600
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tar } from '../tar-maker.ts';
import { bare, importBusybox, inBusybox, loadImage, output, removeAll, root, scratch, skiff, withContainer } from '../e2e/skiff.ts';

test.before(() => importBusybox());
test.after.each(() => {
  removeAll();
  skiff(['volume', 'prune', '-af']);
});

/** The whole race is 1,000 rounds; a part of it shows a way that is open by mistake. */
const rounds = process.env['SKIFF_SOAK'] === undefined ? 25 : 1000;

const canary = 'this is the host\n';

/** A directory of the host with a canary, whose path a container can guess but must not reach. */
const outside = (): string => {
  const at = scratch();
  writeFileSync(join(at, 'canary'), canary);
  return at;
};

const isWhole = (at: string): void => {
  assert.is(readFileSync(join(at, 'canary'), 'utf8'), canary);
  assert.equal(readdirSync(at), ['canary']);
};

/** Swaps /v/way between a directory and links to `target` and out of the volume, as fast as it can. */
const swapping = (target: string): string =>
  `cd /v; mkdir -p real/sub way/sub; touch ready; while true; do mv -T way w1 2>/dev/null; ln -s ${target} way 2>/dev/null; rm -f way; ln -s ../../../../../../../..${target} way 2>/dev/null; rm -f way; ` +
  'ln -s / way 2>/dev/null; rm -f way; ln -s real way 2>/dev/null; rm -f way; mv -T w1 way 2>/dev/null; done';

const whileSwapping = (at: string, body: () => void): void =>
  withContainer(['-v', 'shared:/v'], ['busybox', 'sh', '-c', swapping(at)], (id) => {
    output(['exec', id, 'sh', '-c', 'until [ -e /v/ready ]; do sleep 0.05; done']);
    body();
  });

test('nested mounts: whatever the way below the shared volume is, the mount ends up in the container', () => {
  const at = outside();
  whileSwapping(at, () => {
    for (let round = 0; round < rounds; round += 1) {
      const { stdout } = skiff([...bare, '-v', 'shared:/v', '-v', 'other:/v/way/sub', '--tmpfs', '/v/way/memory', 'busybox', 'sh', '-c', 'grep -c canary /v/way/canary 2>/dev/null; echo x > /v/way/sub/mark 2>/dev/null']);
      assert.not.match(stdout, /[1-9]/, `round ${round}`);
    }
  });
  isWhole(at);
  assert.equal(spawnSync('grep', ['-c', at, '/proc/self/mountinfo'], { encoding: 'utf8' }).stdout.trim(), '0');
});

test('nested mounts that are read-only are so wherever they end up', () => {
  const at = outside();
  whileSwapping(at, () => {
    for (let round = 0; round < rounds; round += 1) {
      const { stdout } = skiff([...bare, '-v', 'shared:/v', '-v', 'locked:/v/way/sub:ro', 'busybox', 'sh', '-c', "awk '$4 ~ /locked\\/_data$/ && $6 !~ /(^|,)ro(,|$)/ { print \"writable\" }' /proc/self/mountinfo"]);
      assert.is(stdout, '', `round ${round}`);
    }
  });
  isWhole(at);
});

test('a part of the shared volume, resolved while it changes', () => {
  const at = outside();
  whileSwapping(at, () => {
    for (let round = 0; round < rounds; round += 1) {
      const { stdout, stderr } = skiff([...bare, '--mount', 'src=shared,dst=/p,volume-subpath=way', 'busybox', 'sh', '-c', 'cat /p/canary 2>/dev/null; ls /p | grep -x etc; touch /p/written']);
      assert.is(stdout, '', `round ${round}`);
      assert.match(stderr, /^$|^skiff: (volume-subpath way leads out of volume shared|cannot access volume-subpath way of volume shared: No such file or directory)\n$/);
    }
  });
  isWhole(at);
  assert.not.ok(existsSync('/written'));
});

test('cp into and out of the shared volume', () => {
  const at = outside();
  const file = join(scratch(), 'canary');
  writeFileSync(file, 'written\n');
  output(['create', '--name', 'still', '-v', 'shared:/v', 'busybox', 'true']);
  whileSwapping(at, () => {
    for (let round = 0; round < Math.min(rounds, 100); round += 1) {
      skiff(['cp', '-q', file, 'still:/v/way/canary']);
      assert.not.ok(skiff(['cp', 'still:/v/way/.', '-']).bytes.includes(canary), `round ${round}`);
    }
  });
  isWhole(at);
});

test('a volume that is shared is filled, cloned, exported and given away while it changes', () => {
  const at = outside();
  loadImage('filled', { Cmd: ['sh'] }, tar({ name: 'v/', type: 'directory' }, ...Array.from({ length: 50 }, (_, index) => ({ name: `v/way/f${index}`, data: 'image\n' }))));
  whileSwapping(at, () => {
    for (let round = 0; round < Math.min(rounds, 60); round += 1) {
      skiff([...bare, '-v', 'shared:/v', 'filled', 'true']);
      skiff([...bare, '-v', 'shared:/v:U', '-u', '5:5', 'busybox', 'true']);
      skiff(['volume', 'clone', 'shared', `copy${round}`]);
      assert.not.ok(skiff(['volume', 'export', 'shared']).bytes.includes(canary), `round ${round}`);
    }
  });
  isWhole(at);
  assert.is(inBusybox(['-v', 'copy0:/x'], 'find /x -name canary -type f | head -n 1'), '', 'nothing of the host was copied');
});

test('what an image has at a volume\'s place is copied without following a link', () => {
  const at = outside();
  const layer = tar(
    { name: 'link', type: 'symlink', linkname: at },
    { name: 'data/', type: 'directory' },
    { name: 'data/out', type: 'symlink', linkname: at },
    { name: 'data/up', type: 'symlink', linkname: '../../../../../../../../etc' },
    { name: 'data/pipe', type: 'fifo' },
  );
  loadImage('linked', { Cmd: ['sh'] }, layer);
  assert.is(output([...bare, '-v', 'one:/data', 'linked', 'sh', '-c', 'cd /data; readlink out; readlink up; test -p pipe && echo pipe; ls | wc -l']), `${at}\n../../../../../../../../etc\npipe\n3\n`);
  const { stdout } = skiff([...bare, '-v', 'two:/link', 'linked', 'sh', '-c', `ls ${at} /link`]);
  assert.not.match(stdout, /canary/, 'a link at the volume\'s place is one of the container\'s');
  isWhole(at);
});

test('links in the directory of volumes, as a stranger with the same account might put there, are no volumes', () => {
  output(['volume', 'create', 'data']);
  const at = outside();
  symlinkSync(at, join(root, 'volumes/linked'));
  const { status, stderr } = skiff([...bare, '-v', 'linked:/x', 'busybox', 'ls', '/x']);
  assert.is(status, 125);
  assert.match(stderr, /linked.*it has no volume\.json/);
  spawnSync('rm', [join(root, 'volumes/linked')]);
  isWhole(at);
});

test.run();
