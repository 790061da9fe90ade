/**
 * A container that swaps a directory of a shared volume for a link to the host, as fast as it can, while others start with mounts below it, take it as a
 * sub-path, are filled from images, or while `cp` passes there: it never reaches a path of the host. `npm run soak -- security/volume-races` for 1000 rounds.
 * @time-limit 3600
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { smallLayer } from '../make-image.ts';
import { execute, importBusybox, loadImage, output, removeAll, root, scratch, skiff } from '../e2e/skiff.ts';
import { tries } from '../e2e/traces.ts';

const rounds = tries(7, 1000);

const secret = 'this is the host\n';
let program = '';

test.before(() => {
  importBusybox();
  loadImage('filled', { Volumes: { '/v/spot': {} } }, smallLayer('v/spot/canary', 'from the image\n'), smallLayer('sub/canary', 'from the image\n'));
  program = join(scratch(), 'swap-loop');
  const { status, stderr } = execute(['gcc', '-std=c11', '-O2', '-static', 'test/swap-loop.c', '-o', program]);
  assert.is(status, 0, stderr);
});
test.after.each(() => {
  removeAll();
  skiff(['volume', 'prune', '-af']);
});

/** A directory of the host with a canary, whose path a container can guess but must not reach. */
const outside = (): string => {
  const at = scratch();
  writeFileSync(join(at, 'canary'), secret);
  return at;
};

interface Scene {
  /** The directory that must not be reached. */
  readonly at: string;
  /** The loop's container; it sees the volume at /v. */
  readonly name: string;
}

/** `/v/spot` of the volume `shared` is a directory at one moment and a link to the host at the next; each kind of link in turn. */
const withSwapping = (body: (scene: Scene) => void): void => {
  for (const climbs of [false, true]) {
    const at = outside();
    const target = climbs ? `${'../'.repeat(40)}${at.slice(1)}` : at;
    const script = `mkdir -p /v/spot; echo inner > /v/spot/canary; ln -s ${target} /v/link; exec /swap-loop /v/spot /v/link`;
    output(['run', '-d', '--name', 'swaps', '--network', 'none', '-v', 'shared:/v', '-v', `${program}:/swap-loop:ro`, 'busybox', 'sh', '-c', script]);
    for (let look = 0; skiff(['exec', 'swaps', 'test', '-e', '/v/link.running']).status !== 0; look += 1) assert.ok(look < 200, 'the loop runs');
    try {
      body({ at, name: 'swaps' });
      assert.is(output(['inspect', '--format', '{{.State.Running}}', 'swaps']), 'true\n', 'it swapped to the end');
    } finally {
      removeAll();
      skiff(['volume', 'rm', '-f', 'shared']);
    }
    assert.is(readFileSync(join(at, 'canary'), 'utf8'), secret);
    assert.equal(readdirSync(at), ['canary'], 'nothing was made there');
  }
};

/** Runs `skiff` once; whatever came of it, nothing of the host was shown, and the failure is one of ours. */
const once = (args: readonly string[]): number => {
  const { status, stdout, stderr } = skiff(args);
  assert.not.ok(stdout.includes(secret.trim()) || stderr.includes(secret.trim()), `${args.join(' ')}: ${stdout}${stderr}`);
  assert.not.match(stderr, /internal error|signal/i);
  return status;
};

const shared = ['run', '--rm', '--network', 'none', '-v', 'shared:/v'] as const;
const look = 'cat /v/spot/canary /x/canary /v/spot/sub/canary; echo written > /v/spot/mark; echo written > /x/mark; mkdir /v/spot/made; ls -a /v/spot /x';

test('containers with mounts below a directory that is swapped', () => {
  const own = scratch();
  writeFileSync(join(own, 'own'), 'own\n');
  const mounts: readonly (readonly string[])[] = [
    ['-v', `${own}:/v/spot`],
    ['-v', `${own}:/v/spot/sub`],
    ['--tmpfs', '/v/spot/sub'],
    ['--mount', 'type=tmpfs,dst=/v/spot'],
    ['-v', 'other:/v/spot/sub'],
    ['-v', `${join(own, 'own')}:/v/spot/file`],
    ['-v', '/v/spot'],
  ];
  withSwapping(() => {
    let good = 0;
    for (let round = 0; round < rounds; round += 1) if (once([...shared, ...(mounts[round % mounts.length] ?? []), 'busybox', 'sh', '-c', `${look} 2>/dev/null; true`]) === 0) good += 1;
    assert.ok(good > 0, 'some of them started');
  });
  assert.equal(readdirSync(own).filter((name) => !['own', 'mark', 'made'].includes(name)), []);
});

test('the swapped directory as a sub-path, as the source of a copy-up, and as what a new volume is filled into', () => {
  const ways: readonly (readonly string[])[] = [
    ['--mount', 'type=volume,src=shared,dst=/x,volume-subpath=spot'],
    ['--mount', 'type=volume,src=shared,dst=/x,volume-subpath=spot,readonly'],
    ['--mount', 'type=volume,src=shared,dst=/v,volume-subpath=spot'],
    ['-v', 'shared:/v', '-v', 'filled:/v/spot'],
    ['-v', 'shared:/v'],
  ];
  withSwapping(() => {
    for (let round = 0; round < rounds; round += 1) {
      once(['run', '--rm', '--network', 'none', ...(ways[round % ways.length] ?? []), round % 2 === 0 ? 'busybox' : 'filled', 'sh', '-c', `${look} 2>/dev/null; true`]);
      skiff(['volume', 'rm', '-f', 'filled']);
    }
  });
});

test('cp through the swapped directory, into and out of containers that run and that do not', () => {
  const files = join(scratch(), 'files');
  mkdirSync(join(files, 'sub'), { recursive: true });
  writeFileSync(join(files, 'canary'), 'written\n');
  writeFileSync(join(files, 'sub/x'), 'written\n');
  withSwapping(({ name }) => {
    output(['create', '--name', 'rests', '--network', 'none', '-v', 'shared:/v', 'busybox', 'true']);
    for (let round = 0; round < Math.ceil(rounds / 2); round += 1) {
      for (const container of [name, 'rests']) {
        once(['cp', `${files}/.`, `${container}:/v/spot`]);
        once(['cp', join(files, 'canary'), `${container}:/v/spot/canary`]);
        for (const path of ['/v/spot/canary', '/v/spot/.', '/v/link/canary']) once(['cp', '-L', `${container}:${path}`, '-']);
      }
    }
  });
});

test('links of a volume that lie in wait: each kind of mount point, none of them leads out', () => {
  const at = outside();
  output(['run', '--rm', '--network', 'none', '-v', 'shared:/v', 'busybox', 'sh', '-c', `ln -s ${at} /v/abs; ln -s ${'../'.repeat(40)}${at.slice(1)} /v/up; ln -s /proc/self/cwd /v/magic; ln -s / /v/root; ln -s loop /v/loop; mkdir /v/dir; ln -s ${at}/canary /v/file`]);
  for (const link of ['abs', 'up', 'magic', 'root/v/abs', 'loop', 'file']) {
    for (const flags of [['--tmpfs', `/v/${link}/t`], ['--mount', `type=tmpfs,dst=/v/${link}`], ['-v', `other:/v/${link}`], ['--mount', `type=volume,src=shared,dst=/x,volume-subpath=${link}`], ['-w', `/v/${link}/new`]]) {
      once([...shared, ...flags, 'busybox', 'sh', '-c', `cat /v/${link}/canary /x/canary /x 2>/dev/null; echo w > /x/mark; true`]);
    }
  }
  for (const path of ['../../..', '/../..', 'dir/../..', '/etc', 'abs/../x']) assert.is(skiff(['run', '--rm', '--network', 'none', '--mount', `type=volume,src=shared,dst=/x,volume-subpath=${path}`, 'busybox', 'true']).status === 0 && path.includes('..'), false, path);
  assert.is(readFileSync(join(at, 'canary'), 'utf8'), secret);
  assert.equal(readdirSync(at), ['canary']);
});

test('what a person puts into _data of a volume by hand is taken as it is, and links there lead nowhere either', () => {
  const at = outside();
  output(['run', '--rm', '--network', 'none', '-v', 'mine:/v', 'busybox', 'true']);
  const data = join(root, 'volumes/mine/_data');
  symlinkSync(at, join(data, 'way'));
  copyFileSync('/etc/hostname', join(data, 'plain'));
  once(['run', '--rm', '--network', 'none', '-v', 'mine:/v', '--tmpfs', '/v/way/x', 'busybox', 'sh', '-c', 'cat /v/way/canary; echo x > /v/way/mark']);
  assert.is(output(['run', '--rm', '--network', 'none', '-v', 'mine:/v', 'busybox', 'cat', '/v/plain']), readFileSync('/etc/hostname', 'utf8'));
  assert.equal(readdirSync(at), ['canary']);
  assert.ok(existsSync(join(data, 'way')));
});

test.run();
