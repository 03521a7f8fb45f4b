/** The log of requests, without secrets and without bodies. */

import type { Received } from './exchange.ts';

export interface LoggedRequest {
  readonly method: string;
  /** `bucket/key` (S3), the path (metadata) or the action (STS, KMS). */
  readonly subject: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly host: string;
  /** The listener's region. */
  readonly region: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Null until answered. */
  status: number | null;
}

interface Waiter {
  readonly pattern: RegExp;
  readonly count: number;
  readonly resolve: (seen: LoggedRequest[]) => void;
}

const REDACTED = '[redacted]';
const SECRET_HEADERS = ['x-amz-security-token', 'x-aws-ec2-metadata-token', 'proxy-authorization', 'cookie'];

export class RequestLog {
  #entries: LoggedRequest[] = [];
  #waiters: Waiter[] = [];

  open({ method, target, host, region, headers }: Received, subject: string): LoggedRequest {
    const entry = { method, subject, target, host, region, headers: redact(headers), status: null };
    this.#entries.push(entry);
    this.#waiters = this.#waiters.filter((waiter) => !this.#satisfy(waiter));
    return entry;
  }

  list(): LoggedRequest[] {
    return this.#entries;
  }

  /** Resolves once `count` requests whose subject matches have come in, answered or not. */
  seen(pattern: RegExp, count: number): Promise<LoggedRequest[]> {
    const { promise, resolve } = Promise.withResolvers<LoggedRequest[]>();
    const waiter = { pattern, count, resolve };
    if (!this.#satisfy(waiter)) this.#waiters.push(waiter);
    return promise;
  }

  clear(): void {
    this.#entries = [];
  }

  #satisfy({ pattern, count, resolve }: Waiter): boolean {
    const matching = this.#entries.filter(({ subject }) => pattern.test(subject));
    if (matching.length < count) return false;
    resolve(matching);
    return true;
  }
}

function redact(headers: Received['headers']): Record<string, string> {
  const safe = { ...headers };
  for (const name of SECRET_HEADERS) if (name in safe) safe[name] = REDACTED;
  if (safe.authorization !== undefined) safe.authorization = redactAuthorization(safe.authorization);
  return safe;
}

/** In SigV4's header everything but the signature is public; any other scheme carries a bearer secret. */
function redactAuthorization(value: string): string {
  if (!value.startsWith('AWS4-')) return REDACTED;
  return value.replace(/Signature=[0-9a-f]+/, `Signature=${REDACTED}`);
}
