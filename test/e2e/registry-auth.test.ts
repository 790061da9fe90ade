/**
 * Who may, and by which way: passwords, tokens, certificates, proxies, mirrors, default registry, search.
 * @one-driver
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificates, testName } from '../registry/certificates.ts';
import { hangUp, status } from '../registry/faults.ts';
import { startForwardProxy } from '../registry/forward-proxy.ts';
import { requestsTo, startProxy } from '../registry/proxy.ts';
import { failure, matches, newPlace, output, runProgram, skiff } from '../registry/run.ts';
import type { Options, Place } from '../registry/run.ts';
import { gzipBusybox, gzipLayer } from '../registry/samples.ts';
import { startRegistry } from '../registry/server.ts';
import type { RegistryOptions, TestRegistry } from '../registry/server.ts';
import { startTokenServer } from '../registry/token-server.ts';
import type { TokenOptions, TokenServer } from '../registry/token-server.ts';
import { uploadImage } from '../registry/upload.ts';
import { scratch } from './skiff.ts';

const [user, password] = ['somebody', 'correct horse: battery "staple"'];
const parts = { layers: [gzipBusybox(), gzipLayer('etc/which', 'private')], config: { Cmd: ['cat', '/etc/which'] } };

/** A registry without a lock and a store that has its image `open`, to push it elsewhere. */
let open: TestRegistry;
let filled: Place;
let source: string;

test.before(async () => {
  open = await startRegistry();
  filled = newPlace();
  source = `${open.address}/open`;
  await uploadImage(open.address, 'open:latest', parts);
  await output(['pull', '-q', source], filled);
});
test.after(() => open.stop());

const withRegistry = async (options: RegistryOptions, body: (registry: TestRegistry) => Promise<void>): Promise<void> => {
  const registry = await startRegistry(options);
  try {
    await body(registry);
  } finally {
    await registry.stop();
  }
};

/** Pushes the image as `target` with the credentials of `as`. */
const pushAs = async (as: Place, target: string): Promise<void> => {
  const options = { env: { ...as.env, SKIFF_ROOT: filled.store } };
  await output(['tag', source, target], options);
  await output(['push', '-q', target], options);
};

const login = async (place: Place, address: string, secret = password, options: Options = {}): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }> =>
  skiff(['login', '-u', user, '--password-stdin', address], { ...options, env: { ...place.env, ...options.env }, input: `${secret}\n` });

const stored = (place: Place): string => {
  const path = join(place.dockerConfig, 'config.json');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

test('a registry with passwords: refused without, and all works after login', () =>
  withRegistry({ user: [user, password] }, async ({ address }) => {
    const [place, stranger] = [newPlace(), newPlace()];
    const done = await login(place, address);
    assert.equal([done.status, done.stdout], [0, 'Login Succeeded\n'], done.stderr);
    assert.not.match(done.stdout + done.stderr, /staple/);
    const { auths } = JSON.parse(stored(place));
    assert.is(Buffer.from(auths[address].auth, 'base64').toString(), `${user}:${password}`);
    assert.is(statSync(join(place.dockerConfig, 'config.json')).mode & 0o777, 0o600);
    const target = `${address}/mine/private`;
    await pushAs(place, target);
    await output(['pull', '-q', target], place);
    assert.is(await output(['run', '--rm', '--network', 'none', target], place), 'private');
    matches(await failure(['pull', target], 1, stranger), /mine\/private.*login/);
    matches(await failure(['push', target], 1, { env: { ...stranger.env, SKIFF_ROOT: filled.store } }), /denied|login|authentication/);
    assert.is((await output(['logout', address], place)).includes(`Removing login credentials for ${address}`), true);
    assert.not.match(stored(place), /auth":/);
    matches(await failure(['pull', target], 1, place), /login/);
    matches(await output(['logout', address], place), new RegExp(`Not logged in to ${address}`));
  }));

test('a wrong password: exit code 1, nothing stored, and it is on no line', () =>
  withRegistry({ user: [user, password] }, async ({ address }) => {
    const place = newPlace();
    const wrong = await login(place, address, 'wrong-and-secret');
    assert.equal([wrong.status, wrong.stdout], [1, '']);
    matches(wrong.stderr, /^skiff: [^\n]*(unauthorized|incorrect|does not accept)[^\n]*\n$/i);
    assert.not.match(wrong.stderr, /wrong-and-secret/);
    assert.not.match(stored(place), new RegExp(address));
    const onTheLine = await skiff(['login', '-u', user, '-p', 'wrong-and-secret', address], place);
    assert.is(onTheLine.status, 1);
    matches(onTheLine.stderr, /--password-stdin/);
    assert.not.match(onTheLine.stderr, /wrong-and-secret/);
    matches((await login(place, address, '')).stderr, /^skiff: [^\n]+\n$/);
    assert.is((await skiff(['login', address], place)).status, 1);
  }));

test('what docker and podman have stored is understood', () =>
  withRegistry({ user: [user, password] }, async ({ address }) => {
    const [first, second] = [newPlace(), newPlace()];
    assert.is((await login(first, address)).status, 0);
    const authfile = join(second.dockerConfig, 'config.json');
    assert.is((await runProgram(['skopeo', 'login', '--tls-verify=false', '--authfile', authfile, '-u', user, '-p', password, address])).status, 0);
    await pushAs(second, `${address}/x`);
    await output(['pull', '-q', `${address}/x`], second);
    // And the other way: skopeo reads what skiff has stored.
    assert.is((await runProgram(['skopeo', 'inspect', '--tls-verify=false', '--authfile', join(first.dockerConfig, 'config.json'), `docker://${address}/x`])).status, 0);
  }));

/** A credential helper that keeps what it is told in a file, and its directory for PATH. */
const makeHelper = (name: string): { readonly directory: string; readonly kept: string } => {
  const directory = scratch();
  const kept = join(directory, 'kept');
  mkdirSync(kept);
  const script = `#!/bin/sh
echo "$1" >> ${directory}/calls
case "$1" in
store) cat > ${kept}/it ;;
get) read -r server; if [ -f ${kept}/it ] && grep -q "$server" ${kept}/it; then cat ${kept}/it; else echo 'credentials not found in native keychain'; exit 1; fi ;;
erase) cat > /dev/null; rm -f ${kept}/it ;;
esac
`;
  writeFileSync(join(directory, `docker-credential-${name}`), script);
  chmodSync(join(directory, `docker-credential-${name}`), 0o755);
  return { directory, kept };
};

for (const [kind, setting] of [['credsStore', () => ({ credsStore: 'test' })], ['credHelpers', (address: string) => ({ credHelpers: { [address]: 'test' } })]] as const) {
  test(`a credential helper by ${kind} keeps the password, and no file of ours has it`, () =>
    withRegistry({ user: [user, password] }, async ({ address }) => {
      const { directory, kept } = makeHelper('test');
      const plain = newPlace();
      const place = { ...plain, env: { ...plain.env, PATH: `${directory}:${process.env['PATH']}` } };
      writeFileSync(join(place.dockerConfig, 'config.json'), JSON.stringify({ ...setting(address), HttpHeaders: { 'x-kept': 'yes' } }));
      const done = await login(place, address);
      assert.equal([done.status, done.stdout], [0, 'Login Succeeded\n'], done.stderr);
      assert.is(JSON.parse(readFileSync(join(kept, 'it'), 'utf8')).Secret, password);
      assert.not.match(stored(place), /staple|"auth"/);
      matches(stored(place), /x-kept/);
      await pushAs(place, `${address}/x`);
      await output(['pull', '-q', `${address}/x`], place);
      await output(['logout', address], place);
      assert.not.ok(existsSync(join(kept, 'it')));
      matches(await failure(['pull', `${address}/x`], 1, place), /login/);
    }));
}

const withTokens = async (options: Omit<TokenOptions, 'user'>, body: (registry: TestRegistry, tokens: TokenServer) => Promise<void>): Promise<void> => {
  const tokens = await startTokenServer({ user: [user, password], ...options });
  try {
    await withRegistry({ token: tokens.settings }, (registry) => body(registry, tokens));
  } finally {
    await tokens.stop();
  }
};

test('a registry with tokens: each is asked for what it is for, and used while it is good', () =>
  withTokens({}, async ({ address }, tokens) => {
    const place = newPlace();
    assert.equal((await login(place, address)).status, 0);
    await pushAs(place, `${address}/with/tokens`);
    assert.ok(tokens.requests.some(({ scopes }) => scopes.includes('repository:with/tokens:pull,push') || scopes.includes('repository:with/tokens:push,pull')), JSON.stringify(tokens.requests));
    const before = tokens.requests.length;
    await output(['pull', '-q', `${address}/with/tokens`], place);
    assert.equal(tokens.requests.slice(before).map(({ scopes }) => scopes), [['repository:with/tokens:pull']]);
    assert.is((await login(newPlace(), address, 'wrong')).status, 1);
    matches(await failure(['pull', `${address}/with/tokens`], 1, newPlace()), /login/);
  }));

test('a registry with tokens: mounting from another repository asks for both', () =>
  withTokens({}, async ({ address }, tokens) => {
    const place = newPlace();
    await login(place, address);
    await pushAs(place, `${address}/from`);
    await pushAs(place, `${address}/to`);
    assert.ok(tokens.requests.some(({ scopes }) => scopes.includes('repository:from:pull') && scopes.some((scope) => /^repository:to:/.test(scope))), JSON.stringify(tokens.requests));
  }));

test('a registry with tokens: who has no name may pull where that is allowed, and not push', () =>
  withTokens({ anonymous: true }, async ({ address }) => {
    const place = newPlace();
    await login(place, address);
    await pushAs(place, `${address}/public`);
    const stranger = newPlace();
    await output(['pull', '-q', `${address}/public`], stranger);
    matches(await failure(['push', `${address}/public`], 1, stranger), /denied|login|authentication/);
  }));

test('a registry with tokens: one that is soon over is asked for again', () =>
  withTokens({ lifetime: 1 }, async ({ address }) => {
    const place = newPlace();
    await login(place, address);
    await pushAs(place, `${address}/short`);
    const slowly = await startProxy(address);
    try {
      slowly.use({ path: /blobs/, fault: async (_request, response, upstream) => {
        await new Promise((resolve) => setTimeout(resolve, 1500));
        const answer = await upstream();
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      } });
      writeFileSync(join(place.dockerConfig, 'config.json'), stored(place).replaceAll(address, slowly.address));
      await output(['pull', '-q', `${slowly.address}/short`], place);
    } finally {
      await slowly.stop();
    }
  }));

test('a registry with tokens: an identity token is sent as a form, not as a password', () =>
  withTokens({ refreshToken: 'long-lived' }, async ({ address }, tokens) => {
    const [place, other] = [newPlace(), newPlace()];
    await login(place, address);
    await pushAs(place, `${address}/x`);
    writeFileSync(join(other.dockerConfig, 'config.json'), JSON.stringify({ auths: { [address]: { auth: Buffer.from(`${user}:`).toString('base64'), identitytoken: 'long-lived' } } }));
    await output(['pull', '-q', `${address}/x`], other);
    const last = tokens.requests.at(-1);
    assert.equal([last?.method, last?.refreshToken, last?.basic], ['POST', 'long-lived', undefined]);
  }));

/** A registry with TLS that only the proxy of the environment finds, under the name `registry.test:5443`. */
const withTls = async (body: (at: { readonly name: string; readonly authority: string; readonly env: Readonly<Record<string, string>>; readonly asked: readonly string[] }) => Promise<void>): Promise<void> => {
  const certificates = makeCertificates();
  await withRegistry({ tls: certificates }, async (registry) => {
    const name = `${testName}:5443`;
    const forward = await startForwardProxy({ [name]: registry.address, [`${testName}:5080`]: open.address });
    try {
      await body({ name, authority: certificates.authority, env: { HTTPS_PROXY: forward.url, HTTP_PROXY: forward.url, NO_PROXY: '' }, asked: forward.asked });
    } finally {
      await forward.stop();
    }
  });
};

const through = (place: Place, env: Readonly<Record<string, string>>): Place => ({ ...place, env: { ...place.env, ...env } });

test('TLS through HTTPS_PROXY: refused without the authority, accepted with it, or where the settings say insecure', () =>
  withTls(async ({ name, authority, env, asked }) => {
    const trusting = through(newPlace(`registries:\n  ${name}:\n    ca: ${authority}\n`), env);
    await pushAs(trusting, `${name}/x`);
    assert.ok(asked.length > 0 && asked.every((line) => line === `CONNECT ${name}`), asked.join('\n'));
    await output(['pull', '-q', `${name}/x`], trusting);
    matches(await failure(['pull', `${name}/x`], 1, through(newPlace(), env)), new RegExp(`${name}.*certificate.*`));
    await output(['pull', '-q', `${name}/x`], through(newPlace(`registries:\n  ${name}:\n    insecure: true\n`), env));
    const other = makeCertificates();
    matches(await failure(['pull', `${name}/x`], 1, through(newPlace(`registries:\n  ${name}:\n    ca: ${other.authority}\n`), env)), /certificate/);
    matches(await failure(['pull', `${name}/x`], 1, through(newPlace(`registries:\n  ${name}:\n    ca: /nowhere/ca.pem\n`), env)), /\/nowhere\/ca\.pem/);
  }));

test('NO_PROXY goes straight, where nobody is; a proxy that refuses is named', () =>
  withTls(async ({ name, env, asked }) => {
    matches(await failure(['pull', `${name}/x`], 1, through(newPlace(), { ...env, NO_PROXY: `other,${testName}` })), new RegExp(testName));
    assert.equal(asked, []);
    matches(await failure(['pull', `${testName}:1/x`], 1, through(newPlace(), env)), new RegExp(`${testName}:1`));
    assert.ok(asked.length > 0);
  }));

test('a registry without TLS: only where the settings say insecure, or on this machine', () =>
  withTls(async ({ env, asked }) => {
    const name = `${testName}:5080`;
    matches(await failure(['pull', `${name}/open`], 1, through(newPlace(), env)), new RegExp(`${name}`));
    assert.equal(asked.filter((line) => line.startsWith('GET')), []);
    const place = through(newPlace(`registries:\n  ${name}:\n    insecure: true\n`), env);
    await output(['pull', '-q', `${name}/open`], place);
    assert.ok(asked.some((line) => line.startsWith(`GET http://${name}/v2/`)), asked.join('\n'));
    assert.is(await output(['run', '--rm', '--network', 'none', `${name}/open`], place), 'private');
  }));

test('mirrors are asked first and in order; the name stays', async () => {
  const [broken, empty, full] = [await startProxy(open.address), await startRegistry(), await startProxy(open.address)];
  try {
    broken.use({ path: /./, fault: hangUp }, { path: /./, method: 'HEAD', fault: status(500) });
    const place = newPlace(`registries:\n  ${testName}:5000:\n    mirrors: [http://${broken.address}, http://${empty.address}, http://${full.address}]\n`);
    const name = `${testName}:5000/open`;
    assert.is(await output(['pull', '-q', name], { ...place, timeout: 120000 }), `${name}:latest\n`);
    assert.ok(broken.requests.length > 0);
    assert.ok(requestsTo(full, /blobs/).length >= 3);
    assert.is(await output(['images', '--format', '{{.Repository}}'], place), `${name}\n`);
  } finally {
    await broken.stop();
    await empty.stop();
    await full.stop();
  }
});

test('a mirror of docker.io, and a default registry instead of it', async () => {
  await uploadImage(open.address, 'library/small:latest', parts);
  const mirrored = newPlace(`registries:\n  docker.io:\n    mirrors: [http://${open.address}]\n`);
  assert.is(await output(['pull', '-q', 'small'], mirrored), 'docker.io/library/small:latest\n');
  assert.is(await output(['run', '--rm', '--network', 'none', '--pull', 'never', 'small'], mirrored), 'private');
  const moved = newPlace(`default-registry: ${open.address}\n`);
  assert.is(await output(['pull', '-q', 'open'], moved), `${open.address}/open:latest\n`);
  const { status: code, stdout } = await skiff(['run', '--rm', '--network', 'none', 'open'], moved);
  assert.equal([code, stdout], [0, 'private']);
});

test('search looks through the catalog of a registry', async () => {
  for (const name of ['found/one', 'found/two', 'other']) await uploadImage(open.address, `${name}:latest`, parts);
  assert.equal((await output(['search', '--format', '{{.Name}}', `${open.address}/found`], newPlace())).trim().split('\n').sort(), [`${open.address}/found/one`, `${open.address}/found/two`]);
  matches(await output(['search', `${open.address}/other`], newPlace()), /^NAME .*\n.*other/);
  assert.is(await output(['search', '--format', '{{.Name}}', '--limit', '1', `${open.address}/found`], newPlace()), `${open.address}/found/one\n`);
});

test('settings that cannot be right are refused by file and key', async () => {
  for (const [text, words] of [['registreis: {}\n', /config\.yaml.*registreis/], ['parallel-downloads: 0\n', /parallel-downloads/], ['registries: {"a.b:1": {insecure: 1}}\n', /insecure/], ['a: [\n', /config\.yaml/]] as const) {
    matches(await failure(['pull', source], 125, newPlace(text)), words);
  }
});

test.run();
