/** Writes an answer to the wire, in good order or as a fault wants it. */

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from './exchange.ts';
import type { Fault } from './faults.ts';

const HUGE_BYTES = 3_000_000_000;
const HUGE_PIECE = Buffer.alloc(64 * 1024, 'A=1\n');
/** A slow body goes out in this many pieces a second, so that it is slow from its first byte. */
const DRIPS_PER_SECOND = 20;

type Sender = (response: ServerResponse, answer: Answer) => Promise<void>;

/** Resolves when the answer is out, or when the client has gone. */
export async function deliver(response: ServerResponse, answer: Answer, fault: Fault): Promise<void> {
  if (fault.delayMs !== undefined) await delay(fault.delayMs);
  if (fault.hang) return;
  if (fault.resetBeforeHeaders) return reset(response);
  if (response.destroyed) return;
  response.sendDate = false;
  await sender(fault)(response, answer);
}

function sender(fault: Fault): Sender {
  if (fault.resetAfterBytes !== undefined) return cutAfter(fault.resetAfterBytes, reset);
  if (fault.truncateTo !== undefined) return cutAfter(fault.truncateTo, finish);
  if (fault.wrongLength === 'none') return sendUndeclared;
  if (fault.wrongLength !== undefined) return declaring(fault.wrongLength);
  if (fault.dripBytesPerSecond !== undefined) return dripping(fault.dripBytesPerSecond);
  if (fault.chunked) return sendChunked;
  if (fault.hugeDeclared) return (response, answer) => sendEndless(response, answer, String(HUGE_BYTES));
  if (fault.hugeChunked) return (response, answer) => sendEndless(response, answer, undefined);
  return sendWhole;
}

async function sendWhole(response: ServerResponse, answer: Answer): Promise<void> {
  writeHead(response, answer, String(answer.body.length));
  response.end(answer.body);
}

function cutAfter(bytes: number, close: (response: ServerResponse) => void): Sender {
  return async (response, answer) => {
    writeHead(response, answer, String(answer.body.length));
    response.flushHeaders();
    await write(response, answer.body.subarray(0, bytes));
    close(response);
  };
}

function declaring(length: number): Sender {
  return async (response, answer) => {
    writeHead(response, answer, String(length), { connection: 'close' });
    await write(response, answer.body);
    finish(response);
  };
}

async function sendUndeclared(response: ServerResponse, answer: Answer): Promise<void> {
  response.useChunkedEncodingByDefault = false;
  writeHead(response, answer, undefined, { connection: 'close' });
  response.end(answer.body);
}

function dripping(bytesPerSecond: number): Sender {
  const size = Math.max(1, Math.round(bytesPerSecond / DRIPS_PER_SECOND));
  return async (response, answer) => {
    writeHead(response, answer, String(answer.body.length));
    response.flushHeaders();
    for (let at = 0; at < answer.body.length && !response.destroyed; at += size) {
      await delay((size / bytesPerSecond) * 1000);
      await write(response, answer.body.subarray(at, at + size));
    }
    response.end();
  };
}

async function sendChunked(response: ServerResponse, answer: Answer): Promise<void> {
  writeHead(response, answer, undefined);
  const half = answer.body.length >> 1;
  await write(response, answer.body.subarray(0, half));
  response.end(answer.body.subarray(half));
}

async function sendEndless(response: ServerResponse, answer: Answer, length: string | undefined) {
  writeHead(response, answer, length);
  const body = Readable.from(endless(length === undefined ? Number.POSITIVE_INFINITY : Number(length)));
  await pipeline(body, response).catch(() => undefined);
}

function* endless(bytes: number): Generator<Buffer> {
  for (let sent = 0; sent < bytes; sent += HUGE_PIECE.length) yield HUGE_PIECE.subarray(0, bytes - sent);
}

function writeHead(
  response: ServerResponse,
  { status, headers }: Answer,
  length: string | undefined,
  more: Record<string, string> = {},
): void {
  const { 'content-length': overridden = length, ...rest } = headers;
  const declared =
    overridden === undefined || status === 204 || status === 304 ? {} : { 'content-length': overridden };
  response.writeHead(status, { ...rest, ...more, ...declared });
}

/** Resolves when the bytes are the kernel's, or the connection is gone. */
function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  if (bytes.length === 0) return Promise.resolve();
  return new Promise((resolve) => response.write(bytes, () => resolve()));
}

function finish(response: ServerResponse): void {
  response.socket?.end();
}

/** RST can only be sent by the TCP socket, which TLS hides. */
function reset(response: ServerResponse): void {
  const socket = response.socket as (Socket & { _parent?: Socket }) | null;
  (socket?._parent ?? socket)?.resetAndDestroy();
}
