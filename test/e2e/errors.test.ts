/**
 * Bad input: one clear line on standard error, the right exit code, nothing left behind.
 * @also-on-node
 * @time-limit 600
 */
import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxTar, ociArchive } from '../make-image.ts';
import { tar } from '../tar-maker.ts';
import type { Entry } from '../tar-maker.ts';
import { bare, containerDirectories, importBusybox, inMountNamespace, leftovers, loadImage, output, root, scratch, skiff, testImages, withContainer } from './skiff.ts';
import type { Options } from './skiff.ts';

test.before(() => importBusybox());

/** The words must fail with `code` and one line that matches, and leave nothing. */
const fails = (words: readonly string[], code: number, line: RegExp, options: Options = {}): void => {
  const { status, stdout, stderr } = skiff(words, options);
  const what = `skiff ${words.join(' ').slice(0, 200)}`;
  assert.is(status, code, `${what}: ${stderr}`);
  assert.is(stdout, '', what);
  assert.match(stderr, /^skiff: [^\u0000-\u001f\u007f]+\n$/, `one line of ${what}: ${stderr}`);
  assert.match(stderr, line, `${what}: ${stderr}`);
  assert.equal(leftovers(), [], what);
};

/** The same for `skiff run FLAGS busybox true`. */
const refuses = (flags: readonly string[], line: RegExp, options: Options = {}): void => fails([...bare, ...flags, 'busybox', 'true'], 125, line, options);

test('unknown flags and commands name the nearest real one', () => {
  refuses(['--volum', '/x:/y'], /unknown flag: --volum; did you mean --volume\? See 'skiff run --help'/);
  refuses(['--rn'], /unknown flag: --rn; did you mean --rm\?/);
  refuses(['--zzzzzzzz'], /unknown flag: --zzzzzzzz; see 'skiff run --help'/);
  refuses(['-X'], /unknown shorthand flag: 'X' in -X/);
  fails(['rnu', 'busybox'], 125, /'rnu' is not a skiff command; did you mean 'run'\?/);
  fails(['run'], 125, /requires at least 1 argument/);
  fails([...bare, '--name'], 125, /flag needs an argument: --name/);
  fails(['run', '--rm=maybe', 'busybox', 'true'], 125, /invalid argument "maybe" for "--rm"/);
});

test('users that do not exist', () => {
  refuses(['-u', 'nosuchuser'], /unable to find user nosuchuser: no such user in the container's \/etc\/passwd/);
  refuses(['-u', 'root:nosuchgroup'], /unable to find user root:nosuchgroup: no such group in the container's \/etc\/group/);
  refuses(['-u', '-1'], /invalid --user '-1'/);
  refuses(['-u', '4294967295'], /invalid --user '4294967295'/);
  refuses(['-u', 'a b'], /invalid --user 'a b'/);
  refuses(['-u', '1000:'], /invalid --user '1000:'/);
  refuses(['-u', '99999999'], /user id 99999999 does not exist in the container: your subordinate ids reach to 65536/);
  refuses(['-u', '0:99999999'], /group id 99999999 does not exist in the container/);
  refuses(['--group-add', 'nosuchgroup'], /unable to find group nosuchgroup/);
  refuses(['--group-add', '99999999'], /group id 99999999 does not exist in the container/);
  loadImage('unmapped', { Cmd: ['sh'] }, tar({ name: 'etc/', type: 'directory' }, { name: 'etc/passwd', data: 'far:x:99999999:0::/:/bin/sh\nbad:x:x:0::/:\n' }));
  fails([...bare, '-u', 'far', 'unmapped', 'true'], 125, /cannot become user 99999999: it lies beyond your subordinate ids/);
  fails([...bare, '-u', 'bad', 'unmapped', 'true'], 125, /unable to find user bad: its line in \/etc\/passwd is damaged/);
});

test('images that are not here, or no names', () => {
  fails([...bare, '--pull', 'never', 'nosuchimage', 'true'], 125, /no such image: nosuchimage:latest; /);
  fails([...bare, '--pull', 'never', 'registry.example:5000/a/b:c', 'true'], 125, /no such image: registry\.example:5000\/a\/b:c/);
  fails([...bare, '--pull', 'never', 'sha256:0000', 'true'], 125, /sha256:0000/);
  fails([...bare, '--quiet', '127.0.0.1:1/a', 'true'], 125, /cannot reach the registry 127\.0\.0\.1:1: connection refused/);
  fails([...bare, 'Not A Name', 'true'], 125, /Not A Name/);
  fails([...bare, '', 'true'], 125, /./);
  fails([...bare, 'UPPER', 'true'], 125, /UPPER/);
  fails([...bare, '--platform', 'plan9/vax', 'busybox', 'true'], 125, /plan9\/vax/);
  fails([...bare, '--platform', 'x', 'busybox', 'true'], 125, /--platform/);
});

test('commands that cannot be run', () => {
  fails([...bare, 'busybox', 'nosuchprogram'], 127, /exec: "nosuchprogram": executable file not found in the container's PATH/);
  fails([...bare, 'busybox', '/no/such/program'], 127, /exec: "\/no\/such\/program": /);
  fails([...bare, 'busybox', ''], 127, /exec: ""/);
  fails([...bare, 'busybox', '/etc/passwd'], 126, /exec: "\/etc\/passwd": Permission denied/);
  fails([...bare, 'busybox', '/etc'], 126, /exec: "\/etc": is a directory/);
  const layer = tar({ name: 'bin/', type: 'directory' }, { name: 'bin/garbage', mode: 0o755, data: 'garbage\n' }, { name: 'bin/lost', mode: 0o755, data: '#!/no/such/interpreter\n' }, { name: 'bin/foreign', mode: 0o755, data: Buffer.from('\x7fELF\x02\x02\x01 not for here', 'latin1') });
  loadImage('broken', { Cmd: ['sh'] }, layer);
  fails([...bare, 'broken', 'garbage'], 126, /exec: "garbage": exec format error/);
  fails([...bare, 'broken', 'foreign'], 126, /exec: "foreign": exec format error/);
  fails([...bare, 'broken', '/bin/lost'], 127, /exec: "\/bin\/lost": /);
  fails([...bare, '--init', 'busybox', 'nosuchprogram'], 127, /nosuchprogram/);
  fails([...bare, '--entrypoint', '/no', 'busybox'], 127, /exec: "\/no"/);
});

test('the same for a container in the background', () => {
  fails(['run', '-d', '--rm', '--network', 'none', 'busybox', 'nosuchprogram'], 127, /exec: "nosuchprogram"/);
  fails(['run', '-d', '--rm', '--network', 'none', '-u', 'nosuchuser', 'busybox', 'true'], 125, /nosuchuser/);
  fails(['run', '-d', '--rm', '--network', 'none', '-v', '/proc/no/such:/x', 'busybox', 'true'], 125, /cannot create the mount source path \/proc\/no\/such/);
});

test('mounts', () => {
  const directory = scratch();
  writeFileSync(join(directory, 'file'), '');
  refuses(['-v', '/proc/no/such:/x'], /cannot create the mount source path \/proc\/no\/such: .*; make it, or have it made, before/);
  refuses(['--mount', 'type=bind,source=/no/such,target=/x'], /invalid mount config for type "bind": bind source path does not exist: \/no\/such/);
  refuses(['-v', 'r:/x'], /volume name is too short/);
  refuses(['-v', 're$lative:/x'], /"re\$lative" includes invalid characters for a local volume name/);
  refuses(['--volumes-from', 'nobody'], /no such container: nobody/);
  refuses(['-v', 'a/b:/x'], /'a\/b' is neither a path nor a volume name/);
  refuses(['-v', '/tmp:x'], /the path in the container must be absolute/);
  refuses(['-v', '/tmp:/'], /the container's \/ cannot be covered/);
  refuses(['-v', '/tmp:/x:rx'], /unknown option 'rx'/);
  refuses(['-v', '/tmp:/x', '--tmpfs', '/x/'], /are both to be mounted at \/x/);
  refuses(['-v', '/tmp:/proc'], /\/proc can only be covered by the host's own/);
  refuses(['-v', '/tmp:/proc/self'], /\/proc\/self is inside \/proc/);
  refuses(['--mount', 'type=bnd,source=/tmp,target=/x'], /unknown type 'bnd'/);
  refuses(['--mount', 'type=bind,sorce=/tmp,target=/x'], /unknown key 'sorce'; .*source/);
  refuses(['--mount', 'type=bind,source=/tmp'], /target is missing/);
  refuses(['--tmpfs', '/t:sise=1m'], /unknown option 'sise=1m'; did you mean size\?/);
  refuses(['--tmpfs', '/t:size=x'], /'x' is no value for size/);
  refuses(['-v', `${directory}/file:/etc`], /cannot bind .*\/file onto \/etc/);
  refuses(['-v', `${directory}:/etc/passwd`], /cannot bind onto \/etc\/passwd/);
  refuses(['-v', `${directory}:/etc/passwd/below`], /cannot bind onto \/etc\/passwd\/below/);
  refuses(['--device', '/dev/nosuch'], /no such device: \/dev\/nosuch/);
  refuses(['--device', '/dev/fuse:/dev/fuse:r'], /'r' alone cannot be enforced without root/);
  refuses(['--device', '/etc/passwd'], /\/etc\/passwd is not a device/);
});

test('a read-only target: what would have to be made there is refused in one line', () => {
  const directory = scratch();
  mkdirSync(join(directory, 'ro'));
  refuses(['-v', `${directory}/ro:/data:ro`, '-v', '/tmp:/data/below'], /cannot bind onto \/data\/below: it does not exist and the file system there is read-only/);
  refuses(['-v', `${directory}/ro:/data:ro`, '-w', '/data/below'], /cannot make \/data\/below: it does not exist and the file system there is read-only/);
});

test('a directory that the caller may not enter cannot be mounted', () => {
  refuses(['-v', '/root/secret:/x'], /\/root\/secret/);
  const directory = scratch();
  mkdirSync(join(directory, 'closed/inner'), { recursive: true });
  chmodSync(join(directory, 'closed'), 0);
  try {
    refuses(['-v', `${directory}/closed/inner:/x`], /closed\/inner/);
  } finally {
    chmodSync(join(directory, 'closed'), 0o700);
  }
});

test('values of flags', () => {
  refuses(['-e', '=x'], /the name is missing/);
  refuses(['--env-file', '/no/such'], /\/no\/such/);
  const file = join(scratch(), 'env');
  writeFileSync(file, 'A = 1\n');
  refuses(['--env-file', file], /line 1: the name 'A ' contains white space/);
  refuses(['--name', '-x'], /invalid container name '-x'/);
  refuses(['--name', 'a/b'], /invalid container name 'a\/b'/);
  refuses(['-w', 'relative'], /invalid --workdir 'relative'/);
  refuses(['-w', '/etc/passwd'], /\/etc\/passwd/);
  refuses(['--ulimit', 'nofile'], /invalid ulimit 'nofile'/);
  refuses(['--ulimit', 'nofil=1'], /nofil/);
  refuses(['--ulimit', 'nofile=9:1'], /nofile=9:1/);
  refuses(['--shm-size', 'x'], /invalid --shm-size 'x'/);
  refuses(['--sysctl', 'kernel.panic=1'], /--sysctl kernel\.panic is not kept per container/);
  refuses(['--sysctl', 'net.no.such=1'], /--sysctl net[./]no[./]such/);
  refuses(['--sysctl', 'net.core.somaxconn=x'], /--sysctl net[./]core[./]somaxconn/);
  refuses(['--cap-add', 'NOSUCH'], /NOSUCH/);
  refuses(['--cap-drop', 'SYS_ADMN'], /SYS_ADMN.*SYS_ADMIN/);
  refuses(['--security-opt', 'nosuch'], /--security-opt: unknown option 'nosuch'/);
  refuses(['--security-opt', 'apparmor=x'], /an AppArmor profile cannot be set without root/);
  refuses(['--stop-signal', 'SIGNOSUCH'], /SIGNOSUCH/);
  refuses(['--add-host', 'x'], /x/);
  refuses(['--add-host', 'x:not-an-address'], /not-an-address/);
  refuses(['-h', 'under_score!'], /under_score!/);
  refuses(['-l', '=x'], /./);
  refuses(['--pid', 'nosuch'], /invalid --pid 'nosuch'/);
  refuses(['--pid', 'container:nosuch'], /no such container: nosuch/);
  refuses(['--ipc', 'container:nosuch'], /no such container: nosuch/);
  refuses(['--uts', 'x'], /invalid --uts 'x'/);
  refuses(['--userns', 'x'], /invalid --userns 'x'/);
  refuses(['--detach-keys', 'ctrl-'], /ctrl-/);
  refuses(['--pull', 'sometimes'], /--pull/);
  fails(['run', '--rm', '--network', 'nosuch', 'busybox', 'true'], 125, /no such network: nosuch/);
  fails(['run', '--rm', '--network', 'slirp4netns:mtu=x', 'busybox', 'true'], 125, /mtu=x/);
  fails(['run', '--rm', '--network', 'none', '--network', 'host', 'busybox', 'true'], 125, /conflicting options: cannot attach both user-defined and non-user-defined network-modes/);
});

test('--cidfile that exists, or cannot be made', () => {
  const file = join(scratch(), 'cid');
  writeFileSync(file, '');
  refuses(['--cidfile', file], /the container id file \S+ exists already/);
  refuses(['--cidfile', '/no/such/cid'], /\/no\/such\/cid/);
});

test('--cidfile of a container that could not be started does not stay', () => {
  const file = join(scratch(), 'cid');
  fails([...bare, '--cidfile', file, 'busybox', 'nosuchprogram'], 127, /nosuchprogram/);
  refuses(['--cidfile', file, '-u', 'nosuchuser'], /nosuchuser/);
});

test('drivers and directories of Skiff\'s own', () => {
  fails(['--storage-driver', 'nosuch', ...bare, 'busybox', 'true'], 125, /invalid argument "nosuch" for "--storage-driver": it must be auto, overlay or fuse-overlayfs/);
  refuses([], /SKIFF_STORAGE_DRIVER.*nosuch/, { env: { SKIFF_STORAGE_DRIVER: 'nosuch' } });
  refuses([], /SKIFF_ROOT must be an absolute path, not relative/, { env: { SKIFF_ROOT: 'relative' } });
  fails(['--root', 'relative', ...bare, 'busybox', 'true'], 125, /--root must be an absolute path/);
  refuses([], /\/proc\/skiff/, { env: { SKIFF_ROOT: '/proc/skiff' } });
  refuses([], /\/usr\/skiff.*permission denied/i, { env: { SKIFF_ROOT: '/usr/skiff' } });
  const file = join(scratch(), 'file');
  writeFileSync(file, '');
  refuses([], /file/, { env: { SKIFF_ROOT: file } });
});

test('a runtime directory that others could enter is refused; one that is missing is said', () => {
  const directory = scratch();
  mkdirSync(join(directory, 'skiff'), { mode: 0o777 });
  chmodSync(join(directory, 'skiff'), 0o777);
  refuses([], /must be a directory of your own with mode 0700/, { env: { XDG_RUNTIME_DIR: directory } });
  rmSync(join(directory, 'skiff'), { recursive: true });
  symlinkSync('/tmp', join(directory, 'skiff'));
  refuses([], /must be a directory of your own with mode 0700/, { env: { XDG_RUNTIME_DIR: directory } });
  refuses([], /\/no\/such/, { env: { XDG_RUNTIME_DIR: '/no/such' } });
});

test('archives that are damaged or hostile leave no image and no layer', () => {
  const directory = scratch();
  const archive = (name: string, data: Buffer): string => {
    writeFileSync(join(directory, name), data);
    return join(directory, name);
  };
  const whole = ociArchive({ layers: [busyboxTar()], names: ['whole:latest'] });
  const hostile = (...entries: readonly Entry[]): string => archive(`hostile-${Math.random()}`, tar(...entries));
  const stored = (): readonly string[] => [output(['images', '--quiet', '--no-trunc']), ...readdirSync(join(root, 'layers')), ...readdirSync(join(root, 'images/blobs/sha256'))];
  const before = stored();
  fails(['load', '-q', '-i', archive('truncated', whole.subarray(0, whole.length / 2))], 1, /./);
  fails(['load', '-q', '-i', archive('garbage', Buffer.alloc(4096, 7))], 1, /./);
  fails(['load', '-q', '-i', archive('empty', Buffer.alloc(0))], 1, /./);
  fails(['load', '-q', '-i', '/no/such'], 1, /\/no\/such/);
  const tampered = Buffer.from(whole);
  tampered[whole.indexOf('root:x:0:0')] = 0x52;
  fails(['load', '-q', '-i', archive('tampered', tampered)], 1, /sha256/);
  fails(['import', hostile({ name: '../escape', data: 'x' }), 'bad'], 1, /\.\.\/escape/);
  fails(['import', hostile({ name: 'link', type: 'symlink', linkname: '/tmp' }, { name: 'link/file', data: 'x' }), 'bad'], 1, /link\/file/);
  fails(['import', hostile({ name: 'hard', type: 'hardlink', linkname: '/etc/passwd' }), 'bad'], 1, /hard/);
  fails(['import', hostile({ name: 'disk', type: 'block', major: 8, minor: 0 }), 'bad'], 1, /disk/);
  fails(['import', archive('cut', busyboxTar().subarray(0, 700)), 'bad'], 1, /./);
  assert.equal(stored(), before);
});

test('records that do not decode are named and skipped, and take nothing else down', () => {
  withContainer(['--name', 'healthy'], ['busybox', 'sleep', '60'], () => {
    for (const file of ['spec.json', 'state.json', 'config.json']) {
      for (const text of ['', '{', '[]', '{"version":1}', 'null', '\u001b[31mred']) {
        const id = output(['run', '-d', '--network', 'none', '--name', 'damaged', 'busybox', 'true']).trim();
        const directory = containerDirectories().find((path) => path.endsWith(id)) ?? '';
        for (const end = Date.now() + 5000; !readFileSync(join(directory, 'state.json'), 'utf8').includes('exited') && Date.now() < end; );
        writeFileSync(join(directory, file), text);
        const listed = skiff(['ps', '-a', '--format', '{{.Names}}']);
        assert.is(listed.status, 0);
        assert.match(listed.stdout, /^healthy$/m, `${file} with ${text}`);
        if (file !== 'config.json') assert.match(listed.stderr, new RegExp(`^skiff: \\S*${id}\\S* is damaged: [^\u0000-\u001f]+\n$`), `${file} with ${text}`);
        assert.is(output([...bare, 'busybox', 'echo', 'on']), 'on\n');
        assert.is(skiff(['rm', '-f', id]).status, 0, `rm of ${file} with ${text}`);
      }
    }
  });
  assert.equal(leftovers(), []);
});

/** Skiff's state on a file system of its own of this size; `script` says what is done there, and `$root` where that is. */
const onSmallDisk = (size: string, script: string): readonly [status: number, lines: readonly string[], errors: readonly string[]] => {
  const place = scratch();
  const env = { PLACE: place, ARCHIVE: join(testImages, 'busybox.tar'), SKIFF_ROOT: join(place, 'root'), SKIFF_STORAGE_DRIVER: 'fuse-overlayfs' };
  const { status, stdout, stderr } = inMountNamespace(`mount -t tmpfs -o size=${size},mode=700 small "$PLACE" || exit 99; root=$PLACE/root\n${script}`, { env });
  return [status, stdout.trim().split('\n'), stderr.trim().split('\n')];
};

test('no space for an image: one line, and all that was begun is removed', () => {
  const [status, , errors] = onSmallDisk('1m', '"$@" import "$ARCHIVE" busybox');
  assert.is(status, 1);
  assert.is(errors.length, 1, errors.join('|'));
  assert.match(errors[0] ?? '', /^skiff: .*[Nn]o space left/);
  const [, lines] = onSmallDisk('1m', '"$@" import "$ARCHIVE" busybox 2>/dev/null; "$@" images -q; find "$root" -type f -size +64k; ls "$root/layers"; echo end');
  assert.equal(lines, ['end']);
});

test('no space at all: images can be removed all the same', () => {
  for (const remove of ['rmi first', 'image prune -af']) {
    const script = `"$@" import "$ARCHIVE" first >/dev/null || exit; head -c 100m /dev/zero >"$PLACE/fill" 2>/dev/null
      "$@" tag first second; echo "status $?"; "$@" ${remove} >/dev/null; echo "status $?"
      "$@" images -q; ls "$root/layers"; rm "$PLACE/fill"; "$@" image prune -f`;
    const [, lines, errors] = onSmallDisk('8m', script);
    assert.equal(lines, ['status 1', 'status 0', 'Total reclaimed space: 0B']);
    assert.is(errors.length, 1, errors.join('|'));
    assert.match(errors[0] ?? '', /^skiff: cannot tag .*no space left on the disk; free some space, or point SKIFF_ROOT at another disk$/);
  }
});

test('no space for a container: one line, and nothing is left; with space again it runs', () => {
  const fill = 'head -c 100m /dev/zero >"$PLACE/fill" 2>/dev/null';
  const script = `"$@" import "$ARCHIVE" busybox >/dev/null || exit; ${fill}
    "$@" run --rm --network none busybox true; echo "status $?"; ls "$root"/hosts/*/containers "$root"/hosts/*/names | grep -v -e : -e '^$'
    rm "$PLACE/fill"; "$@" run --rm --network none busybox echo again; ls "$root"/hosts/*/containers`;
  const [, lines, errors] = onSmallDisk('8m', script);
  assert.equal(lines, ['status 125', 'again']);
  assert.is(errors.length, 1, errors.join('|'));
  assert.match(errors[0] ?? '', /^skiff: .*no space left on the disk; free some space, or point SKIFF_ROOT at another disk$/);
});

test('a container that fills the disk hears of it itself, and is removed all the same', () => {
  const script = `"$@" import "$ARCHIVE" busybox >/dev/null || exit
    "$@" run --rm --network none busybox sh -c 'head -c 100m /dev/zero >/full || echo "full: $?"'; echo "status $?"; ls "$root"/hosts/*/containers`;
  assert.equal(onSmallDisk('8m', script)[1], ['full: 1', 'status 0']);
});

test.run();
