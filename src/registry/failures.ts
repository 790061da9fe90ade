/** What went wrong between us and a registry, in one line. */
import { explainErrno, printable, SkiffFailure } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { familiarRepository } from '../core/reference.ts';
import { TemporaryFailure, isTemporaryCode, isTemporaryStatus, retryAfter } from './retry.ts';
import { connectTimedOut, readText } from './transport.ts';
import type { Answer } from './transport.ts';

/** What a request is for, in the words of its failure. */
export interface Purpose {
  readonly action: 'pull' | 'push' | 'list' | 'log in to';
  readonly domain: string;
  /** The path below the domain; undefined where the request is about the registry itself. */
  readonly repository?: string;
  /** What was asked for, as `manifest for busybox:nope`. */
  readonly subject: string;
}

/** The repository as Docker shows it, or the registry where there is none. */
export const nameOf = ({ domain, repository }: Pick<Purpose, 'domain' | 'repository'>): string =>
  repository === undefined ? domain : familiarRepository({ domain, path: repository });

const maximumErrorBody = 64 * 1024;
const maximumMessage = 300;

/** Field's names of TLS failures, in Node (OpenSSL) and Bun (BoringSSL), that mean a certificate that nobody here vouches for. */
const untrusted = ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_UNTRUSTED'];

const certificateFault = (code: string): string | undefined => {
  if (untrusted.includes(code)) return 'its certificate is signed by an authority that is not trusted here';
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired';
  if (code === 'CERT_NOT_YET_VALID') return 'its certificate is not valid yet';
  return code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? 'its certificate is for another host' : undefined;
};

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was cut',
  ECONNABORTED: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ERR_STREAM_PREMATURE_CLOSE: 'the connection was cut',
  ETIMEDOUT: 'no answer in time',
  [connectTimedOut]: 'no answer in time',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'its name could not be looked up',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ERR_INVALID_URL: 'its host or port cannot be one',
};

/** What a TLS client makes of a server that answers in plain HTTP: OpenSSL has it in the message, BoringSSL in the code. */
const isPlainAnswer = ({ code = '', message }: NodeJS.ErrnoException): boolean => /wrong.version.number|http.request/i.test(`${code} ${message}`);

const reasonAndHint = (error: NodeJS.ErrnoException, host: string): { readonly reason: string; readonly hint?: string } => {
  const { code = '' } = error;
  const fault = certificateFault(code);
  if (fault !== undefined) return { reason: fault, hint: `name its authority in config.yaml (registries: ${host}: ca: FILE), or accept any with insecure: true` };
  if (isPlainAnswer(error)) return { reason: 'it does not speak HTTPS', hint: `allow plain HTTP in config.yaml (registries: ${host}: insecure: true)` };
  if (code === 'EPROTO' || code.startsWith('ERR_SSL')) return { reason: `TLS could not be agreed on (${code})` };
  return code.startsWith('HPE_') ? { reason: `its answer is no HTTP (${code})` } : { reason: words[code] ?? explainErrno(code) };
};

/** A connection that failed, and not what was said over it. */
export const isConnectionFailure = ({ error }: SkiffFailure): boolean => error._tag === 'System' && error.operation === 'reach the registry';

/**
 * A connection to `host` that failed with `caught`; a carried failure stays as it is, and what is no errno error is a bug and thrown. Names the proxy in
 * between, which may be what failed.
 */
export const connectionFailure = (host: string, caught: unknown): SkiffFailure => {
  if (caught instanceof SkiffFailure) return caught;
  if (!(caught instanceof Error)) throw caught;
  const failure: NodeJS.ErrnoException & { readonly proxy?: string } = caught;
  if (failure.code === undefined) throw caught;
  const subject = failure.proxy === undefined ? host : `${host} by way of the proxy ${failure.proxy}`;
  const error: SkiffError = { _tag: 'System', operation: 'reach the registry', subject, ...reasonAndHint(failure, host) };
  return isTemporaryCode(failure.code) ? new TemporaryFailure(error) : new SkiffFailure(error);
};

/** The registry's own words (distribution specification, "Error Codes"), at most 300 characters without control characters; or nothing. */
const messageOf = async (answer: Answer): Promise<string> => {
  try {
    const { errors, details } = JSON.parse(await readText(answer, maximumErrorBody)) as { errors?: { message?: unknown; code?: unknown }[]; details?: unknown };
    const first = Array.isArray(errors) ? errors[0] : undefined;
    const message = [first?.message, first?.code, details].find((part) => typeof part === 'string' && part !== '');
    return typeof message === 'string' ? printable(message.slice(0, maximumMessage)) : '';
  } catch {
    // A body that is missing, cut or no JSON adds nothing to the status.
    return '';
  }
};

const inBrackets = (message: string): string => (message === '' ? '' : ` (${message})`);

/** Docker's sentence for 401 and 403, which registries use for what does not exist as well. */
const denied = (purpose: Purpose, message: string): SkiffError => {
  const login = purpose.domain === 'docker.io' ? 'skiff login' : `skiff login ${purpose.domain}`;
  if (purpose.action === 'log in to') return { _tag: 'Refused', message: `${purpose.domain} does not accept the user name and password${inBrackets(message)}` };
  if (purpose.repository === undefined) return { _tag: 'Refused', message: `access to ${purpose.domain} denied${inBrackets(message)}`, hint: `it may require '${login}'` };
  const action = purpose.action === 'push' ? 'push' : 'pull';
  return { _tag: 'Refused', message: `${action} access denied for ${nameOf(purpose)}, repository does not exist or may require '${login}'${inBrackets(message)}` };
};

/** What an answer other than the expected means; reads its body. */
export const statusFailure = async (purpose: Purpose, answer: Answer): Promise<SkiffFailure> => {
  const { status, url, headers } = answer;
  const message = await messageOf(answer);
  if (status === 401 || status === 403) return new SkiffFailure(denied(purpose, message));
  if (status === 404) return new SkiffFailure({ _tag: 'Refused', message: `${purpose.subject} not found${inBrackets(message)}` });
  const reason = status === 429 ? `${url.host} says that these are too many requests${inBrackets(message)}` : `${url.host} answered with status ${status}${inBrackets(message)}`;
  const error: SkiffError = { _tag: 'System', operation: purpose.action, subject: purpose.subject, reason };
  return isTemporaryStatus(status) ? new TemporaryFailure(error, retryAfter(headers['retry-after'], Date.now())) : new SkiffFailure(error);
};

/** A `Corrupt` failure about what the registry sent. */
export const corrupt = (subject: string, reason: string): SkiffFailure => new SkiffFailure({ _tag: 'Corrupt', subject, reason });
