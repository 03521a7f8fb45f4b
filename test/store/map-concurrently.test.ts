import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mapInFlight } from '../../src/store/map-concurrently.ts';

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** Lets others go first as often as the item says. */
async function yieldTimes(times: number): Promise<number> {
  for (let turn = 0; turn < times; turn++) await Promise.resolve();
  return times;
}

test('gives results in the order of the items, and has at most so many in flight', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(20)), fc.integer({ min: 1, max: 5 }), async (items, limit) => {
      let [flying, most] = [0, 0];
      const results: number[] = [];
      const map = async (item: number) => {
        most = Math.max(most, ++flying);
        const result = await yieldTimes(item);
        flying--;
        return result;
      };
      for await (const result of mapInFlight(each(items), limit, map)) results.push(result);
      expect(results).toEqual(items);
      expect(most).toBeLessThanOrEqual(limit);
    }),
  );
});

test('has as many in flight as it may', async () => {
  const all = Promise.withResolvers<void>();
  let flying = 0;
  const map = async () => {
    if (++flying === 3) all.resolve();
    await all.promise;
  };
  const results = mapInFlight(each([1, 2, 3]), 3, map);
  await results.next();
  expect(flying).toBe(3);
});

test('fails with the first failure, after what came before it', async () => {
  const results: number[] = [];
  const map = async (item: number) => {
    if (item > 1) throw new Error(`failed at ${item}`);
    return item;
  };
  const all = (async () => {
    for await (const result of mapInFlight(each([0, 1, 2, 3]), 4, map)) results.push(result);
  })();
  await expect(all).rejects.toThrow('failed at 2');
  expect(results).toEqual([0, 1]);
});
