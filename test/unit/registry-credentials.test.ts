import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { domainOfServer } from '../../src/registry/credentials-file.ts';
import { eraseCredential, findCredential, storeCredential } from '../../src/registry/credentials.ts';

interface Place {
  home: string;
  env: Record<string, string>;
}

const test = suite<Place>('credentials', { home: '', env: {} });
test.before.each((place) => {
  place.home = mkdtempSync(join(tmpdir(), 'credentials-'));
  place.env = { HOME: place.home, PATH: `${place.home}/bin:/usr/bin:/bin` };
});
test.after.each(({ home }) => rmSync(home, { recursive: true, force: true }));

const fileOf = (home: string): string => join(home, '.docker/config.json');
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const write = (home: string, content: unknown): void => {
  mkdirSync(join(home, '.docker'), { recursive: true });
  writeFileSync(fileOf(home), typeof content === 'string' ? content : JSON.stringify(content));
};

const content = (home: string): any => JSON.parse(readFileSync(fileOf(home), 'utf8'));

/** A helper that keeps each server in a file and writes down how it was called; `extra` comes first in its script. */
const addHelper = (home: string, name: string, extra = ''): void => {
  mkdirSync(join(home, 'bin'), { recursive: true });
  mkdirSync(join(home, 'kept'), { recursive: true });
  const path = join(home, 'bin', `docker-credential-${name}`);
  writeFileSync(path, `#!/bin/sh
echo "$*" >> ${home}/calls
${extra}
input=$(cat)
name() { printf %s "$1" | tr -c 'a-z0-9.\\n' _; }
case $1 in
  get) if [ -f "${home}/kept/$(name "$input")" ]; then cat "${home}/kept/$(name "$input")"; else echo 'credentials not found in native keychain'; exit 1; fi ;;
  store) server=$(printf %s "$input" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/'); printf %s "$input" > "${home}/kept/$(name "$server")" ;;
  erase) rm -f "${home}/kept/$(name "$input")" ;;
esac
`);
  chmodSync(path, 0o755);
};

const fault = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was accepted');
};

test('nobody is known where there is no file', async ({ home, env }) => {
  assert.is(await findCredential(env, 'docker.io'), undefined);
  write(home, '');
  assert.is(await findCredential(env, 'docker.io'), undefined);
  write(home, { auths: null, credsStore: '', other: 1 });
  assert.is(await findCredential(env, 'docker.io'), undefined);
});

test('entries of every spelling', async ({ home, env }) => {
  const cases: readonly (readonly [key: string, domain: string])[] = [
    ['https://index.docker.io/v1/', 'docker.io'], ['index.docker.io', 'docker.io'], ['docker.io', 'docker.io'], ['registry-1.docker.io', 'docker.io'],
    ['a.b', 'a.b'], ['https://a.b', 'a.b'], ['http://a.b/v2/', 'a.b'], ['a.b/', 'a.b'], ['a.b:5000', 'a.b:5000'], ['https://[::1]:5000/v1/', '[::1]:5000'],
  ];
  for (const [key, domain] of cases) {
    write(home, { auths: { [key]: { auth: base64('me:pass') } } });
    assert.equal(await findCredential(env, domain), { username: 'me', password: 'pass' }, key);
    assert.is(await findCredential(env, 'a.c'), undefined, key);
  }
  write(home, { auths: { 'a.b': { auth: base64('me:pass') } } });
  assert.is(await findCredential(env, 'a.b:5000'), undefined, 'another port is another registry');
});

test('the exact key is taken before one with a scheme', async ({ home, env }) => {
  write(home, { auths: { 'https://a.b': { auth: base64('old:1') }, 'a.b': { auth: base64('new:2') } } });
  assert.is((await findCredential(env, 'a.b'))?.username, 'new');
});

test('what an entry may hold', async ({ home, env }) => {
  const cases: readonly (readonly [entry: unknown, expected: unknown])[] = [
    [{}, undefined],
    [{ auth: '' }, undefined],
    [{ auth: base64('me:a:b:c') }, { username: 'me', password: 'a:b:c' }],
    [{ auth: base64('me:pass\0\0') }, { username: 'me', password: 'pass' }],
    [{ auth: base64('ich:schlüssel') }, { username: 'ich', password: 'schlüssel' }],
    [{ username: 'me', password: 'pass' }, { username: 'me', password: 'pass' }],
    [{ auth: base64('me:'), identitytoken: 'T' }, { username: 'me', password: '', identityToken: 'T' }],
    [{ identitytoken: 'T' }, { username: '', password: '', identityToken: 'T' }],
  ];
  for (const [entry, expected] of cases) {
    write(home, { auths: { 'a.b': entry } });
    assert.equal(await findCredential(env, 'a.b'), expected, JSON.stringify(entry));
  }
});

test('a damaged file is told of without its secrets, and never overwritten', async ({ home, env }) => {
  for (const text of ['{', '[]', '7', '{"auths":[]}', '{"auths":{"a.b":"hunter2"}}', '{"auths":{"a.b":{"auth":7}}}', '{"credsStore":7}', '{"auths":{"a.b":{"password":"hunter2"}']) {
    write(home, text);
    const messages = [await fault(findCredential(env, 'a.b')), await fault(storeCredential(env, 'a.b', { username: 'u', password: 'p' })), await fault(eraseCredential(env, 'a.b'))];
    for (const message of messages) {
      assert.match(message, /config\.json is damaged/);
      assert.not.match(message, /hunter2/);
    }
    assert.is(readFileSync(fileOf(home), 'utf8'), text);
  }
  write(home, { auths: { 'a.b': { auth: base64('nocolon') } } });
  assert.match(await fault(findCredential(env, 'a.b')), /auths\.a\.b\.auth is not user:password/);
  write(home, `{"x":"${'x'.repeat(5 << 20)}"}`);
  assert.match(await fault(findCredential(env, 'a.b')), /larger than 4 MiB/);
});

test('storing makes a private file that Docker reads', async ({ home, env }) => {
  assert.equal(await storeCredential(env, 'docker.io', { username: 'me', password: 'a:b' }), { file: fileOf(home) });
  assert.equal(content(home), { auths: { 'https://index.docker.io/v1/': { auth: base64('me:a:b') } } });
  assert.is(statSync(fileOf(home)).mode & 0o777, 0o600);
  assert.is(statSync(join(home, '.docker')).mode & 0o777, 0o700);
  assert.equal(await findCredential(env, 'docker.io'), { username: 'me', password: 'a:b' });
  await storeCredential(env, 'a.b', { username: 'me', password: '', identityToken: 'T' });
  assert.equal(await findCredential(env, 'a.b'), { username: 'me', password: '', identityToken: 'T' });
  assert.equal(readdirSync(join(home, '.docker')), ['config.json'], 'nothing temporary is left');
});

test('storing keeps what else is in the file, its order, and a symbolic link', async ({ home, env }) => {
  write(home, { HttpHeaders: { a: 'b' }, auths: { 'x.y': { auth: 'eDp5', email: 'm@x' }, 'https://a.b/v1/': { auth: base64('old:1') } }, psFormat: 'table', proxies: { default: {} } });
  const real = join(home, 'real.json');
  writeFileSync(real, readFileSync(fileOf(home)), { mode: 0o644 });
  rmSync(fileOf(home));
  symlinkSync('../real.json', fileOf(home));
  await storeCredential(env, 'a.b', { username: 'new', password: '2' });
  assert.ok(lstatSync(fileOf(home)).isSymbolicLink());
  assert.is(statSync(real).mode & 0o777, 0o600);
  assert.equal(content(home), { HttpHeaders: { a: 'b' }, auths: { 'x.y': { auth: 'eDp5', email: 'm@x' }, 'a.b': { auth: base64('new:2') } }, psFormat: 'table', proxies: { default: {} } });
  assert.equal(Object.keys(content(home)), ['HttpHeaders', 'auths', 'psFormat', 'proxies']);
});

test('DOCKER_CONFIG names another directory', async ({ home, env }) => {
  await storeCredential({ ...env, DOCKER_CONFIG: join(home, 'elsewhere') }, 'a.b', { username: 'u', password: 'p' });
  assert.not.ok(existsSync(fileOf(home)));
  assert.ok(existsSync(join(home, 'elsewhere/config.json')));
});

test('erasing forgets every spelling, once', async ({ home, env }) => {
  write(home, { auths: { 'https://a.b/v1/': {}, 'a.b': {}, 'c.d': {} }, x: 1 });
  assert.is(await eraseCredential(env, 'a.b'), true);
  assert.equal(content(home), { auths: { 'c.d': {} }, x: 1 });
  assert.is(await eraseCredential(env, 'a.b'), false);
  assert.is(await eraseCredential({ ...env, DOCKER_CONFIG: join(home, 'none') }, 'a.b'), false);
  assert.not.ok(existsSync(join(home, 'none')), 'to forget nothing nothing is made');
});

test('a helper for all registries, and one for some', async ({ home, env }) => {
  addHelper(home, 'all');
  addHelper(home, 'one');
  write(home, { credsStore: 'all', credHelpers: { 'a.b': 'one', 'https://index.docker.io/v1/': 'one', 'plain.x': '' } });
  assert.equal(await storeCredential(env, 'a.b', { username: 'me', password: 's"e\\c' }), { file: fileOf(home), helper: 'one' });
  assert.equal(content(home).auths, { 'a.b': {} }, 'Docker takes an empty entry for logged in');
  assert.equal(await findCredential(env, 'a.b'), { username: 'me', password: 's"e\\c' });
  assert.is(await findCredential(env, 'c.d'), undefined, 'not known to the helper is not known');
  await storeCredential(env, 'docker.io', { username: 'u', password: '', identityToken: 'T' });
  assert.equal(await findCredential(env, 'docker.io'), { username: '', password: '', identityToken: 'T' });
  assert.equal(await storeCredential(env, 'plain.x', { username: 'u', password: 'p' }), { file: fileOf(home) });
  assert.ok(existsSync(join(home, 'kept/https___index.docker.io_v1_')), 'by the name that Docker uses');
  assert.is(await eraseCredential(env, 'a.b'), true);
  assert.is(await findCredential(env, 'a.b'), undefined);
  assert.is(await eraseCredential(env, 'a.b'), false);
});

test('with a helper the file is not asked', async ({ home, env }) => {
  addHelper(home, 'all');
  write(home, { credsStore: 'all', auths: { 'a.b': { auth: base64('me:pass') } } });
  assert.is(await findCredential(env, 'a.b'), undefined);
});

test('helpers that fail say so, and nothing of what they were given', async ({ home, env }) => {
  const cases: readonly (readonly [script: string, said: RegExp])[] = [
    ['echo "the keyring is locked"; exit 1', /docker-credential-bad: the keyring is locked/],
    ['exit 3', /does not say why/],
    ['echo \'{"Username":"u","Secret":"hunter2"}\'; exit 1', /does not say why/],
    ['echo hunter2 >&2; exit 1', /does not say why/],
    ['head -c 3000000 /dev/zero; exit 0', /more than 1 MiB/],
    ['printf "x\\033[31m"; exit 1', /^[^\u001b]*$/],
  ];
  for (const [script, said] of cases) {
    addHelper(home, 'bad', script);
    write(home, { credsStore: 'bad' });
    for (const message of [await fault(findCredential(env, 'a.b')), await fault(storeCredential(env, 'a.b', { username: 'u', password: 'hunter2' }))]) {
      assert.match(message, said);
      assert.not.match(message, /hunter2/);
    }
    assert.equal(content(home), { credsStore: 'bad' }, 'nobody is logged in by a helper that failed');
  }
  for (const script of ['echo hunter2; exit 0', 'echo \'{"Username":7}\'; exit 0', 'exit 0']) {
    addHelper(home, 'bad', script);
    const message = await fault(findCredential(env, 'a.b'));
    assert.match(message, /its answer is not Username and Secret in JSON/);
    assert.not.match(message, /hunter2/);
  }
});

test('a helper that is missing is named, one with a path in its name is refused', async ({ home, env }) => {
  write(home, { credsStore: 'nosuch' });
  assert.match(await fault(findCredential(env, 'a.b')), /docker-credential-nosuch: it is not on your PATH; install it, or take it out/);
  for (const name of ['../x', 'a b', 'a/b', 'a\nb', ';x']) {
    write(home, { credsStore: name });
    assert.match(await fault(findCredential(env, 'a.b')), /cannot be the name of a credential helper/);
  }
});

test('the host of a server', () => {
  const cases = [['https://a.b:1/x/y', 'a.b:1'], ['a.b', 'a.b'], ['HTTPS://a.b', 'a.b'], ['https://index.docker.io/v1/', 'docker.io'], ['[::1]:5/', '[::1]:5']] as const;
  for (const [server, domain] of cases) assert.is(domainOfServer(server), domain);
});

test.run();
