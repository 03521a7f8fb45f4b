/**
 * Reads what another process is still writing, between the turns of the event loop: a read that waits would keep signals
 * and timers waiting too. Whether there is something to read is asked again and again, which goes for pipes, sockets and
 * terminals alike; whoever gave us the file descriptor finds it as it was.
 */
import { isForLater, lastError, libc, O_NOCTTY, O_NONBLOCK, openFile, POLLIN, rare } from './bun.ts';
import { ptr } from './ffi.ts';
import { type ByteString, STANDARD_INPUT } from './system.ts';

const CHUNK_BYTES = 65_536;
/** Nobody notices, and it costs nothing that could be measured; in ms. */
const PAUSE_MS = 10;

export async function readSlowly(
  from: ByteString | typeof STANDARD_INPUT,
  limit: number,
): Promise<Uint8Array> {
  if (from === STANDARD_INPUT) return await readAll(from, limit);
  const fd = openFile(from, O_NONBLOCK | O_NOCTTY);
  try {
    return await readAll(fd, limit);
  } finally {
    libc.close(fd);
  }
}

async function readAll(fd: number, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let left = limit; left > 0; ) {
    // Also for a pipe that nobody has opened to write: to read it would look like its end.
    while (!isReady(fd)) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const chunk = Buffer.allocUnsafe(Math.min(left, CHUNK_BYTES));
    const count = libc.read(fd, ptr(chunk), chunk.length);
    if (count === 0) break;
    if (count < 0 && !isForLater()) throw lastError();
    if (count > 0) chunks.push(chunk.subarray(0, count));
    left -= Math.max(0, count);
  }
  return Buffer.concat(chunks);
}

/** Whether a read would answer at once: with bytes, with the end or with an error. */
function isReady(fd: number): boolean {
  return rare().poll(ptr(new Int32Array([fd, POLLIN])), 1, 0) > 0;
}
