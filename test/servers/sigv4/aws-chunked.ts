/**
 * `Content-Encoding: aws-chunked`: pieces with a signature each or none, then trailers.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */

import { equal } from './authentication.ts';
import { formatScope, type Scope, sha256Hex, sign } from './signature.ts';

/** Where the chain of signatures starts. */
export interface Seed {
  readonly key: Buffer;
  readonly amzDate: string;
  readonly scope: Scope;
  readonly signature: string;
}

export interface Decoded {
  readonly bytes: Buffer;
  /** Without `x-amz-trailer-signature`. */
  readonly trailers: Readonly<Record<string, string>>;
}

/** `malformed`: the bytes are not aws-chunked; `signature`: a chunk or the trailers are not what was signed. */
export type ChunkFailure = 'malformed' | 'signature';

const EMPTY_HASH = sha256Hex('');
const CRLF = '\r\n';

/** Without a seed the chunks carry no signatures (`STREAMING-UNSIGNED-PAYLOAD-TRAILER`). */
export function decodeChunks(body: Buffer, seed: Seed | undefined): Decoded | ChunkFailure {
  const pieces: Buffer[] = [];
  let previous = seed?.signature ?? '';
  for (let at = 0; ; ) {
    const chunk = readChunk(body, at);
    if (chunk === undefined) return 'malformed';
    if (seed !== undefined) {
      const expected = signChunk(seed, previous, chunk.data);
      if (!equal(expected, chunk.signature)) return 'signature';
      previous = expected;
    }
    at = chunk.end;
    if (chunk.data.length === 0) return finish(Buffer.concat(pieces), body.subarray(at), seed, previous);
    pieces.push(chunk.data);
  }
}

interface Chunk {
  readonly data: Buffer;
  readonly signature: string;
  /** Where the next one starts. */
  readonly end: number;
}

/** `SIZE-IN-HEX[;chunk-signature=HEX]CRLF DATA CRLF`; the last, empty one ends after its first CRLF. */
function readChunk(body: Buffer, start: number): Chunk | undefined {
  const lineEnd = body.indexOf(CRLF, start);
  if (lineEnd < 0) return undefined;
  const line = body.toString('latin1', start, lineEnd);
  const [, hex, signature = ''] = /^([0-9a-f]+)(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(line) ?? [];
  if (hex === undefined) return undefined;
  const from = lineEnd + CRLF.length;
  const to = from + Number.parseInt(hex, 16);
  if (to === from) return { data: Buffer.alloc(0), signature, end: from };
  if (body.toString('latin1', to, to + CRLF.length) !== CRLF) return undefined;
  return { data: body.subarray(from, to), signature, end: to + CRLF.length };
}

function finish(
  bytes: Buffer,
  rest: Buffer,
  seed: Seed | undefined,
  previous: string,
): Decoded | ChunkFailure {
  const lines = rest
    .toString('latin1')
    .split(/\r?\n/)
    .filter((line) => line !== '');
  const { 'x-amz-trailer-signature': signature, ...trailers } = parseTrailers(lines);
  const signed = seed !== undefined && Object.keys(trailers).length > 0;
  if (signed && !equal(signTrailers(seed, previous, trailers), signature ?? '')) return 'signature';
  return { bytes, trailers };
}

function parseTrailers(lines: readonly string[]): Record<string, string> {
  const pairs = lines.map((line) => line.split(/:(.*)/s, 2).map((part) => part.trim()));
  return Object.fromEntries(pairs.map(([name = '', value = '']) => [name.toLowerCase(), value]));
}

function signChunk(seed: Seed, previous: string, data: Buffer): string {
  return chain(seed, 'AWS4-HMAC-SHA256-PAYLOAD', [previous, EMPTY_HASH, sha256Hex(data)]);
}

function signTrailers(seed: Seed, previous: string, trailers: Decoded['trailers']): string {
  const lines = Object.entries(trailers).map(([name, value]) => `${name}:${value}\n`);
  return chain(seed, 'AWS4-HMAC-SHA256-TRAILER', [previous, sha256Hex(lines.join(''))]);
}

function chain({ key, amzDate, scope }: Seed, algorithm: string, parts: readonly string[]): string {
  return sign(key, [algorithm, amzDate, formatScope(scope), ...parts].join('\n'));
}
