import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Context } from '../../src/cli/context.ts';
import { exitOne } from '../../src/cli/exit-one.ts';
import { run as login } from '../../src/cli/login.ts';
import { run as logout } from '../../src/cli/logout.ts';
import { Interrupted, editLine } from '../../src/cli/prompt.ts';
import { registryOf } from '../../src/cli/registry-name.ts';
import { SkiffFailure, fail } from '../../src/core/errors.ts';

interface Place {
  home: string;
  server: Server;
  address: string;
  /** Authorization headers that came. */
  seen: string[];
}

const test = suite<Place>('login');

const right = `Basic ${Buffer.from('me:a:b').toString('base64')}`;

test.before.each(async (place) => {
  place.home = mkdtempSync(join(tmpdir(), 'login-'));
  place.seen = [];
  place.server = createServer((request, response) => {
    const { authorization } = request.headers;
    if (authorization !== undefined) place.seen.push(authorization);
    if (authorization === right) return response.end('{}');
    response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' });
    return response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
  });
  await new Promise<void>((resolve) => place.server.listen(0, '127.0.0.1', resolve));
  place.address = `127.0.0.1:${(place.server.address() as AddressInfo).port}`;
});

test.after.each(async ({ home, server }) => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(home, { recursive: true, force: true });
});

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const listen = async (home: string, body: (context: Context) => Promise<number>): Promise<Said> => {
  const said = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr') => ({ write: (data: string | Uint8Array) => void (said[name] += String(data)), isTerminal: () => false, columns: () => 80 });
  const code = await body({ env: { HOME: home, PATH: '' }, root: undefined, storageDriver: undefined, stdout: output('stdout'), stderr: output('stderr') });
  return { code, ...said };
};

const logIn = ({ home, address }: Place, flags: { readonly username?: string; readonly password?: string }, server = address): Promise<Said> =>
  listen(home, (context) => login(context, { username: undefined, password: undefined, passwordStdin: false, ...flags }, [server]));

const logOut = ({ home, address }: Place, server = address): Promise<Said> => listen(home, (context) => logout(context, {}, [server]));

const fileOf = (home: string): string => join(home, '.docker/config.json');

test('what the registry accepts is kept, used again, and forgotten', async (place) => {
  const first = await logIn(place, { username: 'me', password: 'a:b' });
  assert.is(first.code, 0);
  assert.is(first.stdout, 'Login Succeeded\n');
  assert.match(first.stderr, /use --password-stdin\n.*unencrypted in .*config\.json/s);
  assert.not.match(first.stderr, /a:b/);
  assert.ok(place.seen.includes(right));
  place.seen.length = 0;
  const second = await logIn(place, {}, `http://${place.address}/v2/`);
  assert.equal(second, { code: 0, stdout: 'Authenticating with existing credentials... [Username: me]\nLogin Succeeded\n', stderr: '' });
  assert.ok(place.seen.includes(right));
  assert.equal(await logOut(place), { code: 0, stdout: `Removing login credentials for ${place.address}\n`, stderr: '' });
  assert.equal(JSON.parse(readFileSync(fileOf(place.home), 'utf8')), { auths: {} });
  assert.equal(await logOut(place), { code: 0, stdout: `Not logged in to ${place.address}\n`, stderr: '' });
});

test('what the registry refuses is not kept', async (place) => {
  const { code, stdout, stderr } = await logIn(place, { username: 'me', password: 'hunter2' });
  assert.is(code, 1);
  assert.is(stdout, '');
  assert.match(stderr, /does not accept the user name and password/);
  assert.not.match(stderr, /hunter2/);
  assert.not.ok(existsSync(fileOf(place.home)));
});

test('a new password that is refused leaves the old one', async (place) => {
  await logIn(place, { username: 'me', password: 'a:b' });
  const before = readFileSync(fileOf(place.home), 'utf8');
  assert.is((await logIn(place, { username: 'me', password: 'nope' })).code, 1);
  assert.is(readFileSync(fileOf(place.home), 'utf8'), before);
});

test('an empty name or password is not tried', async (place) => {
  for (const flags of [{ username: '', password: 'x' }, { username: 'me', password: '' }]) {
    const { code, stderr } = await logIn(place, flags);
    assert.is(code, 1);
    assert.match(stderr, /is needed to log in/);
  }
  assert.equal(place.seen, []);
});

test('a damaged file is an error of both, and stays', async (place) => {
  await logIn(place, { username: 'me', password: 'a:b' });
  writeFileSync(fileOf(place.home), '{');
  for (const said of [await logIn(place, { username: 'me', password: 'a:b' }), await logOut(place)]) {
    assert.is(said.code, 1);
    assert.match(said.stderr, /config\.json is damaged/);
  }
  assert.is(readFileSync(fileOf(place.home), 'utf8'), '{');
});

test('flags that exclude each other', async (place) => {
  const wrong = async (flags: { readonly username?: string; readonly password?: string }): Promise<string> => {
    try {
      await listen(place.home, (context) => login(context, { username: undefined, password: undefined, ...flags, passwordStdin: true }, [place.address]));
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('it was accepted');
  };
  assert.match(await wrong({ username: 'me', password: 'x' }), /not both/);
  assert.match(await wrong({}), /--password-stdin needs --username/);
});

test('the registry that is meant', () => {
  const corp = { defaultRegistry: 'r.corp:5000' };
  assert.is(registryOf(corp, undefined), 'r.corp:5000');
  assert.is(registryOf(corp, 'quay.io'), 'quay.io');
  assert.is(registryOf(corp, 'https://a.b:1/v2/'), 'a.b:1');
  assert.is(registryOf(corp, 'https://index.docker.io/v1/'), 'docker.io');
  for (const server of ['', 'corp', 'a b', 'ftp://a.b', 'me@a.b', 'https://', '-x.y', 'a.b\u001b']) assert.throws(() => registryOf(corp, server), /is no registry/, server);
});

test('failures that Docker answers with 1, and usage, which stays 125', async ({ home }) => {
  const refused = await listen(home, (context) => exitOne(context, async () => fail({ _tag: 'Refused', message: 'no' })));
  assert.equal(refused, { code: 1, stdout: '', stderr: 'skiff: no\n' });
  assert.is((await listen(home, (context) => exitOne(context, async () => undefined))).code, 0);
  for (const thrown of [new SkiffFailure({ _tag: 'Usage', message: 'what?' }), new TypeError('bug')]) {
    let caught: unknown;
    await listen(home, (context) => exitOne(context, () => Promise.reject(thrown))).catch((error: unknown) => (caught = error));
    assert.is(caught, thrown);
  }
});

test('keys at a terminal that shows nothing', () => {
  assert.equal(editLine('', 'abc\r'), { text: 'abc', isComplete: true });
  assert.equal(editLine('ab', 'c'), { text: 'abc', isComplete: false });
  assert.equal(editLine('', 'ab\u007fc\n'), { text: 'ac', isComplete: true });
  assert.equal(editLine('', '\u007f\u007fa\r'), { text: 'a', isComplete: true });
  assert.equal(editLine('é🐳', '\u007f\r'), { text: 'é', isComplete: true });
  assert.equal(editLine('abc', '\u0015x\r'), { text: 'x', isComplete: true });
  assert.equal(editLine('', '\u0004'), { text: '', isComplete: true });
  assert.equal(editLine('a', '\u0004b\r'), { text: 'ab', isComplete: true });
  assert.equal(editLine('', 'first\rsecond\r'), { text: 'first', isComplete: true });
  assert.throws(() => editLine('abc', '\u0003'), (error: unknown) => error instanceof Interrupted);
  assert.throws(() => editLine('', 'x'.repeat(70_000)), /more than 65536/);
});

test.run();
