import { expect, test } from 'vitest';
import { expectLinear, workRatio } from './growth.ts';

/** Does `steps` things that no compiler leaves out. */
function step(steps: number): number {
  let sum = 0;
  for (let n = 0; n < steps; n++) sum = (sum * 31 + n) % 65_521;
  return sum;
}

test('work in proportion to the size is linear', async () => {
  await expectLinear((size) => step(size * 1000), 100);
});

test('so is what takes next to nothing', async () => {
  await expectLinear(() => {}, 1000);
});

test('work in proportion to the square is not', async () => {
  await expect(expectLinear((size) => step(size * size), 500)).rejects.toThrow(/less than 23/);
});

test('the ratio of two amounts of work', async () => {
  const [much, little] = [() => step(2_000_000), () => step(200_000)];
  expect(await workRatio(much, little)).toBeGreaterThan(3);
});
