/** One host that speaks the distribution protocol: a registry or a mirror, with its scheme, its credentials and its authorisation. */
import type { Readable } from 'node:stream';
import type { Credential } from './credentials.ts';
import { makeAuthorizer } from './auth.ts';
import { connectionFailure } from './failures.ts';
import type { Purpose } from './failures.ts';
import { apiHost, isInsecure } from './hosts.ts';
import { isSameOrigin } from './redirect.ts';
import type { Settings } from '../system/settings.ts';
import { discard } from './transport.ts';
import type { Answer, Outgoing, Transport } from './transport.ts';

/** A request to an endpoint; it is authorised, once, when the endpoint asks for that. */
export interface Call {
  readonly method: Outgoing['method'];
  /** Below the host, beginning with `/v2/`; or a whole address that the endpoint gave, which gets credentials only if it is the endpoint's own. */
  readonly target: string | URL;
  readonly scopes: readonly string[];
  readonly purpose: Purpose;
  readonly headers?: Readonly<Record<string, string>>;
  /** Made anew when the request is repeated with authorisation. */
  readonly body?: () => string | Readable;
}

export interface Endpoint {
  readonly isMirror: boolean;
  /** One authorised exchange; it is not tried again. Throws SkiffFailures, `TemporaryFailure` among them. */
  call(call: Call): Promise<Answer>;
}

export interface EndpointOptions {
  readonly transport: Transport;
  readonly settings: Settings;
  readonly credentialOf: (domain: string) => Promise<Credential | undefined>;
}

/**
 * The scheme of a host that may be insecure: https if it answers so, certificate or not, and plain HTTP otherwise, as in Docker.
 * Others are spoken to by https without asking.
 */
const findBase = async ({ transport, settings }: EndpointOptions, domain: string): Promise<URL> => {
  const secure = new URL(`https://${apiHost(domain)}/`);
  if (!isInsecure(settings, secure)) return secure;
  try {
    await discard(await transport.send({ method: 'GET', url: new URL('/v2/', secure) }));
    return secure;
  } catch (caught) {
    connectionFailure(domain, caught);
    return new URL(`http://${apiHost(domain)}/`);
  }
};

const endpointAt = ({ transport, credentialOf }: EndpointOptions, credentialName: string, isMirror: boolean, findAddress: () => Promise<URL>): Endpoint => {
  const authorizer = makeAuthorizer(transport, () => credentialOf(credentialName));
  let address: Promise<URL> | undefined;
  const send = async ({ method, headers, body }: Call, url: URL, authorization: string | undefined): Promise<Answer> => {
    const own = authorization === undefined ? {} : { authorization };
    return await transport.send({ method, url, headers: { ...headers, ...own }, ...(body === undefined ? {} : { body: body() }) });
  };
  const authorised = async (call: Call, base: URL): Promise<Answer> => {
    const url = new URL(call.target, base);
    if (!isSameOrigin(url, base)) return await send(call, url, undefined);
    const first = await authorizer.header(call.scopes, call.purpose);
    const answer = await send(call, url, first);
    if (answer.status !== 401 || !isSameOrigin(answer.url, base)) return answer;
    const authorization = await authorizer.answer(answer.headers['www-authenticate'], base, first, call.scopes, call.purpose).catch((caught: unknown) => {
      answer.body.destroy();
      throw caught;
    });
    if (authorization === undefined) return answer;
    await discard(answer);
    return await send(call, url, authorization);
  };
  return {
    isMirror,
    async call(call) {
      try {
        return await authorised(call, await (address ??= findAddress()));
      } catch (caught) {
        throw connectionFailure(call.target instanceof URL ? call.target.host : credentialName, caught);
      }
    },
  };
};

/** The registry that `domain` names. */
export const registryEndpoint = (options: EndpointOptions, domain: string): Endpoint => endpointAt(options, domain, false, () => findBase(options, domain));

/** The mirror at `address`, `http(s)://host[:port]`; its scheme is what the settings say, and its credentials are those of its own host. */
export const mirrorEndpoint = (options: EndpointOptions, address: string): Endpoint => {
  const url = new URL(address);
  return endpointAt(options, url.host, true, () => Promise.resolve(url));
};
