import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, createServer as createPlainServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failureOf, withRegistry, withServer } from './registry-support.ts';

const directory = mkdtempSync(join(tmpdir(), 'skiff-registry-tls-'));
const file = (name: string): string => join(directory, name);
const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' });
const sockets = new Set<Socket>();
const servers: Server[] = [];

const makeAuthority = (name: string): void =>
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '2', '-subj', `/CN=${name}`);

const listen = async (server: Server): Promise<number> => {
  servers.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

let port = 0;
let proxy = '';
const tunnels: string[] = [];

test.before(async () => {
  makeAuthority('ca');
  makeAuthority('other');
  writeFileSync(file('names'), 'subjectAltName=DNS:registry.test,IP:127.0.0.1\n');
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=registry.test');
  openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'server.pem', '-days', '2', '-extfile', 'names');
  port = await listen(createTlsServer({ key: readFileSync(file('server.key')), cert: readFileSync(file('server.pem')) }, (request, response) => {
    if (request.url?.startsWith('/v2/plain/')) return void response.writeHead(307, { location: 'http://registry.test/x' }).end();
    response.end('{"tags":["v1"]}');
  }));
  const tunnel = createServer();
  tunnel.on('connect', (request, socket: Socket) => {
    tunnels.push(`${request.url} ${request.headers['proxy-authorization'] ?? '-'}`);
    if (request.url?.startsWith('forbidden.test')) return void socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    const onward = connect(port, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n', () => socket.pipe(onward).pipe(socket)));
    for (const end of [socket, onward]) end.on('error', () => [socket, onward].forEach((other) => other.destroy()));
  });
  proxy = `127.0.0.1:${await listen(tunnel)}`;
});

test.after(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true });
});

const settings = (host: string, ca: string | undefined, insecure = false) => ({ [host]: { mirrors: [], insecure, ...(ca === undefined ? {} : { ca: file(ca) }) } });
const tagsOf = (host: string, options: object, repository = 'a'): Promise<string> => withRegistry(host, options, (registry) => registry.tags(repository)).then((tags) => tags.join());

test('a registry with an authority of its own, by way of a proxy with a password', async () => {
  const env = { HTTPS_PROXY: `http://me:pass@${proxy}` };
  assert.is(await tagsOf('registry.test', { env, registries: settings('registry.test', 'ca.pem') }), 'v1');
  assert.equal(tunnels, [`registry.test:443 Basic ${Buffer.from('me:pass').toString('base64')}`]);
});

test('an authority that nobody knows, or another one, is refused with the way round', async () => {
  const env = { HTTPS_PROXY: proxy };
  const message = await failureOf(tagsOf('registry.test', { env }));
  const fault = 'its certificate is signed by an authority that is not trusted here; name its authority in config.yaml (registries: registry.test: ca: FILE), or accept any with insecure: true';
  assert.is(message, `cannot reach the registry registry.test by way of the proxy ${proxy}: ${fault}`);
  assert.match(await failureOf(tagsOf('registry.test', { env, registries: settings('registry.test', 'other.pem') })), /not trusted here/);
  assert.match(await failureOf(tagsOf('other.test', { env, registries: settings('other.test', 'ca.pem') })), /its certificate is for another host/);
  assert.is(await tagsOf('other.test', { env, registries: settings('other.test', undefined, true) }), 'v1');
});

test('a ca that cannot be used is named', async () => {
  writeFileSync(file('bad.pem'), readFileSync(file('ca.key')));
  const env = { HTTPS_PROXY: proxy };
  assert.match(await failureOf(tagsOf('registry.test', { env, registries: settings('registry.test', 'bad.pem') })), /bad\.pem is damaged: .*registry\.test/);
  assert.match(await failureOf(tagsOf('registry.test', { env, registries: settings('registry.test', 'none.pem') })), /none\.pem: it does not exist/);
});

test('authorities in Docker\'s own directory and in SSL_CERT_FILE', async () => {
  mkdirSync(file('docker/certs.d/registry.test'), { recursive: true });
  writeFileSync(file('docker/certs.d/registry.test/ca.crt'), readFileSync(file('ca.pem')));
  assert.is(await tagsOf('registry.test', { env: { HTTPS_PROXY: proxy, XDG_CONFIG_HOME: directory } }), 'v1');
  assert.is(await tagsOf('registry.test', { env: { HTTPS_PROXY: proxy, SSL_CERT_FILE: file('ca.pem') } }), 'v1');
});

test('a proxy that refuses is not taken for the registry', async () => {
  const message = await failureOf(tagsOf('forbidden.test', { env: { HTTPS_PROXY: proxy } }));
  assert.is(message, 'cannot reach forbidden.test: the proxy refused the connection with status 403; except the registry with NO_PROXY');
});

test('this machine: any certificate and no proxy, unless an authority is named', async () => {
  const before = tunnels.length;
  const host = `127.0.0.1:${port}`;
  assert.is(await tagsOf(host, { env: { HTTPS_PROXY: proxy } }), 'v1');
  assert.is(await tagsOf(host, { registries: settings(host, 'ca.pem') }), 'v1');
  assert.match(await failureOf(tagsOf(host, { registries: settings(host, 'other.pem') })), /not trusted here/);
  assert.is(tunnels.length, before);
});

test('a host that takes no connection is given up after the time for it, and a proxy that does not answer is named', async () => {
  let connections = 0;
  const silent = createPlainServer(() => (connections += 1));
  const host = `127.0.0.1:${await listen(silent)}`;
  assert.is(await failureOf(tagsOf(host, { connect: 60, registries: settings(host, 'ca.pem') })), `cannot reach the registry ${host}: no answer in time`);
  assert.is(connections, 1);
  assert.is(await failureOf(tagsOf('registry.test', { connect: 60, env: { HTTPS_PROXY: `me:secret@${host}` } })), `cannot reach the registry registry.test by way of the proxy ${host}: no answer in time`);
  assert.match(await failureOf(tagsOf('registry.test', { env: { HTTPS_PROXY: '127.0.0.1:1' } })), /by way of the proxy 127\.0\.0\.1:1: connection refused/);
});

test('encryption is not left by a redirect, and not asked of a registry that has none', async () => {
  const secure = { env: { HTTPS_PROXY: proxy }, registries: settings('registry.test', 'ca.pem') };
  assert.is(await failureOf(tagsOf('registry.test', secure, 'plain')), 'refusing a redirect of registry.test: it leads from https to plain http on registry.test');
  await withServer((_request, response) => void response.end('{"tags":["v1"]}'), async ({ host }) => {
    assert.is(await tagsOf(host, {}), 'v1');
    assert.match(await failureOf(tagsOf(host, { registries: settings(host, 'ca.pem') })), /does not speak HTTPS; .*insecure: true/);
  });
});

test.run();
