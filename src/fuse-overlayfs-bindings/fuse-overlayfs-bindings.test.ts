/** The pure half against tables; the doing half by real mounts inside new user and mount namespaces. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as E from 'fp-ts/Either';
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { detect, explain, fuseOverlayfsArguments, mount, openableDevice, parseVersion, unmount } from './index.ts';
import type { OverlayOptions } from './index.ts';

const right = <L, A>(either: E.Either<L, A>): A => {
  if (E.isLeft(either)) throw new Error(JSON.stringify(either.left));
  return either.right;
};
const output = (version: string): string => `fusermount3 version: 3.14.0\nfuse-overlayfs: version ${version}\nFUSE library version 3.14.0\n`;
const current = right(parseVersion(output('1.10')));
const base: OverlayOptions = { lowers: ['/a', '/b'], upper: '/u', work: '/w', target: '/m' };
const words = (extra: Partial<OverlayOptions>): string => {
  const result = fuseOverlayfsArguments({ ...base, ...extra }, current);
  return E.isLeft(result) ? `refused: ${explain(result.left)}` : result.right.join(' ');
};

test('a version tells the features', () => {
  assert.is(current.features.size, 8);
  assert.not(right(parseVersion(output('1.7.1'))).features.has('userOverlayXattrs'));
  assert.ok(right(parseVersion(output('1.8'))).features.has('userOverlayXattrs'));
  assert.ok(right(parseVersion(output('1.13-dev'))).features.has('noacl'));
  assert.ok(E.isLeft(parseVersion('fusermount3 version: 3.14.0')));
});

test('finished writes are not held back unless asked', () => {
  assert.is(words({}), '-o lowerdir=/a:/b,upperdir=/u,workdir=/w,writeback=0 /m');
  assert.match(words({ writeback: true }), /,writeback=1 /);
});

test('every option has its text', () => {
  const range = [{ host: 0, mapped: 1000, length: 1 }, { host: 1, mapped: 110000, length: 65536 }];
  assert.is(
    words({
      uidMapping: range, gidMapping: range.slice(1), squashToRoot: true, squashToUid: 5, squashToGid: 6, staticNlink: true,
      noacl: true, volatile: true, xattrPermissions: 2, foreground: true,
    }),
    '-f -o lowerdir=/a:/b,upperdir=/u,workdir=/w,writeback=0,uidmapping=0:1000:1:1:110000:65536,gidmapping=1:110000:65536,squash_to_root,' +
      'squash_to_uid=5,squash_to_gid=6,static_nlink,noacl,volatile,xattr_permissions=2 /m',
  );
});

test('paths are escaped for libfuse, and refused where nothing helps', () => {
  assert.match(words({ lowers: ['/a,b', '/c\\d', '/proc/self/fd/9'] }), /lowerdir=\/a\\,b:\/c\\\\d:\/proc\/self\/fd\/9,/);
  assert.match(words({ upper: '/u,lowerdir=/etc' }), /upperdir=\/u\\,lowerdir=\/etc,/);
  for (const bad of [{ lowers: ['/a:b'] }, { upper: '/u:v' }, { lowers: ['//plugin/x'] }, { lowers: [] }, { lowers: ['a'] }, { target: '-o' }, { squashToUid: -1 },
    { lowers: Array.from({ length: 4000 }, () => `/${'x'.repeat(40)}`) }, { uidMapping: [{ host: 0, mapped: 0, length: 0 }] }]) {
    assert.match(words(bad), /^refused: /, JSON.stringify(bad).slice(0, 80));
  }
  assert.ok(E.isLeft(fuseOverlayfsArguments({ lowers: ['/a'], upper: '/u', target: '/m' }, current)));
});

test('an option that an old version would ignore is refused', () => {
  const result = fuseOverlayfsArguments({ ...base, noacl: true }, right(parseVersion(output('1.7.1'))));
  assert.equal(result, E.left({ _tag: 'Unsupported', option: 'noacl', version: '1.7.1', since: '1.8.0' }));
});

test('a missing program or device is named', async () => {
  assert.equal(await detect('/nonexistent/x')(), E.left({ _tag: 'NotInstalled', program: '/nonexistent/x' }));
  assert.match(explain((openableDevice('/nonexistent/fuse') as E.Left<never>).left), /^\/dev\/fuse cannot be opened: it does not exist/);
});

const insideMark = 'FUSE_OVERLAYFS_BINDINGS_INSIDE';
const inside = process.env[insideMark] === '1';
const canMount = (() => {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
    accessSync('/usr/bin/fuse-overlayfs', constants.X_OK);
    return true;
  } catch {
    return false;
  }
})();
/** Those that mount count in the inner run, which the last test starts and judges. */
const real = (name: string, body: () => Promise<void> | void): void => void (inside && test(name, body));

/** A pax archive of one directory with one xattr: GNU tar is the only tool of a base system that sets them. */
const setXattr = (directory: string, name: string, value: string): void => {
  const header = (path: string, size: number, type: string): Buffer => {
    const block = Buffer.alloc(512);
    block.write(path, 0);
    block.write(`0000755\0${'0000000\0'.repeat(2)}${size.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0        ${type}`, 100);
    block.write('ustar\x0000', 257);
    block.write(`${block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
    return block;
  };
  const body = ` SCHILY.xattr.${name}=${value}\n`;
  const size = body.length + `${body.length + 2}`.length;
  const record = Buffer.alloc(512);
  record.write(`${size}${body}`);
  const archive = Buffer.concat([header('pax', size, 'x'), record, header('./', 0, '5'), Buffer.alloc(1024)]);
  execFileSync('tar', ['-x', '--xattrs', '--xattrs-include=*', '-C', directory], { input: archive, stdio: ['pipe', 'ignore', 'inherit'] });
};

const hasXattr = (directory: string, text: string): boolean =>
  execFileSync('tar', ['-c', '--no-recursion', '--xattrs', '--xattrs-include=*', '-C', directory, '.']).includes(text);

const withMount = async (lowers: readonly string[], base: string, body: (merged: string) => void | Promise<void>): Promise<void> => {
  for (const name of ['u', 'w', 'm']) mkdirSync(join(base, name), { recursive: true });
  const merged = right(await mount({ lowers: lowers.map((l) => join(base, l)), upper: join(base, 'u'), work: join(base, 'w'), target: join(base, 'm'), capabilities: current })());
  try {
    await body(merged);
  } finally {
    right(await unmount(merged)());
  }
};

const fixture = (): string => {
  const base = mkdtempSync(join(tmpdir(), 'fuse-overlayfs-'));
  for (const name of ['bottom:1/opaque', 'bottom:1/moved', 'top,2/opaque']) mkdirSync(join(base, name), { recursive: true });
  writeFileSync(join(base, 'bottom:1/gone'), 'x');
  writeFileSync(join(base, 'bottom:1/kept'), 'kept');
  writeFileSync(join(base, 'bottom:1/opaque/old'), 'x');
  writeFileSync(join(base, 'bottom:1/moved/inner'), 'inner');
  writeFileSync(join(base, 'top,2/opaque/new'), 'x');
  return base;
};

real('layers in the kernel overlay format are read: whiteout, opaque directory, any name', async () => {
  const base = fixture();
  execFileSync('mknod', [join(base, 'top,2/gone'), 'c', '0', '0']);
  setXattr(join(base, 'top,2/opaque'), 'user.overlay.opaque', 'y');
  await withMount(['top,2', 'bottom:1'], base, (merged) => {
    assert.equal(readdirSync(merged).sort(), ['kept', 'moved', 'opaque']);
    assert.equal(readdirSync(join(merged, 'opaque')), ['new']);
    assert.not(hasXattr(join(merged, 'opaque'), 'user.overlay.opaque'), 'the mark itself is hidden');
  });
  rmSync(base, { recursive: true });
});

real('changes go to the upper directory: whiteout, rename, xattr', async () => {
  const base = fixture();
  await withMount(['bottom:1'], base, (merged) => {
    unlinkSync(join(merged, 'gone'));
    setXattr(join(merged, 'moved'), 'user.colour', 'green');
    renameSync(join(merged, 'kept'), join(merged, 'renamed'));
    assert.is(readFileSync(join(merged, 'renamed'), 'utf8'), 'kept');
    assert.ok(hasXattr(join(merged, 'moved'), 'user.colour=green'));
  });
  assert.ok(lstatSync(join(base, 'u/gone')).isCharacterDevice() && lstatSync(join(base, 'u/gone')).rdev === 0);
  assert.ok(lstatSync(join(base, 'u/kept')).isCharacterDevice());
  assert.ok(hasXattr(join(base, 'u/moved'), 'user.colour=green'));
  assert.ok(existsSync(join(base, 'bottom:1/gone')), 'a lower directory does not change');
  rmSync(base, { recursive: true });
});

real('three hundred lower directories', async () => {
  const base = mkdtempSync(join(tmpdir(), 'fuse-overlayfs-'));
  const lowers = Array.from({ length: 300 }, (_, index) => `${'l'.repeat(100)}${index}`);
  for (const [index, name] of lowers.entries()) {
    mkdirSync(join(base, name));
    writeFileSync(join(base, name, `f${index}`), '');
  }
  await withMount(lowers, base, (merged) => assert.is(readdirSync(merged).length, 300));
  rmSync(base, { recursive: true });
});

real('a failure is told in the words of fuse-overlayfs', async () => {
  const base = fixture();
  mkdirSync(join(base, 'm'));
  const result = await mount({ lowers: [join(base, 'top,2')], upper: join(base, 'none'), work: base, target: join(base, 'm'), capabilities: current })();
  assert.ok(E.isLeft(result) && /No such file/.test(explain(result.left)), JSON.stringify(result));
  assert.ok(E.isLeft(await unmount(join(base, 'm'))()));
  rmSync(base, { recursive: true });
});

const outer = canMount ? test : test.skip;
if (!inside) outer('real mounts, inside unshare -Urm (needs fuse-overlayfs and a /dev/fuse that opens)', () => {
  const result = spawnSync('unshare', ['-Urm', process.execPath, process.argv[1] ?? ''], { env: { ...process.env, [insideMark]: '1' }, encoding: 'utf8', timeout: 60_000 });
  assert.is(result.status, 0, result.stdout + result.stderr);
});

test.run();
