/** Storage drivers: the mount step, its limits, the choice and its words, and what is remembered of a probe. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as E from 'fp-ts/Either';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseVersion } from 'fuse-overlayfs-bindings';
import { renderError } from '../../src/core/errors.ts';
import { chooseDriver, parseWantedDriver } from '../../src/storage/choose.ts';
import { fuseOverlayfsDriver, overlayDriver } from '../../src/storage/driver.ts';
import { overlayFact, unsuitableFileSystem } from '../../src/storage/probe.ts';
import { wantedDriver } from '../../src/storage/wanted.ts';
import { resolvePaths } from '../../src/system/paths.ts';
import type { FuseFact, OverlayFact, WantedDriver } from '../../src/storage/choose.ts';
import type { Host } from '../../src/system/host.ts';
import type { Paths } from '../../src/system/paths.ts';

const capabilities = (version: string) => {
  const parsed = parseVersion(`fuse-overlayfs: version ${version}`);
  if (E.isLeft(parsed)) throw new Error('fixture');
  return parsed.right;
};
const ready = (version: string): FuseFact => ({ state: 'ready', program: '/usr/bin/fuse-overlayfs', capabilities: capabilities(version) });
const mount = { lowers: ['/l/2', '/l/1'], upper: '/c/upper', work: '/c/work', target: '/c/merged' };
const fuse = fuseOverlayfsDriver('/usr/bin/fuse-overlayfs', capabilities('1.10'));
const said = (result: E.Either<Parameters<typeof renderError>[0], unknown>): string => (E.isLeft(result) ? renderError(result.left) : 'accepted');

test('each driver makes its step', () => {
  assert.equal(overlayDriver.plan(mount), E.right(['overlay', '/c/upper', '/c/work', '/c/merged', 'userxattr,index=off,xino=off', '/l/2', '/l/1']));
  assert.equal(fuse.plan(mount), E.right(['fuse-overlayfs', '/usr/bin/fuse-overlayfs', '/c/upper', '/c/work', '/c/merged', 'writeback=0,allow_other,suid', '/l/2', '/l/1']));
});

test('each driver joins what is only read', () => {
  const { lowers } = mount;
  assert.equal(overlayDriver.planLowers({ lowers }), E.right(['', 'userxattr,index=off,xino=off', '/l/2', '/l/1']));
  assert.equal(fuse.planLowers({ lowers }), E.right(['/usr/bin/fuse-overlayfs', 'writeback=0,allow_other,suid', '/l/2', '/l/1']));
  assert.match(said(overlayDriver.planLowers({ lowers, shift: { uids: [], gids: [] } })), /keep-id.*fuse-overlayfs/);
  for (const driver of [overlayDriver, fuse]) {
    assert.match(said(driver.planLowers({ lowers: [] })), /at least one layer/);
    assert.match(said(driver.planLowers({ lowers: Array.from({ length: 500 }, (_, i) => `/l/${i}`) })), /500 layers/);
  }
});

test('limits are told before anything is mounted', () => {
  const layers = (count: number) => ({ ...mount, lowers: Array.from({ length: count }, (_, i) => `/l/${i}`) });
  assert.is(said(overlayDriver.plan(layers(200))), 'accepted');
  assert.is(said(overlayDriver.plan(layers(499))), 'accepted');
  assert.match(said(overlayDriver.plan(layers(500))), /^the image has 500 layers; the storage driver overlay can join 499 here; squash/);
  assert.match(said(overlayDriver.plan({ ...mount, hasMounts: true })), /mounted below it.*fuse-overlayfs/);
  assert.match(said(overlayDriver.plan({ ...mount, shift: { uids: [], gids: [] } })), /keep-id.*fuse-overlayfs/);
  assert.is(said(fuse.plan(layers(499))), 'accepted');
  assert.match(said(fuse.plan(layers(500))), /500 layers/);
  assert.match(said(overlayDriver.plan(layers(0))), /at least one layer/);
  assert.match(said(fuse.plan({ ...mount, upper: '/a:b/upper' })), /SKIFF_ROOT/);
  assert.is(said(overlayDriver.plan({ ...mount, lowers: ['/a:b,c'] })), 'accepted');
});

const choose = (wanted: WantedDriver, overlay: OverlayFact, fuseFact: FuseFact): string => {
  const result = chooseDriver({ driver: wanted, source: 'it' }, { overlay: () => overlay, fuse: () => fuseFact });
  return E.isLeft(result) ? `refused: ${renderError(result.left)}` : `${result.right.driver.name}: ${result.right.why}`;
};

test('the choice follows what works, and says why', () => {
  const works: OverlayFact = { works: true };
  const fails: OverlayFact = { works: false, reason: 'it is on NFS' };
  const missing: FuseFact = { state: 'missing' };
  const table: readonly [WantedDriver, OverlayFact, FuseFact, RegExp][] = [
    ['auto', works, missing, /^overlay: the kernel mounts/],
    ['auto', fails, ready('1.10'), /^fuse-overlayfs: .*it is on NFS$/],
    ['auto', fails, missing, /^refused: fuse-overlayfs is needed to join .*NFS.*apt-get install fuse-overlayfs$/],
    ['auto', fails, ready('1.7.1'), /^refused: fuse-overlayfs 1\.7\.1 does not understand .*1\.8/],
    ['overlay', works, missing, /^overlay: it asks for it$/],
    ['overlay', fails, ready('1.10'), /^refused: the storage driver overlay .*it is on NFS; it asks for it; use/],
    ['fuse-overlayfs', works, ready('1.10'), /^fuse-overlayfs: it asks for it$/],
    ['fuse-overlayfs', works, { state: 'unusable', reason: '/dev/fuse cannot be opened: permission denied' }, /^refused: \/dev\/fuse cannot be opened/],
  ];
  for (const [wanted, overlay, fuseFact, expected] of table) assert.match(choose(wanted, overlay, fuseFact), expected);
});

test('a pin is one of three words', () => {
  assert.equal(parseWantedDriver('overlay', '--storage-driver'), E.right({ driver: 'overlay', source: '--storage-driver' }));
  assert.is(said(parseWantedDriver('overlay2', 'SKIFF_STORAGE_DRIVER')), 'SKIFF_STORAGE_DRIVER: no storage driver is called overlay2; use auto, overlay or fuse-overlayfs');
});

test('a flag comes before the variable, the variable before the settings', async () => {
  const home = mkdtempSync(join(tmpdir(), 'skiff-wanted-'));
  try {
    const file = join(home, 'config.yaml');
    const wanted = async (flag: string | undefined, variable: string | undefined, text: string): Promise<unknown> => {
      writeFileSync(file, text);
      const env = { HOME: home, SKIFF_CONFIG: file, ...(variable === undefined ? {} : { SKIFF_STORAGE_DRIVER: variable }) };
      const result = await wantedDriver(resolvePaths(env), env, flag)();
      return E.isLeft(result) ? renderError(result.left) : [result.right.driver, result.right.source];
    };
    const fuse = 'storage-driver: fuse-overlayfs';
    assert.equal(await wanted('overlay', 'fuse-overlayfs', fuse), ['overlay', '--storage-driver']);
    assert.equal(await wanted('auto', undefined, fuse), ['auto', '--storage-driver']);
    assert.equal(await wanted(undefined, 'overlay', fuse), ['overlay', 'SKIFF_STORAGE_DRIVER']);
    assert.equal(await wanted(undefined, '', fuse), ['fuse-overlayfs', file]);
    assert.equal(await wanted(undefined, undefined, fuse), ['fuse-overlayfs', file]);
    assert.equal(await wanted(undefined, undefined, ''), ['auto', file]);
    assert.equal(await wanted('overlay', undefined, 'storage-driver: vfs'), ['overlay', '--storage-driver'], 'what does not decide is not read');
    assert.match(String(await wanted(undefined, undefined, 'storage-driver: vfs')), /config\.yaml: storage-driver must be auto, overlay or fuse-overlayfs/);
    assert.match(String(await wanted(undefined, 'vfs', '')), /SKIFF_STORAGE_DRIVER: no storage driver is called vfs/);
  } finally {
    rmSync(home, { recursive: true });
  }
});

test('file systems that cannot be written through an overlay have names', () => {
  assert.is(unsuitableFileSystem(0x6969), 'NFS');
  assert.is(unsuitableFileSystem(0xff534d42 | 0), 'CIFS', 'a negative f_type');
  assert.is(unsuitableFileSystem(0xef53), undefined);
});

/** A skiff-helper that answers as told. */
const withFakeHelper = (script: string, body: (paths: Paths, host: Host) => void): void => {
  const base = mkdtempSync(join(tmpdir(), 'skiff-probe-'));
  const before = process.env['SKIFF_HELPERS'];
  try {
    process.env['SKIFF_HELPERS'] = join(base, 'helpers');
    for (const name of ['helpers', 'host', 'cache']) mkdirSync(join(base, name));
    writeFileSync(join(base, 'helpers/skiff-helper'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(base, 'helpers/skiff-helper'), 0o755);
    const paths = { root: base, images: '', layers: '', host: join(base, 'host'), containers: '', names: '', runtime: base, cache: join(base, 'cache', 'new') };
    const host: Host = { uid: 1, gid: 1, user: 'u', idMap: { mode: 'single', uid: 1, gid: 1, reason: '' } };
    body(paths, host);
    assert.equal(readdirSync(join(base, 'host')), [], 'the trial leaves nothing');
  } finally {
    if (before === undefined) delete process.env['SKIFF_HELPERS'];
    else process.env['SKIFF_HELPERS'] = before;
    rmSync(base, { recursive: true });
  }
};

test('a good answer is remembered; the helper is not asked again', () => {
  withFakeHelper('exit 0', (paths, host) => {
    assert.equal(overlayFact(paths, host), { works: true });
    rmSync(join(process.env['SKIFF_HELPERS'] ?? '', 'skiff-helper'));
    assert.equal(overlayFact(paths, host), { works: true });
    const other: Host = { ...host, idMap: { mode: 'ranges', uids: [], gids: [], newuidmap: '', newgidmap: '' } };
    assert.is(overlayFact(paths, other).works, false, 'another id map is another question');
  });
});

test('a refusal is told in the words of the helper, and a damaged cache is no obstacle', () => {
  withFakeHelper('echo "the kernel does not mount an overlay here: invalid argument" >&2; exit 1', (paths, host) => {
    const expected = { works: false, reason: 'the kernel does not mount an overlay here: invalid argument' };
    assert.equal(overlayFact(paths, host), expected);
    assert.equal(overlayFact(paths, host), expected);
    writeFileSync(join(paths.cache, 'overlay-probe.json'), '{"key":');
    assert.equal(overlayFact(paths, host), expected);
  });
});

test.run();
