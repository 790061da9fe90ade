/** What can go wrong between a registry and its client, as answers of the proxy. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { passOn } from './proxy.ts';
import type { Fault } from './proxy.ts';

const bodyOf = async (answer: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Ends when the bytes are on their way, and when nobody wants them any more. */
const write = (response: ServerResponse, chunk: Buffer): Promise<void> => new Promise((resolve) => void response.write(chunk, () => resolve()));

/** The real answer, whose connection is cut after `bytes` of the body. */
export const cutAfter = (bytes: number): Fault => async (_, response, upstream) => {
  const answer = await upstream();
  const body = await bodyOf(answer);
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  // The header must be under way before the cut, also for a body of nothing.
  response.flushHeaders();
  if (bytes > 0) await write(response, body.subarray(0, bytes));
  await pause(20);
  response.destroy();
};

/** The connection is cut before there is an answer. */
export const hangUp: Fault = async (request) => void request.socket.destroy();

/** An error of the registry's. */
export const status = (code: number, headers: Readonly<Record<string, string>> = {}, body = '{"errors":[{"code":"UNKNOWN","message":"a fault of the test"}]}'): Fault => async (_, response) =>
  void response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(body);

/** The real answer at this many bytes a second. */
export const slow = (rate: number): Fault => async (_, response, upstream) => {
  const answer = await upstream();
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  const body = await bodyOf(answer);
  const step = Math.max(1, Math.floor(rate / 50));
  for (let at = 0; at < body.length && !response.destroyed; at += step) {
    await write(response, body.subarray(at, at + step));
    await pause(20);
  }
  response.end();
};

/** The first bytes of the real answer, and then nothing for as long as the client waits. */
export const stalled = (bytes: number): Fault => async (_, response, upstream) => {
  const answer = await upstream();
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  await write(response, (await bodyOf(answer)).subarray(0, bytes));
  await new Promise((resolve) => response.once('close', resolve));
};

/** The real answer after some milliseconds. */
export const late = (ms: number): Fault => async (_, response, upstream) => {
  await pause(ms);
  await passOn(await upstream(), response);
};

/** Another body than the real one; `length` says what Content-Length shall be: the new body's, the old one's or none. */
export const changed = (change: (body: Buffer) => Buffer, length: 'new' | 'old' | 'none' = 'new'): Fault => async (_, response, upstream) => {
  const answer = await upstream();
  const body = change(await bodyOf(answer));
  const { 'content-length': old, ...headers } = answer.headers;
  const lengths = { new: { 'content-length': String(body.length) }, old: { 'content-length': old ?? '' }, none: {} };
  response.writeHead(answer.statusCode ?? 502, { ...headers, ...lengths[length] });
  await write(response, body);
  response.end();
};

/** A wrong byte in the middle. */
export const flipped = changed((body) => {
  const copy = Buffer.from(body);
  copy[copy.length >> 1] = (copy[copy.length >> 1] ?? 0) ^ 0xff;
  return copy;
});

/** The real bytes and then zeros for as long as anybody reads; `bytes` counts what was sent. */
export const endless = (sent: { bytes: number }): Fault => async (_, response, upstream) => {
  const answer = await upstream();
  const { 'content-length': _length, ...headers } = answer.headers;
  response.writeHead(answer.statusCode ?? 502, headers);
  await write(response, await bodyOf(answer));
  const zeros = Buffer.alloc(1 << 20);
  while (!response.destroyed && sent.bytes < 1 << 30) {
    await write(response, zeros);
    sent.bytes += zeros.length;
  }
  response.destroy();
};

/** The same path at another server. */
export const redirect = (to: string, code = 307): Fault => async (request, response) => {
  request.resume();
  response.writeHead(code, { location: `${to}${request.url}` }).end();
};

/** The whole body with 200, whatever range was asked for. */
export const ignoreRange: Fault = async (_, response, upstream) => passOn(await upstream({ range: undefined }), response);

/** The real answer with other headers; undefined takes one away. */
export const headers = (changes: Readonly<Record<string, string | undefined>>): Fault => async (_, response, upstream) => {
  const answer = await upstream();
  const all = { ...answer.headers, ...changes };
  answer.headers = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  await passOn(answer, response);
};
