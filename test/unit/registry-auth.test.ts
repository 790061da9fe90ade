import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ServerResponse } from 'node:http';
import { collect, failureOf, layerOf, withRegistry, withServer } from './registry-support.ts';
import type { Handler } from './registry-support.ts';

const tags = '{"tags":["v1"]}';
const basic = `Basic ${Buffer.from('me:se:cret').toString('base64')}`;
const credential = { username: 'me', password: 'se:cret' };

const ask = (response: ServerResponse, challenge: string): void => void response.writeHead(401, { 'www-authenticate': challenge }).end('{"errors":[{"message":"who are you"}]}');

/** A registry with a token server on its own host, which gives `reply`. */
const tokenRegistry = (reply: object | string, status = 200): Handler => (request, response) => {
  if (request.url?.startsWith('/token')) return void response.writeHead(status).end(typeof reply === 'string' ? reply : JSON.stringify(reply));
  if (request.headers.authorization !== 'Bearer T') return ask(response, `Bearer realm="http://${request.headers.host}/token",service="svc"`);
  response.end(tags);
};

test('a token is fetched with the credential and kept', async () => {
  await withServer(tokenRegistry({ token: 'T', expires_in: 300 }), async ({ host, seen }) => {
    await withRegistry(host, { credentials: { [host]: credential } }, async (registry) => {
      assert.equal(await registry.tags('a/b'), ['v1']);
      assert.equal(await registry.tags('a/b'), ['v1']);
    });
    assert.equal(seen, [
      'GET /v2/a/b/tags/list?n=1000 -',
      `GET /token?service=svc&scope=repository%3Aa%2Fb%3Apull&account=me ${basic}`,
      'GET /v2/a/b/tags/list?n=1000 Bearer T',
      'GET /v2/a/b/tags/list?n=1000 Bearer T',
    ]);
  });
});

test('requests at the same time share one token', async () => {
  await withServer(tokenRegistry({ access_token: 'T' }), async ({ host, seen }) => {
    await withRegistry(host, {}, async (registry) => {
      await registry.tags('a/b');
      await Promise.all([1, 2, 3].map(() => registry.tags('c')));
    });
    assert.equal(seen.filter((line) => line.includes('/token')), ['GET /token?service=svc&scope=repository%3Aa%2Fb%3Apull -', 'GET /token?service=svc&scope=repository%3Ac%3Apull -']);
  });
});

test('requests that are all challenged at once, and a token that has lost its worth', async () => {
  let worth = 1;
  await withServer((request, response) => {
    if (request.url?.startsWith('/token')) return void response.end(`{"token":"T${worth}"}`);
    if (request.headers.authorization !== `Bearer T${worth}`) return ask(response, `Bearer realm="http://${request.headers.host}/token"`);
    response.end(tags);
  }, async ({ host, seen }) => {
    const tokens = (): number => seen.filter((line) => line.includes('/token')).length;
    await withRegistry(host, {}, async (registry) => {
      await Promise.all([1, 2, 3].map(() => registry.tags('a')));
      assert.is(tokens(), 1);
      worth = 2;
      await Promise.all([1, 2, 3].map(() => registry.tags('a')));
      assert.is(tokens(), 2);
    });
  });
});

test('Basic for requests that are all challenged at once', async () => {
  const handler: Handler = (request, response) => (request.headers.authorization === basic ? void response.end(tags) : ask(response, 'Basic realm="x"'));
  await withServer(handler, async ({ host }) => {
    await withRegistry(host, { credentials: { [host]: credential } }, (registry) => Promise.all([1, 2, 3].map(() => registry.tags('a'))));
  });
});

test('an identity token is sent by POST and never as a password', async () => {
  for (const identity of [{ username: 'x', password: '', identityToken: 'ID' }, { username: '<token>', password: 'ID' }]) {
    let form = '';
    const handler = tokenRegistry({ access_token: 'T' });
    await withServer((request, response, body) => {
      if (request.url === '/token') form = `${request.method} ${body.toString()}`;
      handler(request, response, body);
    }, async ({ host, seen }) => {
      await withRegistry(host, { credentials: { [host]: identity } }, (registry) => registry.tags('a'));
      assert.is(form, 'POST grant_type=refresh_token&client_id=skiff&refresh_token=ID&service=svc&scope=repository%3Aa%3Apull');
      assert.not.ok(seen.some((line) => line.includes('Basic')));
    });
  }
});

test('Basic, and no second attempt with a wrong password', async () => {
  const handler: Handler = (request, response) => (request.headers.authorization === basic ? void response.end(tags) : ask(response, 'Basic realm="x"'));
  await withServer(handler, async ({ host, seen }) => {
    await withRegistry(host, { credentials: { [host]: credential } }, (registry) => registry.tags('a'));
    assert.is(seen.length, 2);
    const wrong = { credentials: { [host]: { username: 'me', password: 'wr0ng' } } };
    assert.is(await failureOf(withRegistry(host, wrong, (registry) => registry.authenticate())), `${host} does not accept the user name and password (who are you)`);
    const message = await failureOf(withRegistry(host, wrong, (registry) => registry.tags('a')));
    assert.is(message, `pull access denied for ${host}/a, repository does not exist or may require 'skiff login ${host}' (who are you)`);
    assert.is(seen.length, 4);
  });
});

test('a token server on another host is asked by https only', async () => {
  await withServer((_request, response) => ask(response, 'Bearer realm="http://auth.example/token"'), async ({ host }) => {
    const message = await failureOf(withRegistry(host, { credentials: { [host]: credential } }, (registry) => registry.tags('a')));
    assert.is(message, `refusing the token server of ${host}: auth.example is to be asked without encryption`);
  });
});

test('answers of a token server that hold no token, and realms that are none', async () => {
  for (const reply of ['', '{}', '{"token":"a\\r\\nX-Evil: 1"}', '[]', '{"token":7}']) {
    await withServer(tokenRegistry(reply), async ({ host }) => {
      assert.match(await failureOf(withRegistry(host, {}, (registry) => registry.tags('a'))), /^the token server .* is damaged: /, reply);
    });
  }
  for (const realm of ['', 'nonsense', 'file:///etc/passwd', 'http://u:p@127.0.0.1/token']) {
    await withServer((_request, response) => ask(response, `Bearer realm="${realm}"`), async ({ host }) => {
      assert.match(await failureOf(withRegistry(host, {}, (registry) => registry.tags('a'))), /^refusing the token server/, realm);
    });
  }
});

test('a refusal by the token server speaks of access, with its own words made printable', async () => {
  await withServer(tokenRegistry({ details: 'no \u001b[31maccess' }, 403), async ({ host }) => {
    const message = await failureOf(withRegistry(host, {}, (registry) => registry.tags('a')));
    assert.ok(message.endsWith('(no \\x1b[31maccess)'), message);
  });
});

test('a redirect to another host takes no credentials along', async () => {
  const bytes = Buffer.from('layer');
  await withServer((_request, response) => void response.end(bytes), async (storage) => {
    await withServer((request, response) => {
      if (request.headers.authorization !== basic) return ask(response, 'Basic realm="x"');
      response.writeHead(307, { location: request.url === '/v2/a/moved' ? '/' : `http://${storage.host}/signed?x=1` }).end();
    }, async ({ host }) => {
      const got = await withRegistry(host, { credentials: { [host]: credential, [storage.host]: credential } }, (registry) => collect(registry.blob('a', layerOf(bytes), 0)));
      assert.is(got.toString(), 'layer');
      assert.equal(storage.seen, ['GET /signed?x=1 -']);
    });
  });
});

test('redirects without end', async () => {
  await withServer((request, response) => void response.writeHead(302, { location: `${request.url}x` }).end(), async ({ host, seen }) => {
    assert.match(await failureOf(withRegistry(host, {}, (registry) => registry.tags('a'))), /more than 5 in a row/);
    assert.is(seen.length, 6);
  });
});

test('a push asks for both repositories of a mount', async () => {
  const digest = layerOf(Buffer.from('x')).digest;
  await withServer((request, response, body) => {
    if (request.method === 'POST' && request.headers.authorization === 'Bearer T') return void response.writeHead(201).end();
    tokenRegistry({ token: 'T' })(request, response, body);
  }, async ({ host, seen }) => {
    assert.is(await withRegistry(host, {}, (registry) => registry.mountBlob('a', digest, 'b')), true);
    assert.ok(seen[1]?.startsWith('GET /token?service=svc&scope=repository%3Aa%3Apull%2Cpush&scope=repository%3Ab%3Apull'), seen[1] ?? '');
  });
});

test.run();
