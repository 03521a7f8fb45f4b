/**
 * Reads what another process is still writing as the event loop does it. `node:fs` would wait on a thread, and Node does
 * not end while one of its threads waits.
 */
import { constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { isatty, ReadStream } from 'node:tty';
import type { ByteString } from '../byte-string.ts';
import { ErrnoError, STANDARD_INPUT } from '../system.ts';
import { asPath, readUpTo, rethrow } from './files.ts';

export async function readSlowly(
  from: ByteString | typeof STANDARD_INPUT,
  limit: number,
): Promise<Uint8Array> {
  const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
  const fd =
    from === STANDARD_INPUT ? from : rethrow(() => openSync(asPath(from), O_RDONLY | O_NONBLOCK | O_NOCTTY));
  const kind = rethrow(() => fstatSync(fd));
  if (isatty(fd)) return await readStream(new ReadStream(fd), limit);
  // The others, such as /dev/null, never block. What is opened here is left to the end of the process.
  if (!kind.isFIFO() && !kind.isSocket()) return rethrow(() => readUpTo(fd, limit));
  return await readStream(new Socket({ fd, readable: true, writable: false }), limit);
}

async function readStream(stream: Socket, limit: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let left = limit;
  await new Promise<void>((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk.subarray(0, left));
      left -= Math.min(left, chunk.length);
      if (left === 0) resolve();
    });
    stream.on('end', resolve).on('close', () => resolve());
    stream.on('error', (error: NodeJS.ErrnoException) => reject(new ErrnoError(error.code ?? 'EIO')));
  });
  stream.pause();
  return Buffer.concat(chunks);
}
