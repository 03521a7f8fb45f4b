/** Bytes to a host, over UDP, TCP or TLS. */
import { EnvsealError } from '../../errors.ts';
import { type Deadline, withDeadline } from '../../net/deadline.ts';
import { retry } from '../../net/retry.ts';
import { isTlsFailure } from '../../net/unreachable.ts';
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

export async function sendStream(
  bytes: Uint8Array,
  target: Target,
  system: System,
  deadline: Deadline,
): Promise<void> {
  await retry(() => {
    return system.sendStream(target, bytes, deadline.signal).catch((error: unknown) => {
      throw unreachable(target.host, error, deadline);
    });
  }, deadline);
}

function unreachable(host: string, error: unknown, { signal }: Deadline): EnvsealError {
  if (signal.aborted) return signal.reason as EnvsealError;
  const code = codeOf(error);
  const isTls = isTlsFailure(code);
  return new EnvsealError('unreachable', `cannot reach ${host}: ${code}`, {
    hint: isTls
      ? 'check the host name and the clock; for a private CA, set SSL_CERT_FILE'
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
