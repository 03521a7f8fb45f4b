/** Files as `node:fs` reads them: paths of bytes, and errors without a path. */
import { readSync } from 'node:fs';
import type { ByteString } from '../byte-string.ts';
import { ErrnoError } from '../system.ts';

/** Runs `action`; an error of `node:fs` becomes an ErrnoError, which holds no path. */
export function rethrow<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof ErrnoError) throw error;
    throw new ErrnoError((error as NodeJS.ErrnoException).code ?? 'EIO');
  }
}

export function asPath(path: ByteString): Buffer {
  return Buffer.from(path, 'latin1');
}

export function readUpTo(fd: number, limit: number): Uint8Array {
  const chunks: Buffer[] = [];
  for (let left = limit; left > 0; ) {
    const chunk = Buffer.allocUnsafe(Math.min(left, 65_536));
    const count = readSync(fd, chunk);
    if (count === 0) break;
    chunks.push(chunk.subarray(0, count));
    left -= count;
  }
  return Buffer.concat(chunks);
}
