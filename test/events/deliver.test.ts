import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { EnvsealError } from '../../src/errors.ts';
import { deliver } from '../../src/events/deliver.ts';
import type { AuditEvent } from '../../src/events/event.ts';
import type { Sink } from '../../src/events/sink.ts';
import { event } from './sinks/sending.ts';

const events = [event()];

function taking(): Sink & { taken: readonly AuditEvent[] } {
  return {
    name: 'stderr',
    taken: [],
    async deliver(given) {
      this.taken = given;
    },
  };
}

const failing = (name: string, error: unknown): Sink => ({ name, deliver: () => Promise.reject(error) });
const DENIED = new EnvsealError('denied', 'not authorized: 403', { hint: 'check the token' });
const silent: Sink = { name: 'https://silent', deliver: () => new Promise(() => {}) };
const options = { policy: 'best-effort', timeoutSeconds: 5 } as const;

describe('deliver', () => {
  test('gives all events to all sinks', async () => {
    const sinks = [taking(), taking()];
    expect(await deliver(events, sinks, options)).toEqual([]);
    expect(sinks.map(({ taken }) => taken)).toEqual([events, events]);
  });

  test.each([
    [[], [failing('a', DENIED)]],
    [events, []],
  ])('does nothing without events or sinks', async (given, sinks) => {
    expect(await deliver(given, sinks, { ...options, policy: 'required' })).toEqual([]);
  });

  test('says which sink failed, and gives the others theirs', async () => {
    const good = taking();
    const failures = await deliver(events, [failing('file:///log', DENIED), good], options);
    expect(failures).toMatchObject([
      { code: 'denied', message: 'file:///log: not authorized: 403', hint: 'check the token' },
    ]);
    expect(good.taken).toBe(events);
  });

  test('waits for a silent sink no longer than it may', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const settled = vi.fn();
    const delivery = deliver(events, [silent, taking()], { ...options, timeoutSeconds: 0.3 }).finally(
      settled,
    );
    await vi.advanceTimersByTimeAsync(299);
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(settled).toHaveBeenCalled();
    const failures = await delivery;
    expect(failures).toMatchObject([{ code: 'timeout', message: 'https://silent: no answer within 0.3 s' }]);
  });

  test('never quotes a foreign error', async () => {
    const failures = await deliver(events, [failing('a', new TypeError('xQ7Zj0Kw9Vb3Gy'))], options);
    expect(failures).toMatchObject([{ code: 'internal', message: 'a: internal error' }]);
  });

  test('a sink that throws at once', async () => {
    const sink: Sink = {
      name: 'a',
      deliver() {
        throw DENIED;
      },
    };
    expect(await deliver(events, [sink], options)).toMatchObject([{ code: 'denied' }]);
  });

  test('with the policy required, names every sink that failed', async () => {
    const good = taking();
    const sinks = [failing('file:///log', DENIED), good, failing('b', DENIED)];
    const error = await deliver(events, sinks, { ...options, policy: 'required' }).catch((caught) => caught);
    expect(error).toMatchObject({
      code: 'undelivered',
      message: 'the access event was not delivered: file:///log: not authorized: 403; b: not authorized: 403',
      hint: 'check the token; use --event-policy best-effort to start the command without it',
    });
    expect(good.taken).toBe(events);
  });
});
