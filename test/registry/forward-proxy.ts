/** A proxy as HTTPS_PROXY and HTTP_PROXY name it, which knows where `registry.test` is although no name server does. */
import { createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { closeServer, listen } from './http.ts';

export interface ForwardProxy {
  /** For HTTPS_PROXY and HTTP_PROXY. */
  readonly url: string;
  /** What was asked for: `CONNECT registry.test:443` or `GET http://…`, with the Proxy-Authorization where there was one. */
  readonly asked: readonly string[];
  readonly stop: () => Promise<void>;
}

/** Starts it; `places` maps `HOST:PORT` to where that really is. Everything else is refused. */
export const startForwardProxy = async (places: Readonly<Record<string, string>>): Promise<ForwardProxy> => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const url = new URL(request.url ?? '/', 'http://nowhere');
    const place = places[url.host];
    if (place === undefined) return void response.writeHead(502).end();
    const [host, port] = place.split(':');
    const onward = httpRequest({ host, port, method: request.method, path: `${url.pathname}${url.search}`, headers: request.headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  server.on('connect', (request, socket, head) => {
    asked.push(`CONNECT ${request.url}${request.headers['proxy-authorization'] === undefined ? '' : ` ${request.headers['proxy-authorization']}`}`);
    socket.on('error', () => socket.destroy());
    const place = places[request.url ?? ''];
    if (place === undefined) return void socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    const [host, port] = place.split(':');
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('close', () => onward.destroy());
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, asked, stop: () => closeServer(server) };
};
