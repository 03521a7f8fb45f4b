import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { EnvsealError } from '../../src/errors.ts';
import { BACKOFF_CAP_MS, MAX_ATTEMPTS } from '../../src/limits-and-defaults.ts';
import { backoffCeiling } from '../../src/net/backoff.ts';
import { Deadline } from '../../src/net/deadline.ts';
import { retry } from '../../src/net/retry.ts';

/** Waits nothing. */
const AT_ONCE = () => 0;

const failure = (details: { retryable?: boolean; retryAfterMs?: number } = { retryable: true }) =>
  new EnvsealError('unreachable', 'cannot reach s3.test: ECONNRESET', details);

/** Fails so many times, and counts. */
function failing(times: number, error: unknown = failure()) {
  const seen: number[] = [];
  const attempt = async (number: number) => {
    seen.push(number);
    if (seen.length <= times) throw error;
    return 'done';
  };
  return { attempt, seen };
}

/** A deadline that lets the test end. */
async function within<T>(seconds: number, work: (deadline: Deadline) => Promise<T>): Promise<T> {
  const deadline = new Deadline(seconds);
  return await work(deadline).finally(() => deadline.clear());
}

describe('retry', () => {
  test.for([0, 1, 5, MAX_ATTEMPTS - 1])('succeeds after %i failures', async (times) => {
    const { attempt, seen } = failing(times);
    expect(await within(60, (deadline) => retry(attempt, deadline, AT_ONCE))).toBe('done');
    expect(seen).toEqual(Array.from({ length: times + 1 }, (_, index) => index + 1));
  });

  test.for([MAX_ATTEMPTS, 3])('throws the last failure after %i tries', async (tries) => {
    const error = failure();
    const { attempt, seen } = failing(Number.POSITIVE_INFINITY, error);
    const result = within(60, (deadline) => retry(attempt, deadline, AT_ONCE, tries));
    await expect(result).rejects.toBe(error);
    expect(seen).toHaveLength(tries);
  });

  test.for([failure({}), new Error('a bug'), new TypeError('a bug')])('does not repeat %s', async (error) => {
    const { attempt, seen } = failing(1, error);
    await expect(within(60, (deadline) => retry(attempt, deadline, AT_ONCE))).rejects.toBe(error);
    expect(seen).toEqual([1]);
  });

  test('gives up at once when the wait would end after the deadline', async () => {
    const error = failure({ retryable: true, retryAfterMs: 61_000 });
    const { attempt, seen } = failing(1, error);
    await expect(within(60, (deadline) => retry(attempt, deadline, AT_ONCE))).rejects.toBe(error);
    expect(seen).toEqual([1]);
  });

  test('throws the last failure when the deadline ends the next try', async () => {
    const error = failure();
    const result = within(0.05, (deadline) =>
      retry(
        (number) =>
          new Promise((_, reject) => {
            if (number === 1) reject(error);
            deadline.signal.addEventListener('abort', () => reject(deadline.signal.reason));
          }),
        deadline,
        AT_ONCE,
      ),
    );
    await expect(result).rejects.toBe(error);
  });

  test('throws that time is over when the first try has not ended', async () => {
    const result = within(0.05, (deadline) =>
      retry(
        () =>
          new Promise((_, reject) => {
            deadline.signal.addEventListener('abort', () => reject(deadline.signal.reason));
          }),
        deadline,
        AT_ONCE,
      ),
    );
    await expect(result).rejects.toMatchObject({ code: 'timeout' });
  });

  test('waits at least as long as the server asks', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { attempt, seen } = failing(1, failure({ retryable: true, retryAfterMs: 30_000 }));
    const result = within(60, (deadline) => retry(attempt, deadline, AT_ONCE));
    await vi.advanceTimersByTimeAsync(29_999);
    expect(seen).toEqual([1]);
    await vi.advanceTimersByTimeAsync(1);
    expect(seen).toEqual([1, 2]);
    expect(await result).toBe('done');
  });

  test('stops waiting when another source has failed', async () => {
    const reason = new EnvsealError('not_found', 'no such object: s3://snacks/other');
    const { attempt } = failing(1, failure({ retryable: true, retryAfterMs: 50_000 }));
    await within(60, async (deadline) => {
      const result = retry(attempt, deadline, AT_ONCE);
      setImmediate(() => deadline.abort(reason));
      await expect(result).rejects.toBe(reason);
    });
  });

  test('does not wait when that was before', async () => {
    const reason = new EnvsealError('not_found', 'no such object: s3://snacks/other');
    await within(60, async (deadline) => {
      deadline.abort(reason);
      await expect(retry(failing(1).attempt, deadline, AT_ONCE)).rejects.toBe(reason);
    });
  });
});

describe('backoffCeiling', () => {
  test('doubles from 50 ms up to 2 s', () => {
    const ceilings = Array.from({ length: MAX_ATTEMPTS }, (_, index) => backoffCeiling(index + 1));
    expect(ceilings.slice(0, 8)).toEqual([50, 100, 200, 400, 800, 1600, 2000, 2000]);
    expect(Math.max(...ceilings)).toBe(BACKOFF_CAP_MS);
  });
});

describe('Deadline', () => {
  test('aborts with the reason when it is over', async () => {
    const deadline = new Deadline(0.01);
    await new Promise((resolve) => deadline.signal.addEventListener('abort', resolve));
    expect(deadline.signal.reason).toMatchObject({ code: 'timeout', message: 'timed out after 0.01 s' });
    expect(deadline.remainingMs()).toBe(0);
  });

  test('keeps the first reason', () => {
    const deadline = new Deadline(60);
    const [first, second] = [failure(), failure()];
    deadline.abort(first);
    deadline.abort(second);
    expect(deadline.signal.reason).toBe(first);
  });

  test('does not abort once it is cleared', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const deadline = new Deadline(60);
    deadline.clear();
    vi.advanceTimersByTime(60_000);
    expect(deadline.signal.aborted).toBe(false);
  });
});
