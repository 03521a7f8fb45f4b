import { EnvsealError } from '../errors.ts';
import { BACKOFF_BASE_MS, BACKOFF_CAP_MS, MAX_ATTEMPTS } from '../limits.ts';
import type { Deadline } from './deadline.ts';

/** Chance in [0, 1); `Math.random` outside of tests. */
export type Random = () => number;

/**
 * Calls `attempt` until it succeeds, throws something that is not `retryable`, or the tries or the deadline would be
 * over; then the last error is thrown, also when the deadline ends another try: it says more than 'out of time'. Waits
 * with full jitter, and at least what the server asked for.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export async function retry<T>(
  attempt: (number: number) => Promise<T>,
  deadline: Deadline,
  random: Random = Math.random,
  maxAttempts = MAX_ATTEMPTS,
): Promise<T> {
  let last: EnvsealError | undefined;
  for (let number = 1; ; number++) {
    try {
      return await attempt(number);
    } catch (error) {
      if (last !== undefined && error === deadline.signal.reason && isTimeout(error)) throw last;
      if (!(error instanceof EnvsealError)) throw error;
      error.attempts = number;
      if (!error.retryable || number === maxAttempts) throw error;
      const wait = Math.max(error.retryAfterMs, random() * backoffCeiling(number));
      if (wait >= deadline.remainingMs()) throw error;
      last = error;
      await sleep(wait, deadline.signal).catch((reason: unknown) => {
        throw isTimeout(reason) ? error : reason;
      });
    }
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof EnvsealError && error.code === 'timeout';
}

/** Longest wait after try `number`, in ms. */
export function backoffCeiling(number: number): number {
  return Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** (number - 1));
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** What `Retry-After` asks to wait, in ms: seconds, or a date. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
export function retryAfterMs(headers: Headers): number {
  const text = headers.get('retry-after');
  if (text === null) return 0;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? ms : 0;
}
