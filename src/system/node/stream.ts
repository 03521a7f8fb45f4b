/** Streams of bytes to a receiver, by Node's sockets. Loaded when one is sent. */
import { connect, isIP, type Socket } from 'node:net';
import type { StreamTarget } from '../system.ts';
import { asPath } from './files.ts';

/** See `System`. Sockets are closed again, so that nothing of them is left for the command. */
export async function sendStream(
  target: StreamTarget,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  if ('path' in target) {
    if (signal.aborted) throw signal.reason;
    return await writeAll(connect({ path: asPath(target.path).toString() }), bytes, signal);
  }
  const { host, port } = target;
  const secure = 'ca' in target ? await withTls(host, target.ca) : (wire: Socket) => wire;
  if (signal.aborted) throw signal.reason;
  await writeAll(secure(connect({ host, port })), bytes, signal);
}

async function withTls(host: string, ca: string | undefined): Promise<(wire: Socket) => Socket> {
  const [tls, { Duplex }] = await Promise.all([import('node:tls'), import('node:stream')]);
  const trust = ca === undefined ? {} : { ca };
  const options = { host, servername: isIP(host) ? '' : host, rejectUnauthorized: true, ...trust };
  return (wire) => {
    // On a connection that it reads itself, Node's TLS mistakes a reset for a regular end.
    const between = new Duplex({
      read: () => wire.resume(),
      write: (chunk, _, done) => wire.write(chunk, done),
      final: (done) => wire.end(done),
      destroy(error, done) {
        wire.destroy();
        done(error);
      },
    });
    const socket = tls.connect({ ...options, socket: between });
    wire.on('data', (chunk) => between.push(chunk) || wire.pause());
    wire.on('end', () => between.push(null));
    wire.on('error', (error) => socket.destroy(error));
    return socket;
  };
}

/** Resolves when the receiver has read all and ended its side. Rejects with what the socket or the signal says. */
async function writeAll(socket: Socket, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  const stop = () => socket.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      let isEnded = false;
      socket.on('end', () => {
        // Not of what we destroy.
        isEnded = !signal.aborted;
      });
      socket.on('close', () => (isEnded ? resolve() : reject(signal.reason ?? new Error('cut off'))));
      // What it says is not asked for, but its end is only seen behind that.
      socket.resume();
      socket.end(bytes);
    });
  } finally {
    signal.removeEventListener('abort', stop);
    socket.destroy();
  }
}
