import { expect, test } from 'vitest';
import { spread } from '../../../bench/plots/labels.ts';

test.each([
  ['none', [], []],
  ['one stays where it is', [50], [50]],
  ['those far apart stay', [80, 20], [80, 20]],
  ['those at one height are moved apart, in their order', [50, 50, 50], [50, 60, 70]],
  ['those at the bottom are moved up', [98, 99], [90, 100]],
  ['those above the top are moved down', [-5, 0], [0, 10]],
])('%s', (_, wanted, heights) => {
  expect(spread(wanted, 10, [0, 100])).toEqual(heights);
});

test('too many for the height are closer together, and none leaves it', () => {
  const heights = spread(Array<number>(21).fill(50), 10, [0, 100]).sort((a, b) => a - b);
  expect(heights[0]).toBeCloseTo(0);
  expect(heights[20]).toBeCloseTo(100);
});
