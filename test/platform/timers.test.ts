/** The order of timers, on a clock of the test's own. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  clearImmediate,
  clearTimeout,
  runTimers,
  setImmediate,
  setInterval,
  setTimeout,
  useClock,
} from '../../src/platform/timers.ts';

let timeMs = 0;
useClock(() => timeMs);

/** Runs everything up to an end, and gives when each turn found nothing to do. */
function runUntil(endMs: number): void {
  while (timeMs < endMs) {
    const waitMs = runTimers(timeMs);
    if (waitMs < 0) return;
    timeMs += waitMs;
  }
}

test('timers run when they are due, and of equal ones the first that was set', () => {
  const timer = fc.record({
    setAt: fc.nat({ max: 50 }),
    delay: fc.integer({ min: -1, max: 50 }),
    isCleared: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(timer), (timers) => {
      timeMs = 0;
      const heard: number[] = [];
      const inOrder = timers.map((timer, at) => ({ ...timer, at })).sort((a, b) => a.setAt - b.setAt);
      for (const { setAt, delay, isCleared, at } of inOrder) {
        runUntil(setAt);
        timeMs = setAt;
        const id = setTimeout(() => heard.push(at), delay);
        if (isCleared) clearTimeout(id);
      }
      runUntil(1000);
      const due = ({ setAt, delay }: (typeof inOrder)[0]) => setAt + Math.max(1, delay);
      const expected = inOrder.filter(({ isCleared }) => !isCleared).sort((a, b) => due(a) - due(b));
      expect(heard).toEqual(expected.map(({ at }) => at));
      expect(runTimers(timeMs)).toBe(-1);
    }),
  );
});

test('a turn runs one action, and says how long there is nothing to do', () => {
  timeMs = 100;
  const heard: string[] = [];
  setTimeout((word: string) => heard.push(word), 10, 'timer');
  setImmediate((word: string) => heard.push(word), 'immediate');
  clearImmediate(setImmediate(() => heard.push('cleared')));
  expect([runTimers(100), ...heard]).toEqual([0, 'immediate']);
  expect(runTimers(100)).toBe(10);
  expect(runTimers(104.5)).toBe(5.5);
  expect([runTimers(110), ...heard]).toEqual([0, 'immediate', 'timer']);
  expect(runTimers(110)).toBe(-1);
});

test.for([undefined, 0, -5, Number.NaN, 2 ** 31, Number.POSITIVE_INFINITY])(
  'a delay of %s is one of 1 ms',
  (delay) => {
    timeMs = 0;
    clearTimeout(setTimeout(() => {}, delay));
    const id = setTimeout(() => {}, delay);
    expect(runTimers(0)).toBe(1);
    clearTimeout(id);
  },
);

test('an interval comes again until it is cleared, and can clear itself', () => {
  timeMs = 0;
  const heard: number[] = [];
  const id = setInterval(() => {
    heard.push(timeMs);
    if (heard.length === 3) clearTimeout(id);
  }, 7);
  runUntil(100);
  expect(heard).toEqual([7, 14, 21]);
});

test('what is not a function is refused', () => {
  expect(() => setTimeout('code' as never, 1)).toThrow(TypeError);
  expect(() => setImmediate(undefined as never)).toThrow(TypeError);
});
