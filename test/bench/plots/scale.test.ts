import { expect, test } from 'vitest';
import { logScale } from '../../../bench/plots/scale.ts';

test('a factor of ten is the same distance everywhere', () => {
  const { at } = logScale([1, 100], [0, 200]);
  expect([1, 10, 100].map(at)).toEqual([0, 100, 200]);
});

test('an axis may run upwards', () => {
  const { at } = logScale([1, 10], [430, 44]);
  expect([at(1), at(10)]).toEqual([430, 44]);
});

test('ticks are 1, 2 and 5 times powers of ten, and none is outside', () => {
  expect(logScale([1.5, 60], [0, 1]).ticks).toEqual([2, 5, 10, 20, 50]);
});

test('one value alone has a place', () => {
  expect(logScale([7], [10, 20]).at(7)).toBe(10);
});
