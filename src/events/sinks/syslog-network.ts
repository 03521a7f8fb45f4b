/** Bytes to a host, over UDP, TCP or TLS. Sockets are closed again, so that nothing of them is left for the command. */
import type { Socket } from 'node:net';
import { EnvsealError } from '../../errors.ts';
import { type Deadline, withDeadline } from '../../net/deadline.ts';
import { isTlsFailure } from '../../net/http.ts';
import { retry } from '../../net/retry.ts';
import { ErrnoError, type System } from '../../system/system.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
  /** There for TLS: PEM certificates that replace the built-in roots. */
  readonly ca?: string | undefined;
}

export async function sendDatagrams(
  messages: readonly Uint8Array[],
  { host, port }: Target,
  system: System,
  deadline: Deadline,
): Promise<void> {
  await retry(async () => {
    await withDeadline(system.sendUdp(host, port, messages), deadline).catch((error: unknown) => {
      throw unreachable(host, error, deadline);
    });
  }, deadline);
}

export async function sendStream(bytes: Uint8Array, target: Target, deadline: Deadline): Promise<void> {
  const { host, port } = target;
  const { connect } = await import('node:net');
  const secure = 'ca' in target ? await withTls(target) : (wire: Socket) => wire;
  await retry(
    () =>
      writeAll(() => secure(connect({ host, port })), bytes, deadline).catch((error: unknown) => {
        throw unreachable(host, error, deadline);
      }),
    deadline,
  );
}

async function withTls({ host, ca }: Target): Promise<(wire: Socket) => Socket> {
  const [{ isIP }, tls, { Duplex }] = await Promise.all([
    import('node:net'),
    import('node:tls'),
    import('node:stream'),
  ]);
  const trust = ca === undefined ? {} : { ca };
  const options = { host, servername: isIP(host) ? '' : host, rejectUnauthorized: true, ...trust };
  return (wire) => {
    // Of a connection that it reads by itself, Node's TLS takes a reset for an end in order.
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

/** Resolves when the receiver has read all and ended its side. Rejects with what the socket or the deadline says. */
export async function writeAll(open: () => Socket, bytes: Uint8Array, { signal }: Deadline): Promise<void> {
  if (signal.aborted) throw signal.reason;
  const socket = open();
  const stop = () => socket.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      let isEnded = false;
      socket.on('end', () => {
        // Bun says so of what we destroy, too.
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

function unreachable(host: string, error: unknown, { signal }: Deadline): EnvsealError {
  if (signal.aborted) return signal.reason as EnvsealError;
  const code = codeOf(error);
  const isTls = isTlsFailure(code);
  return new EnvsealError('unreachable', `cannot reach ${host}: ${code}`, {
    hint: isTls
      ? 'check the host name and the clock; a private CA goes into SSL_CERT_FILE'
      : 'check host and port, the network policy, and that the receiver takes RFC 5424 with octet counting',
    cause: error,
    retryable: !isTls,
  });
}

export function codeOf(error: unknown): string {
  if (error instanceof ErrnoError) return error.errno;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'cut off';
}
