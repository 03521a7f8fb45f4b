/**
 * How work grows with the size of what it is given. In CPU time of this thread, and as a ratio within one run: neither
 * depends on the machine, or on what else it does.
 */
import { expect } from 'vitest';

const FACTOR = 8;
/** Far from growth in proportion, which is 8, and from growth in the square, which is 64. */
const MOST = 23;
/** Below this CPU time, in ms, too much of it is the compiler's and the garbage collector's. */
const LEAST_MS = 2;
const TRIES = 3;

/** Expects that eight times `size` takes not much more than eight times the work. Choose a size that takes about 1 ms. */
export async function expectLinear(work: (size: number) => unknown, size: number): Promise<void> {
  const small = await leastCpuMs(() => work(size));
  const large = await leastCpuMs(() => work(size * FACTOR));
  expect(large / Math.max(small, LEAST_MS)).toBeLessThan(MOST);
}

/** How many times as much CPU time `work` takes as `yardstick`. */
export async function workRatio(work: () => unknown, yardstick: () => unknown): Promise<number> {
  return (await leastCpuMs(work)) / (await leastCpuMs(yardstick));
}

/** The least of a few tries: the first ones also compile. */
async function leastCpuMs(work: () => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let n = 0; n < TRIES; n++) {
    const before = process.threadCpuUsage();
    await work();
    const { user, system } = process.threadCpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}
