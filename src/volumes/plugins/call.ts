/** Talking to a volume plugin: Docker's protocol, JSON by HTTP (docs.docker.com, "Docker Plugin API" and "Docker volume plugins"). */
import { readFileSync } from 'node:fs';
import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { fail } from '../../core/errors.ts';
import { refuse } from '../../core/invalid.ts';
import { decodeAnswer, errorIn } from './codec.ts';
import { findPlugin } from './find.ts';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { VolumeContext } from '../driver.ts';
import type { Answer, AnswerKind } from './codec.ts';
import type { PluginAddress, PluginPlace } from './place.ts';

const mediaType = 'application/vnd.docker.plugins.v1.2+json';
/** More than the list of many thousand volumes; bytes. */
const largestAnswer = 4 * 1024 * 1024;

/** What making and mounting may take, and everything else, in ms: Docker's limits (moby volume/drivers/proxy.go). SKIFF_PLUGIN_TIMEOUT, in seconds, replaces both. */
const longTimeout = 120_000;
const shortTimeout = 60_000;

export const calls = {
  'Plugin.Activate': { kind: 'activate', limit: shortTimeout },
  'VolumeDriver.Create': { kind: 'done', limit: longTimeout },
  'VolumeDriver.Remove': { kind: 'done', limit: shortTimeout },
  'VolumeDriver.Mount': { kind: 'mountpoint', limit: longTimeout },
  'VolumeDriver.Unmount': { kind: 'done', limit: shortTimeout },
  'VolumeDriver.Path': { kind: 'mountpoint', limit: shortTimeout },
  'VolumeDriver.Get': { kind: 'get', limit: shortTimeout },
  'VolumeDriver.List': { kind: 'list', limit: shortTimeout },
  'VolumeDriver.Capabilities': { kind: 'capabilities', limit: shortTimeout },
} as const satisfies Readonly<Record<string, { readonly kind: AnswerKind; readonly limit: number }>>;

export type Call = keyof typeof calls;

const placeFor = (address: PluginAddress): RequestOptions => {
  if (address.kind === 'unix') return { socketPath: address.path, headers: { Host: 'plugin' } };
  const { host, port, tls } = address;
  const read = (path: string | undefined): Buffer | undefined => (path === undefined ? undefined : readFileSync(path));
  return { host, port, ...(tls === undefined ? {} : { ca: read(tls.ca), cert: read(tls.cert), key: read(tls.key), rejectUnauthorized: !tls.insecureSkipVerify }) };
};

interface Reply {
  readonly status: number;
  readonly text: string;
}

const readReply = (message: IncomingMessage, done: (reply: Reply) => void, broken: (reason: string) => void): void => {
  const chunks: Buffer[] = [];
  let length = 0;
  message.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > largestAnswer) message.destroy(new Error(`its answer is larger than ${largestAnswer / 1024 / 1024} MiB`));
    else chunks.push(chunk);
  });
  message.on('end', () => done({ status: message.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
  message.on('error', (error) => broken(message.complete || length > largestAnswer ? error.message : 'it ended in the middle of its answer'));
};

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there any more; is the plugin running?',
  ENOENT: 'its socket is not there; is the plugin running?',
  EACCES: 'its socket may not be used by you',
  ECONNRESET: 'it ended without an answer',
};

/** One exchange. Rejects with an Error whose message is the reason. */
const exchange = async (address: PluginAddress, call: Call, body: string, limit: number): Promise<Reply> =>
  await new Promise<Reply>((resolve, reject) => {
    const options: RequestOptions = { ...placeFor(address), method: 'POST', path: `/${call}`, agent: false };
    const headers = { ...options.headers, Accept: mediaType, 'Content-Type': mediaType, 'Content-Length': Buffer.byteLength(body) };
    const request: ClientRequest = (address.kind === 'tcp' && address.tls !== undefined ? requestSecure : requestPlain)({ ...options, headers });
    const timer = setTimeout(() => request.destroy(new Error(`it has not answered within ${limit / 1000} s`)), limit);
    const settle = <A>(then: (value: A) => void) => (value: A): void => {
      clearTimeout(timer);
      then(value);
    };
    const broken = settle((reason: string) => reject(new Error(reason)));
    request.on('response', (message) => readReply(message, settle(resolve), broken));
    request.on('error', (error: NodeJS.ErrnoException) => broken(reasons[error.code ?? ''] ?? error.message));
    request.end(body);
  });

const limitOf = ({ env }: Pick<VolumeContext, 'env'>, call: Call): number => {
  const set = env['SKIFF_PLUGIN_TIMEOUT'];
  return set !== undefined && /^[1-9]\d{0,4}$/.test(set) ? Number(set) * 1000 : calls[call].limit;
};

/** Docker's sentence for a name that no plugin has. */
const requirePlace = (context: Pick<VolumeContext, 'paths' | 'env'>, name: string): PluginPlace =>
  findPlugin(context, name) ?? refuse(`error looking up volume plugin ${name}: plugin "${name}" not found`, 'leave --driver out for a volume in your home directory, or start the plugin: see skiff-volume-create(1), "VOLUME PLUGINS"');

/** A call that every plugin has. Throws as `ask` does, and System where it does not have it after all. */
export const call = async <C extends Call>(context: Pick<VolumeContext, 'paths' | 'env'>, name: string, wanted: C, request: object): Promise<Answer<(typeof calls)[C]['kind']>> => {
  const asked = await ask(context, name, wanted, request);
  return asked.known ? asked.answer : fail({ _tag: 'System', operation: 'ask', subject: `volume plugin ${name}`, reason: `it has no ${wanted}` });
};

/** An answer that is no success, in the plugin's words. */
const complaint = ({ status, text }: Reply): string | undefined => errorIn(text) ?? (status === 200 ? undefined : text.trim().slice(0, 500) || `HTTP status ${status}`);

/** Says hello, which tells what the plugin is for. Throws as `ask` does, and Refused where it is for something else. */
export const activate = async (context: Pick<VolumeContext, 'paths' | 'env'>, name: string): Promise<void> => {
  const asked = await ask(context, name, 'Plugin.Activate', {});
  if (asked.known && asked.answer.Implements.includes('VolumeDriver')) return;
  refuse(`Plugin does not implement the requested driver: plugin="${name}", requested implementation="VolumeDriver"`);
};

/** The plugin has no such call, as older ones have none of Get, List and Capabilities. */
export type Asked<A> = { readonly known: true; readonly answer: A } | { readonly known: false };

/**
 * Makes a call that the plugin may not have. Throws Refused where there is no such plugin, System with the reason where it says no, does not answer in time, or breaks off, Corrupt
 * where its answer is none.
 */
export const ask = async <C extends Call>(context: Pick<VolumeContext, 'paths' | 'env'>, name: string, call: C, request: object): Promise<Asked<Answer<(typeof calls)[C]['kind']>>> => {
  const { address } = requirePlace(context, name);
  const broken = (reason: string): never => fail({ _tag: 'System', operation: 'ask', subject: `volume plugin ${name} (${call})`, reason });
  const reply = await exchange(address, call, JSON.stringify(request), limitOf(context, call)).catch((error: Error) => broken(error.message));
  if (reply.status === 404 && errorIn(reply.text) === undefined) return { known: false };
  const words = complaint(reply);
  if (words !== undefined) return refuse(`${call}: ${words}`);
  return { known: true, answer: decodeAnswer(calls[call].kind, reply.text, name, call) as Answer<(typeof calls)[C]['kind']> };
};
