/**
 * `skiff doctor` as an ordinary user: a machine that is well, what killed commands leave and `--repair` takes away, directories and settings
 * that do not fit.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerDirectories, eventually, importBusybox, inMountNamespace, leftovers, output, removeAll, root, scratch, skiff } from './skiff.ts';
import type { Options, Result } from './skiff.ts';
import { killNow, processesCalled } from './traces.ts';

interface Row {
  readonly Level: string;
  readonly Check: string;
  readonly Text: string;
  readonly Remedy: string;
}

const rowsOf = ({ stdout }: Pick<Result, 'stdout'>): readonly Row[] => stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Row);
const doctor = (words: readonly string[] = [], options: Options = {}): readonly Row[] => {
  const result = skiff(['doctor', '--format', 'json', ...words], options);
  const rows = rowsOf(result);
  assert.is(result.stderr, '');
  assert.is(result.status, rows.some(({ Level }) => Level === 'error') ? 1 : 0, result.stdout);
  return rows;
};
const textsOf = (rows: readonly Row[], check: string): readonly string[] => rows.filter(({ Check }) => Check === check).map(({ Level, Text }) => `${Level}: ${Text}`);

const host = (): string => join(root, 'hosts', readdirSync(join(root, 'hosts'))[0] ?? '');
const runtime = join(process.env['XDG_RUNTIME_DIR'] ?? '', 'skiff');
const nobody = 'f'.repeat(64);

const nothingIsLeft = 'ok: nothing is left of killed commands and containers';

test.before(() => importBusybox());
test.after.each(() => {
  for (const path of containerDirectories()) skiff(['rm', '-f', basename(path)]);
});
test.after(() => assert.equal(leftovers(), []));

test('this machine is well: every check has its say, and the exit code is 0', () => {
  const { status, stdout } = skiff(['doctor']);
  assert.is(status, 0, stdout);
  const lines = stdout.trimEnd().split('\n');
  assert.match(lines.at(-1) ?? '', /^no errors, (no|\d+) warnings?$/);
  for (const line of lines.slice(0, -1)) assert.match(line, /^(ok     |warning)  [a-z]+ +\S/);
  const rows = doctor();
  assert.equal(new Set(rows.map(({ Check }) => Check)), new Set(['ids', 'kernel', 'programs', 'devices', 'storage', 'cgroups', 'settings', 'data', 'space', 'runtime', 'leftovers']));
  assert.match(textsOf(rows, 'ids').join('\n'), /^ok: \d+ subordinate user ids: \d+-\d+\nok: \d+ subordinate group ids: /);
  assert.ok(textsOf(rows, 'kernel').some((text) => /^ok: tried and found to work: .*mount namespaces.*bridges.*nftables.*pidfd/.test(text)));
  assert.ok(textsOf(rows, 'programs').some((text) => /^ok: slirp4netns \d/.test(text)));
  assert.equal(textsOf(rows, 'leftovers'), [nothingIsLeft]);
});

test('what containers do while they live is no leftover', () => {
  for (const name of ['one', 'two']) output(['run', '-d', '--name', name, '--network', name === 'one' ? 'bridge' : 'none', 'busybox', 'sleep', '600']);
  output(['create', '--name', 'three', 'busybox', 'true']);
  assert.equal(textsOf(doctor(), 'leftovers'), [nothingIsLeft]);
  assert.equal(textsOf(doctor(['--repair']), 'leftovers'), [nothingIsLeft]);
  assert.is(output(['exec', 'one', 'echo', 'alive']), 'alive\n');
  assert.equal(output(['ps', '-a', '--format', '{{.Names}}']).trim().split('\n').sort(), ['one', 'three', 'two']);
});

/** Leaves one thing of each kind, as a kill -9 at a bad moment does. */
const leaveThings = (): void => {
  symlinkSync('999999999:1', join(runtime, 'c', `${nobody}.made`));
  symlinkSync(`../containers/${nobody}`, join(host(), 'names/ghost'));
  mkdirSync(join(host(), 'containers', `.making-${'e'.repeat(64)}`), { recursive: true });
  mkdirSync(join(host(), '.probe-999999999-1-abc'), { recursive: true });
  writeFileSync(join(runtime, 'c', 'exec-999999999-1-x'), '');
  mkdirSync(join(host(), 'leases', '00000000-0000-0000-0000-000000000000', nobody), { recursive: true });
  mkdirSync(join(host(), 'log-readers', nobody, '999999999.1'), { recursive: true });
  writeFileSync(join(root, 'images/blobs/sha256', nobody), 'of nobody');
  mkdirSync(join(root, 'volumes/.making-999999999-1-0/_data'), { recursive: true });
  mkdirSync(join(runtime, 'v', 'ffff'), { recursive: true });
  mkdirSync(join(host(), 'build/999999999-1/piles'), { recursive: true });
  mkdirSync(join(runtime, 'build/999999999-1'), { recursive: true });
};

test('what was left is found without being touched, and --repair takes all of it and nothing else', async () => {
  output(['create', '--name', 'mine', 'busybox', 'true']);
  output(['network', 'create', 'ours']);
  const id = output(['run', '-d', '--network', 'ours', '--name', 'killed', 'busybox', 'sleep', '600']).trim();
  for (const { pid } of [...processesCalled('skiff-monitor'), ...processesCalled('skiff-keeper'), ...processesCalled('skiff-holder')]) killNow(pid);
  await eventually('the container has gone with its monitor', () => processesCalled('sleep').length === 0);
  leaveThings();
  const wanted = [/^warning: 1 record of a container that was killed \([0-9a-f]{64}\)$/, /^warning: 1 marker or socket without an owner \(f+\)$/, /^warning: 1 name without a container \(ghost\)$/, /^warning: 2 half-made or half-removed trees/, /^warning: 1 plan of a killed exec/, /^warning: 1 directory of addresses from before/, /^warning: 1 address of a container that does not run/, /^warning: 1 directory of a killed reader/, /^warning: 1 half-made or half-removed volume/, /^warning: 1 trace of a killed holder/, /^warning: 2 directories of killed builds/, /^warning: 1 blob, layer or download that no image needs/];
  for (let look = 0; look < 2; look += 1) {
    const found = doctor().filter(({ Check }) => Check === 'leftovers');
    for (const form of wanted) assert.ok(found.some(({ Level, Text }) => form.test(`${Level}: ${Text}`)), `${form} in ${JSON.stringify(found)}`);
    for (const { Remedy } of found) assert.is(Remedy, "run 'skiff doctor --repair'");
  }
  const repaired = textsOf(doctor(['--repair']), 'leftovers');
  for (const form of wanted) assert.ok(repaired.some((text) => new RegExp(form.source.replace('^warning: ', '^ok: removed ').replace(/( \\\(.*)?\$?$/, '')).test(text)), `${form} in ${repaired}`);
  assert.equal(repaired.filter((text) => !text.startsWith('ok: removed ')), []);
  assert.equal(textsOf(doctor(['--repair']), 'leftovers'), [nothingIsLeft]);
  for (const path of [join(host(), 'names/ghost'), join(root, 'images/blobs/sha256', nobody), join(host(), '.probe-999999999-1-abc')]) assert.not.ok(existsSync(path), path);
  assert.is(output(['ps', '-a', '--no-trunc', '--format', '{{.ID}} {{.Names}} {{.State}}']).split('\n').find((line) => line.startsWith(id)), `${id} killed exited`);
  assert.ok(output(['ps', '-a', '--format', '{{.Names}}']).split('\n').includes('mine'));
  output(['start', 'killed']);
  assert.is(output(['exec', 'killed', 'echo', 'again']), 'again\n');
  removeAll();
  output(['network', 'rm', 'ours']);
});

test('records that cannot be read are named, with what to do, and stay whatever is repaired', () => {
  const id = output(['create', '--name', 'damaged', 'busybox', 'true']).trim();
  const record = join(containerDirectories().find((path) => path.endsWith(id)) ?? '', 'spec.json');
  writeFileSync(record, '{');
  output(['network', 'create', 'torn']);
  writeFileSync(join(root, 'networks/torn.json'), 'no JSON');
  mkdirSync(join(root, 'volumes/torn/_data'), { recursive: true });
  writeFileSync(join(root, 'volumes/torn/volume.json'), '{}');
  for (const words of [[], ['--repair']]) {
    const rows = doctor(words).filter(({ Check }) => Check === 'records');
    assert.equal(rows.map(({ Level, Remedy }) => [Level, Remedy]), [['warning', `remove it with 'skiff rm -f ${id.slice(0, 12)}'`], ['warning', 'remove that file, and make the network again'], ['warning', 'correct it by hand; what the volume holds is beside it, in _data']]);
    assert.match(rows[0]?.Text ?? '', /spec\.json is damaged: /);
  }
  output(['rm', '-f', id.slice(0, 12)]);
  rmSync(join(root, 'networks/torn.json'));
  assert.ok(existsSync(join(root, 'volumes/torn/_data')));
  rmSync(join(root, 'volumes/torn'), { recursive: true });
  assert.equal(textsOf(doctor(), 'records'), []);
});

test('an index of images that cannot be read', () => {
  const index = join(root, 'images/index.json');
  const text = readFileSync(index);
  writeFileSync(index, 'no JSON');
  const rows = doctor(['--repair']);
  writeFileSync(index, text);
  assert.equal(rows.filter(({ Check }) => Check === 'records').map(({ Remedy }) => Remedy), [`move ${index} away; the images then need to be pulled again`]);
  assert.ok(output(['images', '-q']).length > 0, 'nothing was collected meanwhile');
});

test('settings that are wrong are a finding, not the end', () => {
  const place = scratch();
  const SKIFF_CONFIG = join(place, 'config.yaml');
  writeFileSync(SKIFF_CONFIG, 'colour: red\n');
  const rows = doctor([], { env: { SKIFF_CONFIG } });
  assert.match(textsOf(rows, 'settings')[0] ?? '', /^error: \S+\/config\.yaml: .*colour/);
  writeFileSync(SKIFF_CONFIG, 'storage-driver: auto\n');
  assert.equal(textsOf(doctor([], { env: { SKIFF_CONFIG } }), 'settings'), [`ok: ${SKIFF_CONFIG}`]);
  assert.match(textsOf(doctor([], { env: { SKIFF_CONFIG: 'config.yaml' } }), 'settings')[0] ?? '', /^error: SKIFF_CONFIG must be an absolute path/);
});

test('directories that cannot be had', () => {
  const rows = doctor(['--repair'], { env: { SKIFF_ROOT: '/proc/skiff' } });
  assert.match(textsOf(rows, 'directories')[0] ?? '', /^error: cannot make the directory \/proc\/skiff/);
  assert.match(rows.find(({ Check }) => Check === 'directories')?.Remedy ?? '', /SKIFF_ROOT/);
  assert.match(textsOf(doctor([], { env: { XDG_RUNTIME_DIR: 'run' } }), 'runtime')[0] ?? '', /^warning: XDG_RUNTIME_DIR is 'run', which is not absolute and is ignored$/);
  assert.match(textsOf(doctor([], { env: { XDG_RUNTIME_DIR: '/dev/null' } }), 'directories')[0] ?? '', /^error: .*\/dev\/null/);
});

/** `doctor` with the data directory on a file system that a script has mounted at $PLACE. */
const onFileSystem = (mount: string, variables: string): readonly Row[] => {
  const PLACE = scratch();
  const result = inMountNamespace(`set -e; ${mount}; ${variables} "$@" doctor --format json || test $? = 1`, { env: { PLACE } });
  assert.is(result.status, 0, result.stderr);
  return rowsOf(result);
};

test('a file system that is full, or has no more inodes, or runs no programs; and what others have mounted among our files', () => {
  const inRoot = 'SKIFF_ROOT=$PLACE/root';
  assert.match(textsOf(onFileSystem('mount -t tmpfs -o size=1m none $PLACE; head -c 400k /dev/zero > $PLACE/fill', inRoot), 'space').join(), /^error: \S+ is full$/);
  assert.match(textsOf(onFileSystem('mount -t tmpfs -o size=500m,nr_inodes=90 none $PLACE', inRoot), 'space').join(), /^warning: \S+ has only [\d.]+MiB left,error: \S+ has room for only \d+ more files \(inodes\)$/);
  assert.match(textsOf(onFileSystem('mount -t tmpfs -o noexec none $PLACE', inRoot), 'data').join(), /error: \S+ is on a file system that is mounted with noexec, so programs of images cannot run/);
  assert.match(textsOf(onFileSystem('mount -t tmpfs -o noexec none $PLACE', 'XDG_CACHE_HOME=$PLACE'), 'cache').join(), /error: \S+ is on a file system that is mounted with noexec/);
  const mounted = onFileSystem('mkdir -p $PLACE/root/strange; mount -t tmpfs none $PLACE/root/strange', inRoot);
  assert.match(textsOf(mounted, 'leftovers').join(), /^warning: 1 mount below our directories, which is not ours \(\S+\/strange\)$/);
});

test.run();
