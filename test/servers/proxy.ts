/**
 * A forward proxy: CONNECT and absolute-form requests. It never leaves loopback: a target is mapped to a port of
 * 127.0.0.1, is on 127.0.0.1 already, or gets 403. `node proxy.ts`.
 */

import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { matches } from './aws/access-keys.ts';
import { announce } from './http/lifecycle.ts';

export interface ProxiedTarget {
  readonly method: string;
  /** `HOST:PORT` as the client named it. */
  readonly target: string;
  /** What the proxy itself answered: 200 for a tunnel or a forwarded request. */
  readonly status: number;
}

type Route = { readonly port: number } | { readonly status: 403 | 407 };

const REASONS: Readonly<Record<number, string>> = { 403: 'Forbidden', 407: 'Proxy Authentication Required' };
const CHALLENGE = { 'proxy-authenticate': 'Basic realm="test"' };
const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\]):\d+$/;

/** `HOST:PORT`, with `*` for any text, to `HOST:PORT` on loopback. */
let routes: Record<string, string> = {};
/** `Basic …`; null: not required. */
let authorization: string | null = null;
let seen: ProxiedTarget[] = [];

const commands = {
  map: (more: Readonly<Record<string, string>>): void => {
    const outside = Object.values(more).find((target) => !LOOPBACK.test(target));
    if (outside !== undefined) throw new Error(`not on loopback: ${outside}`);
    routes = { ...routes, ...more };
  },
  requireCredentials: (user: string, password: string): void => {
    authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  },
  targets: (): ProxiedTarget[] => seen,
  reset: (): void => {
    routes = {};
    authorization = null;
    seen = [];
  },
};

export type ProxyCommands = typeof commands;

const server = createServer(forward).on('connect', tunnel);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
await announce({ proxy: url }, commands);

function tunnel(message: IncomingMessage, client: Duplex, head: Buffer): void {
  const route = decide(message, message.url ?? '');
  client.on('error', () => undefined);
  if ('status' in route) {
    const headers = route.status === 407 ? `Proxy-Authenticate: ${CHALLENGE['proxy-authenticate']}\r\n` : '';
    client.end(`HTTP/1.1 ${route.status} ${REASONS[route.status]}\r\n${headers}Content-Length: 0\r\n\r\n`);
    return;
  }
  const upstream: Socket = connect(route.port, '127.0.0.1', () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    upstream.write(head);
    upstream.pipe(client).pipe(upstream);
  });
  upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
  client.on('close', () => upstream.destroy());
}

function forward(message: IncomingMessage, response: ServerResponse): void {
  const target = URL.canParse(message.url ?? '') ? new URL(message.url ?? '') : undefined;
  if (target?.protocol !== 'http:') return void response.writeHead(400).end();
  const route = decide(message, `${target.hostname}:${target.port || '80'}`);
  if ('status' in route)
    return void response.writeHead(route.status, route.status === 407 ? CHALLENGE : {}).end();
  const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = message.headers;
  const path = target.pathname + target.search;
  const options = {
    host: '127.0.0.1',
    port: route.port,
    method: message.method,
    path,
    headers,
    setHost: false,
  };
  const upstream = request(options, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  upstream.on('error', () => response.destroy());
  message.pipe(upstream);
}

function decide(message: IncomingMessage, target: string): Route {
  const route = routeTo(target, message.headers['proxy-authorization']);
  seen.push({ method: message.method ?? '', target, status: 'status' in route ? route.status : 200 });
  return route;
}

function routeTo(target: string, credentials: string | undefined): Route {
  if (authorization !== null && credentials !== authorization) return { status: 407 };
  const mapped = Object.entries(routes).find(([pattern]) => matches(pattern, target))?.[1] ?? target;
  return LOOPBACK.test(mapped) ? { port: Number(mapped.split(':').at(-1)) } : { status: 403 };
}
