/** An HTTP client that hides nothing: no retries, no redirects, half an answer is half an answer. Signs on request. */

import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { ADMINISTRATOR } from './aws/defaults.ts';

/** A body that goes on and on ends a test, not the machine. */
const MAX_BYTES = 16 * 1024 * 1024;

export interface RawRequest {
  /** Origin, path and query, encoded as they shall be on the wire. */
  readonly url: string;
  /** Default GET. */
  readonly method?: string;
  /** `host` may differ from the URL's. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For https. */
  readonly ca?: string;
  /** Take this much of the body and go away. */
  readonly abortAfterBytes?: number;
}

export interface RawReply {
  /** 0 when the connection ended before there was one. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Why the answer is not whole: `ECONNRESET`, `ABORTED`, `HPE_…`; absent when it is. */
  readonly failure?: string;
}

export interface Signing {
  /** Default: the administrator of every test server. */
  readonly credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  readonly region?: string;
  readonly service?: string;
  readonly date?: Date;
}

export function send({
  url,
  method = 'GET',
  headers = {},
  body = '',
  ca,
  abortAfterBytes,
}: RawRequest): Promise<RawReply> {
  const { promise, resolve } = Promise.withResolvers<RawReply>();
  const start = url.startsWith('https:') ? httpsRequest : httpRequest;
  let failure: string | undefined;
  let answered = false;
  const outgoing = start(url, { method, headers, agent: false, ...(ca && { ca }) }, async (message) => {
    answered = true;
    const bytes = await read(message, abortAfterBytes ?? MAX_BYTES);
    failure ??= message.complete || abortAfterBytes !== undefined ? undefined : 'ABORTED';
    resolve({
      status: message.statusCode ?? 0,
      headers: message.headers,
      body: bytes,
      ...(failure && { failure }),
    });
  });
  outgoing.on('error', (error: NodeJS.ErrnoException) => {
    failure = error.code ?? error.message;
    if (!answered) resolve({ status: 0, headers: {}, body: Buffer.alloc(0), failure });
  });
  outgoing.end(body);
  return promise;
}

async function read(message: IncomingMessage, most: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of message) {
      pieces.push(piece);
      length += piece.length;
      if (length >= most) break;
    }
  } catch {
    // What came before it broke is the answer.
  }
  return Buffer.concat(pieces);
}

export async function signed(request: RawRequest, signing: Signing = {}): Promise<RawRequest> {
  const { credentials = ADMINISTRATOR, region = 'us-east-1', service = 's3', date = new Date() } = signing;
  const { host, hostname, pathname, searchParams, protocol } = new URL(request.url);
  const signer = new SignatureV4({
    credentials,
    region,
    service,
    sha256: Sha256,
    uriEscapePath: service !== 's3',
  });
  const { headers } = await signer.sign(
    {
      method: request.method ?? 'GET',
      protocol,
      hostname,
      path: pathname,
      query: Object.fromEntries(searchParams),
      headers: { host, ...request.headers },
      body: request.body ?? '',
    },
    { signingDate: date },
  );
  return { ...request, headers };
}

export async function sendSigned(request: RawRequest, signing?: Signing): Promise<RawReply> {
  return send(await signed(request, signing));
}
