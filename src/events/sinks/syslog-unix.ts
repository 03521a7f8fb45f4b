/**
 * Messages to a unix socket of this machine: datagrams, as /dev/log is, or else a stream. Node has no datagrams of this
 * kind, so there it is a stream or nothing.
 */
import { EnvsealError } from '../../errors.ts';
import type { Deadline } from '../../net/deadline.ts';
import { retry } from '../../net/retry.ts';
import type { ByteString } from '../../system/byte-string.ts';
import { toByteString } from '../../system/bytes.ts';
import { ErrnoError, type System } from '../../system/system.ts';
import { codeOf } from './syslog-network.ts';

export async function sendToUnix(
  messages: readonly Uint8Array[],
  path: string,
  system: System,
  deadline: Deadline,
): Promise<void> {
  const bytes = toByteString(path);
  try {
    for (const message of messages) {
      await retry(() => system.sendDatagram(bytes, message).catch(rethrow), deadline);
    }
  } catch (error) {
    if (!(error instanceof NoDatagrams)) throw error;
    await sendLines(messages, bytes, system, deadline);
  }
}

/** Messages have no line feed in them, and what reads a unix stream looks for one. */
async function sendLines(
  messages: readonly Uint8Array[],
  path: ByteString,
  system: System,
  deadline: Deadline,
): Promise<void> {
  const lines = Buffer.concat(messages.flatMap((message) => [message, Buffer.from('\n')]));
  await retry(
    () =>
      system.sendStream({ path }, lines, deadline.signal).catch((error: unknown) => {
        if (deadline.signal.aborted) throw deadline.signal.reason;
        throw explain(codeOf(error), error);
      }),
    deadline,
  );
}

class NoDatagrams extends Error {}

function rethrow(error: unknown): never {
  if (!(error instanceof ErrnoError)) throw error;
  if (error.errno === 'EOPNOTSUPP' || error.errno === 'EPROTOTYPE') throw new NoDatagrams();
  throw explain(error.errno, error);
}

function explain(code: string, cause: unknown): EnvsealError {
  switch (code) {
    case 'ENOENT':
      return new EnvsealError('unreachable', 'there is no such socket', {
        hint: 'mount the socket into the container: --volume /dev/log:/dev/log',
        cause,
      });
    case 'EACCES':
    case 'EPERM':
      return new EnvsealError('denied', 'no permission to write to the socket', {
        hint: 'check its mode and owner, and the user of the container',
        cause,
      });
    case 'EPROTOTYPE':
      return new EnvsealError('configuration', 'the socket is for datagrams, which Node cannot send', {
        hint: 'use the executable instead of the bundle, or syslog+udp://127.0.0.1',
        cause,
      });
    default:
      return new EnvsealError('unreachable', `cannot write to the socket: ${code}`, {
        hint: 'check that the syslog daemon is running and keeps up',
        cause,
        retryable: true,
      });
  }
}
