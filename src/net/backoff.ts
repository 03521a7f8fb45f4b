/** Backoff before another try. Loaded when one has failed. */
import { EnvsealError } from '../errors.ts';
import { BACKOFF_BASE_MS, BACKOFF_CAP_MS } from '../limits-and-defaults.ts';
import type { Deadline } from './deadline.ts';

/** Chance in [0, 1); `Math.random` outside of tests. */
export type Random = () => number;

interface Failed {
  readonly error: unknown;
  /** Error of the previous try. */
  readonly last: EnvsealError | undefined;
  /** Number of the try, from 1. */
  readonly number: number;
  readonly maxAttempts: number;
  readonly deadline: Deadline;
  readonly random: Random;
}

/** Resolves with the error when it is time to try again, and rejects with what is to be thrown instead. */
export async function waitToRetry(failed: Failed): Promise<EnvsealError> {
  const { error, last, number, maxAttempts, deadline, random } = failed;
  if (last !== undefined && error === deadline.signal.reason && isTimeout(error)) throw last;
  if (!(error instanceof EnvsealError)) throw error;
  error.attempts = number;
  if (!error.retryable || number === maxAttempts) throw error;
  const wait = Math.max(error.retryAfterMs, random() * backoffCeiling(number));
  if (wait >= deadline.remainingMs()) throw error;
  await sleep(wait, deadline.signal).catch((reason: unknown) => {
    throw isTimeout(reason) ? error : reason;
  });
  return error;
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
