import type { EnvsealError } from '../errors.ts';
import { MAX_ATTEMPTS } from '../limits-and-defaults.ts';
import type { Random } from './backoff.ts';
import type { Deadline } from './deadline.ts';

/**
 * Calls `attempt` until it succeeds, throws something that is not `retryable`, or the tries or the deadline would be
 * over; then the last error is thrown, also when the deadline ends another try: it says more than 'timed
 * out'. Waits with full jitter, and at least what the server asked for.
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
      const { waitToRetry } = await import('./backoff.ts');
      last = await waitToRetry({ error, last, number, maxAttempts, deadline, random });
    }
  }
}
