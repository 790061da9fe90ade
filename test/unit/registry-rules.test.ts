import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseChallenges } from '../../src/registry/challenge.ts';
import { apiHost, isInsecure, isLoopback } from '../../src/registry/hosts.ts';
import { nextPage } from '../../src/registry/link.ts';
import { proxyFor } from '../../src/registry/proxy.ts';
import { locationFrom } from '../../src/registry/redirect.ts';
import { TemporaryFailure, isTemporaryCode, isTemporaryStatus, pauseAfter, retryAfter, retrying } from '../../src/registry/retry.ts';
import { defaultSettings } from '../../src/system/settings.ts';

const challenges = (header: string | undefined): unknown => JSON.parse(JSON.stringify(parseChallenges(header)));

test('a challenge as Docker Hub sends it', () => {
  const header = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/busybox:pull,push"';
  const parameters = { realm: 'https://auth.docker.io/token', service: 'registry.docker.io', scope: 'repository:library/busybox:pull,push' };
  assert.equal(challenges(header), [{ scheme: 'bearer', parameters }]);
});

test('several challenges, quotes, tokens and other spellings', () => {
  assert.equal(challenges('Negotiate YII=, BASIC realm = "a \\"b\\", c=d" , Digest, bearer realm=x,realm="y"'), [
    { scheme: 'negotiate', parameters: {} },
    { scheme: 'basic', parameters: { realm: 'a "b", c=d' } },
    { scheme: 'digest', parameters: {} },
    { scheme: 'bearer', parameters: { realm: 'x' } },
  ]);
});

test('challenges that make no sense', () => {
  for (const header of [undefined, '', ',,,', '"', '=x', 'x'.repeat(9000), `Bearer realm="${'x'.repeat(9000)}"`]) assert.equal(challenges(header), [], String(header).slice(0, 20));
  assert.equal(challenges('Bearer realm="open'), [{ scheme: 'bearer', parameters: {} }]);
  assert.is(parseChallenges('a, '.repeat(100)).length, 8);
  assert.is(parseChallenges('Bearer __proto__="x"')[0]?.parameters['__proto__'], 'x');
});

test('what is tried again', () => {
  assert.equal([200, 400, 401, 403, 404, 408, 416, 429, 500, 501, 502, 503, 504].filter(isTemporaryStatus), [408, 429, 500, 502, 503, 504]);
  assert.equal(['ECONNREFUSED', 'ENOTFOUND', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'].filter(isTemporaryCode), ['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);
});

test('Retry-After in seconds and as a date', () => {
  const now = Date.parse('2026-11-20T22:00:00Z');
  const table: readonly (readonly [string | undefined, number | undefined])[] = [
    ['3', 3000], ['0', 0], ['100000', 60_000], ['Fri, 20 Nov 2026 22:00:05 GMT', 5000], ['Fri, 20 Nov 2026 21:00:00 GMT', 0], ['soon', undefined], [undefined, undefined], ['9'.repeat(200), undefined],
  ];
  for (const [header, pause] of table) assert.is(retryAfter(header, now), pause, header);
});

test('pauses double, vary and have an end', () => {
  assert.equal([1, 2, 3, 4].map((n) => pauseAfter(n, undefined, 0)), [250, 500, 1000, 2000]);
  assert.is(pauseAfter(1, undefined, 1), 125);
  assert.is(pauseAfter(1, 3000, 0.5), 3000);
  assert.is(pauseAfter(30, undefined, 0), 60_000);
});

test('five attempts and no more; what is final is not tried again', async () => {
  const count = async (error: Error): Promise<number> => {
    let attempts = 0;
    await retrying(1, async () => {
      attempts += 1;
      throw error;
    }).catch(() => undefined);
    return attempts;
  };
  assert.is(await count(new TemporaryFailure({ _tag: 'Refused', message: 'x' })), 5);
  assert.is(await count(new Error('x')), 1);
});

test('proxies by Go\'s rules', () => {
  const env = { HTTPS_PROXY: 'http://p:1', http_proxy: 'q:2', NO_PROXY: 'corp.example, .sub.example,*.star.example,10.0.0.0/8,192.168.1.7,port.example:8443,fd00::/8' };
  const table: readonly (readonly [string, string | undefined])[] = [
    ['https://r.example', 'http://p:1/'], ['http://r.example', 'http://q:2/'],
    ['https://localhost:5000', undefined], ['https://127.3.2.1', undefined], ['https://[::1]:5000', undefined],
    ['https://corp.example', undefined], ['https://a.corp.example', undefined], ['https://notcorp.example', 'http://p:1/'],
    ['https://sub.example', 'http://p:1/'], ['https://a.sub.example', undefined], ['https://a.star.example', undefined], ['https://star.example', 'http://p:1/'],
    ['https://10.200.3.4', undefined], ['https://11.0.0.1', 'http://p:1/'], ['https://192.168.1.7:5000', undefined], ['https://192.168.1.8', 'http://p:1/'],
    ['https://port.example:8443', undefined], ['https://port.example', 'http://p:1/'], ['https://[fd00::5]', undefined], ['https://[fe80::5]', 'http://p:1/'],
  ];
  for (const [url, proxy] of table) assert.is(proxyFor(env, new URL(url))?.href, proxy, url);
  assert.is(proxyFor({ https_proxy: 'http://p:1', no_proxy: '*' }, new URL('https://x.example')), undefined);
  assert.is(proxyFor({ ALL_PROXY: 'http://p:1' }, new URL('https://x.example'))?.host, 'p:1');
  assert.is(proxyFor({}, new URL('https://x.example')), undefined);
});

test('a proxy that is none is refused without its password', () => {
  for (const value of ['socks5://me:secret@p:1', 'http://me:secret@:::']) {
    assert.throws(() => proxyFor({ HTTPS_PROXY: value }, new URL('https://x.example')), (error: Error) => /^HTTPS_PROXY is not/.test(error.message) && !/secret/.test(error.message));
  }
});

test('where redirects may lead', () => {
  const from = new URL('https://r.example/v2/x');
  const lead = (location: string | undefined, mayBePlain = false): string => locationFrom(from, location, mayBePlain).href;
  assert.is(lead('/y?a=b#c'), 'https://r.example/y?a=b');
  assert.is(lead('//cdn.example/y'), 'https://cdn.example/y');
  assert.is(lead('http://r.example/y', true), 'http://r.example/y');
  for (const bad of [undefined, '', 'http://r.example/y', 'file:///etc/passwd', 'https://u:p@r.example/', 'https://', `/${'x'.repeat(9000)}`]) assert.throws(() => lead(bad), /^refusing a redirect of r\.example/, bad);
});

test('the next page, on the same host only', () => {
  const from = new URL('http://r.example/v2/_catalog?n=2');
  assert.is(nextPage(from, '</v2/_catalog?last=b&n=2>; rel="next"')?.href, 'http://r.example/v2/_catalog?last=b&n=2');
  assert.is(nextPage(from, '</a>; rel="prev", </b>; rel=next')?.href, 'http://r.example/b');
  for (const none of [undefined, '', '</a>', '</a>; rel="prev"', 'rel="next"', `<${'x'.repeat(9000)}>; rel="next"`]) assert.is(nextPage(from, none), undefined, none);
  assert.throws(() => nextPage(from, '<http://evil.example/>; rel="next"'), /another host, evil\.example/);
});

test('hosts: Docker Hub, this machine, and what may be insecure', () => {
  assert.is(apiHost('docker.io'), 'registry-1.docker.io');
  assert.is(apiHost('quay.io'), 'quay.io');
  assert.equal(['localhost', '127.9.9.9', '[::1]', '128.0.0.1', '127.evil.example', 'localhost.evil.example'].filter(isLoopback), ['localhost', '127.9.9.9', '[::1]']);
  const settings = { ...defaultSettings, registries: { 'a:443': { mirrors: [], insecure: true }, '127.0.0.1:5000': { mirrors: [], insecure: false, ca: '/ca.pem' }, 'docker.io': { mirrors: [], insecure: true } } };
  const insecure = ['https://a', 'https://b', 'https://127.0.0.1:5000', 'https://127.0.0.1:5001', 'https://registry-1.docker.io', 'https://auth.docker.io', 'https://index.docker.io', 'https://hub.docker.io'].filter((url) => isInsecure(settings, new URL(url)));
  assert.equal(insecure, ['https://a', 'https://127.0.0.1:5001', 'https://registry-1.docker.io', 'https://auth.docker.io', 'https://index.docker.io']);
});

test.run();
