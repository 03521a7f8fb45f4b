/** One request as it came in, and one answer before anything goes wrong on its way out. */

import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';

export interface Received {
  readonly method: string;
  /** Path and query as they were on the wire: signatures are over these bytes, not over what a URL parser makes of them. */
  readonly target: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly host: string;
  /** Names in lower case; repeated headers joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The region of the listener that took the request. */
  readonly region: string;
  readonly secure: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export async function receive(message: IncomingMessage, region: string): Promise<Received> {
  const target = message.url ?? '/';
  const [path = '/', query = ''] = splitOnce(target, '?');
  return {
    method: message.method ?? 'GET',
    target,
    path,
    query: new URLSearchParams(query),
    host: message.headers.host ?? '',
    headers: flatten(message.headersDistinct),
    body: await buffer(message),
    region,
    secure: 'encrypted' in message.socket,
  };
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(value)),
  };
}

export function text(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return { status, headers: { 'content-type': 'text/plain', ...headers }, body: Buffer.from(body) };
}

export function splitOnce(value: string, separator: string): [string, string | undefined] {
  const at = value.indexOf(separator);
  return at < 0 ? [value, undefined] : [value.slice(0, at), value.slice(at + separator.length)];
}

function flatten(headers: NodeJS.Dict<string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, values = []]) => [name, values.join(',')]));
}
