import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { resolvePaths } from '../../src/system/paths.ts';
import { defaultSettings, readSettings, settingsPath } from '../../src/system/settings.ts';
import type { Settings } from '../../src/system/settings.ts';

interface Place {
  home: string;
}

const test = suite<Place>('settings', { home: '' });
test.before.each((place) => {
  place.home = mkdtempSync(join(tmpdir(), 'settings-'));
});
test.after.each(({ home }) => rmSync(home, { recursive: true, force: true }));

const fileOf = (home: string): string => join(home, '.config/skiff/config.yaml');
const cacheOf = (home: string): string => join(home, '.cache/skiff/settings.json');

const write = (home: string, text: string | Buffer): string => {
  mkdirSync(join(home, '.config/skiff'), { recursive: true });
  writeFileSync(fileOf(home), text);
  return fileOf(home);
};

const read = (home: string, env: Readonly<Record<string, string>> = {}): Promise<Settings> => {
  const whole = { HOME: home, ...env };
  return readSettings(whole, resolvePaths(whole));
};

const fault = async (home: string, env: Readonly<Record<string, string>> = {}): Promise<string> => {
  try {
    await read(home, env);
  } catch (error) {
    const { message } = error as Error;
    assert.not.match(message, /\n/, 'one line');
    return message;
  }
  throw new Error('it was accepted');
};

test('without a file there are the defaults, and nothing is written', async ({ home }) => {
  assert.equal(await read(home), { defaultRegistry: 'docker.io', parallelDownloads: 3, parallelUploads: 5, hostId: 'machine-id', registries: {} });
  assert.not.ok(existsSync(join(home, '.cache')));
});

test('an empty file, and one of comments only, change nothing', async ({ home }) => {
  for (const text of ['', '# nothing\n', '---\n']) {
    write(home, text);
    assert.equal(await read(home), defaultSettings);
  }
});

test('every key', async ({ home }) => {
  write(home, `
default-registry: registry.corp:5000
storage-driver: fuse-overlayfs
host-id: hostname
parallel-downloads: 16
parallel-uploads: 1
default-address-pools: [{ base: 10.20.0.0/16, size: 24 }, { size: 64, base: "fd00:7::/48" }]
registries:
  docker.io: { mirrors: ["https://mirror.corp/", "http://127.0.0.1:5001", "http://[::1]:5002"] }
  registry.corp:5000: { ca: corp.pem }
  localhost:5000:
    insecure: true
    ca: /etc/ssl/other.pem
  "[::1]:5000": {}
`);
  assert.equal(await read(home), {
    defaultRegistry: 'registry.corp:5000', storageDriver: 'fuse-overlayfs', parallelDownloads: 16, parallelUploads: 1, hostId: 'hostname',
    addressPools: [{ base: '10.20.0.0/16', size: 24 }, { base: 'fd00:7::/48', size: 64 }],
    registries: {
      'docker.io': { mirrors: ['https://mirror.corp', 'http://127.0.0.1:5001', 'http://[::1]:5002'], insecure: false },
      'registry.corp:5000': { mirrors: [], insecure: false, ca: join(home, '.config/skiff/corp.pem') },
      'localhost:5000': { mirrors: [], insecure: true, ca: '/etc/ssl/other.pem' },
      '[::1]:5000': { mirrors: [], insecure: false },
    },
  });
});

const faults: readonly (readonly [name: string, text: string, said: RegExp])[] = [
  ['an unknown key', 'parallel-download: 3', /config\.yaml: parallel-download is no setting; it may be one of these: default-registry, /],
  ['an unknown key of a registry', 'registries: {a.b: {mirror: []}}', /registries\.a\.b\.mirror is no setting; it may be one of these: mirrors, insecure, ca/],
  ['a number in words', 'parallel-downloads: three', /parallel-downloads must be a whole number from 1 to 16/],
  ['zero', 'parallel-downloads: 0', /whole number from 1 to 16/],
  ['too many', 'parallel-uploads: 17', /parallel-uploads must be a whole number from 1 to 16/],
  ['half a layer', 'parallel-uploads: 1.5', /whole number/],
  ['infinity', 'parallel-uploads: .inf', /whole number/],
  ['a missing value', 'default-registry:', /default-registry must be HOST\[:PORT\]/],
  ['a registry with a path', 'default-registry: corp.example/x', /must be HOST/],
  ['a registry with a scheme', 'default-registry: https://corp.example', /must be HOST/],
  ['a registry that names would not take for one', 'default-registry: corp', /must be HOST/],
  ['another name of Docker Hub', 'registries: {index.docker.io: {}}', /registries\.index\.docker\.io must be HOST.*docker\.io/],
  ['a driver that is not there', 'storage-driver: vfs', /storage-driver must be auto, overlay or fuse-overlayfs/],
  ['YAML 1.1 booleans', 'registries: {a.b: {insecure: yes}}', /registries\.a\.b\.insecure must be true or false/],
  ['a mirror without a scheme', 'registries: {a.b: {mirrors: ["c.d"]}}', /registries\.a\.b\.mirrors\.0 must be http/],
  ['a mirror with a path', 'registries: {a.b: {mirrors: ["https://c.d/e"]}}', /mirrors\.0 must be/],
  ['a mirror with a port that is none', 'registries: {a.b: {mirrors: ["https://c.d:65536"]}}', /mirrors\.0 must be/],
  ['a mirror without a host', 'registries: {a.b: {mirrors: ["https://"]}}', /mirrors\.0 must be/],
  ['a mirror with a question', 'registries: {a.b: {mirrors: ["https://c.d?x=1"]}}', /mirrors\.0 must be/],
  ['a mirror with another scheme', 'registries: {a.b: {mirrors: ["ftp://c.d"]}}', /mirrors\.0 must be/],
  ['one mirror instead of a list', 'registries: {a.b: {mirrors: "https://c.d"}}', /mirrors must be a list/],
  ['a list of registries', 'registries: [a.b]', /registries must be a mapping from HOST/],
  ['a registry of nothing', 'registries: {a.b: }', /registries\.a\.b must be a mapping/],
  ['an empty path', 'registries: {a.b: {ca: ""}}', /registries\.a\.b\.ca must be the path of a file/],
  ...[
    '{base: 10.20.0.0/16}', '{size: 24}', '{base: 10.20.0.0, size: 24}', '{base: 10.20.0.0/16, size: 15}', '{base: 10.20.0.0/16, size: 31}', '{base: 10.20.0.0/16, size: 24.5}', '{base: 10.20.0/16, size: 24}',
    '{base: "fd00::/48", size: 127}', '{base: "fd00::/32", size: 64}', '{base: 0.0.0.0/0, size: 8}', '{base: 10.20.0.0/16, size: "24"}', '{base: 10.20.0.0/16, size: 24, gateway: 10.20.0.1}', '10.20.0.0/16', 'null',
  ].map((pool): readonly [string, string, RegExp] => [`the pool ${pool}`, `default-address-pools: [${pool}]`, /default-address-pools\.0 must be a mapping with base, a range as in 10\.20\.0\.0\/16, and size/]),
  ['pools that are no list', 'default-address-pools: {base: 10.20.0.0/16, size: 24}', /default-address-pools must be a list/],
  ['a list', '- a', /must be a mapping of settings/],
  ['a word', 'hello', /must be a mapping of settings/],
  ['a key twice', 'parallel-uploads: 1\nparallel-uploads: 2', /Map keys must be unique at line 2/],
  ['a registry twice', 'registries:\n  a.b: {}\n  a.b: {insecure: true}', /unique/],
  ['two documents', 'parallel-uploads: 1\n---\nparallel-uploads: 2', /config\.yaml: /],
  ['what is no YAML', 'registries: {', /config\.yaml: .*line 1/],
  ['tags of other languages', 'default-registry: !!js/function "x"', /config\.yaml: /],
  ['control characters', 'x\u001b[31m: 1', /^[^\u001b]*$/],
  ['brackets without end', '['.repeat(200_000), /nested too deeply/],
  ['lists without end', '- '.repeat(200_000), /nested too deeply/],
  ['steps without end', Array.from({ length: 400 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'), /nested too deeply/],
  ['a bomb of aliases', `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'.split('').map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`).join('\n')}\n`, /config\.yaml: .*alias/i],
  ['more than 1 MiB', `# ${'x'.repeat(1024 * 1024)}`, /larger than 1 MiB/],
];

for (const [name, text, said] of faults) {
  test(`refuses ${name}`, async ({ home }) => {
    write(home, text);
    assert.match(await fault(home), said);
  });
}

test('a password in the wrong place is not repeated', async ({ home }) => {
  write(home, 'registries: {a.b: {mirrors: ["https://me:hunter2@c.d"]}}');
  assert.not.match(await fault(home), /hunter2/);
});

test('a key called __proto__ is a key like others', async ({ home }) => {
  write(home, '__proto__: {parallel-uploads: 9}');
  assert.match(await fault(home), /__proto__ is no setting/);
  write(home, 'registries: {a.b: {}, "__proto__": {insecure: true}}');
  assert.match(await fault(home), /registries\.__proto__ must be HOST/);
});

test('the directory comes from XDG_CONFIG_HOME, the file from SKIFF_CONFIG', async ({ home }) => {
  assert.is(settingsPath({ HOME: '/h' }), '/h/.config/skiff/config.yaml');
  assert.is(settingsPath({ HOME: '/h', XDG_CONFIG_HOME: '/x' }), '/x/skiff/config.yaml');
  assert.is(settingsPath({ HOME: '/h', XDG_CONFIG_HOME: 'x' }), '/h/.config/skiff/config.yaml');
  assert.is(settingsPath({ HOME: '/h', XDG_CONFIG_HOME: '/x', SKIFF_CONFIG: '/y/z' }), '/y/z');
  assert.throws(() => settingsPath({ SKIFF_CONFIG: 'y' }), /SKIFF_CONFIG must be an absolute path/);
  assert.match(await fault(home, { SKIFF_CONFIG: join(home, 'none') }), /cannot read the settings .*none: it does not exist/);
  assert.match(await fault(home, { SKIFF_CONFIG: home }), /regular file/);
});

const realNow = Date.now;
test.after.each(() => {
  Date.now = realNow;
});

/** A change time cannot be set, so the clock is: what was written until now is old enough to be remembered. */
const age = (): void => {
  Date.now = () => realNow() + 3000;
};

test('what was read is remembered until the file changes, and a damaged memory is ignored', async ({ home }) => {
  const path = write(home, 'parallel-uploads: 7');
  await read(home);
  assert.not.ok(existsSync(cacheOf(home)), 'a file that was written just now may be written again within its time stamp');
  age();
  assert.is((await read(home)).parallelUploads, 7);
  assert.is(statSync(cacheOf(home)).mode & 0o777, 0o600);

  const cached = readFileSync(cacheOf(home), 'utf8');
  writeFileSync(cacheOf(home), cached.replace('7}', '8}'));
  assert.is((await read(home)).parallelUploads, 8, 'it is read from there');
  for (const damage of ['', '{', 'null', '[]', cached.replace('7}', '99}'), cached.replace('7}', '7,"x":1}')]) {
    writeFileSync(cacheOf(home), damage);
    assert.is((await read(home)).parallelUploads, 7, damage);
  }
  writeFileSync(cacheOf(home), cached.replace('7}', '8}'));
  utimesSync(path, 1, 1);
  assert.is((await read(home)).parallelUploads, 7, 'another time stamp');
});

test('another file of the same content is not taken for the first', async ({ home }) => {
  write(home, 'registries: {a.b: {ca: x.pem}}');
  const other = join(home, 'other');
  mkdirSync(other);
  symlinkSync(fileOf(home), join(other, 'config.yaml'));
  age();
  assert.is((await read(home)).registries['a.b']?.ca, join(home, '.config/skiff/x.pem'));
  assert.is((await read(home, { SKIFF_CONFIG: join(other, 'config.yaml') })).registries['a.b']?.ca, join(other, 'x.pem'));
});

test('a cache that cannot be written is no error', async ({ home }) => {
  write(home, 'parallel-uploads: 7');
  writeFileSync(join(home, '.cache'), 'not a directory');
  age();
  assert.is((await read(home)).parallelUploads, 7);
});

test('a file that cannot be read is an error', async ({ home }) => {
  if (process.getuid?.() === 0) return;
  chmodSync(write(home, 'parallel-uploads: 7'), 0);
  assert.match(await fault(home), /cannot read the settings .*: permission denied/);
});

test.run();
