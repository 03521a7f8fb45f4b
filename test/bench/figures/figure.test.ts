import { expect, test } from 'vitest';
import { bounded, difference, markdown, ratio } from '../../../bench/figures/figure.ts';

const starts = (...wallMs: number[]) =>
  wallMs.map((wall) => ({ wallMs: wall, cpuMs: 1, peakMiB: 1, status: 0 }));
const results = { ours: starts(4, 6, 50), theirs: starts(3, 3, 1) };
const compared = { title: 'a start', results, name: 'ours', base: 'theirs', of: 'the other' };

test('a ratio is of the medians, and beside it of the fastest', () => {
  expect(ratio({ ...compared, atMost: 2 })).toMatchObject({
    median: '6.00 ms',
    value: '2.00× the other',
    least: '4.00×',
    met: true,
  });
});

test.each([
  [1.99, false],
  [2, true],
])('a ratio of 2 with a limit of %s: %s', (atMost, met) => {
  expect(ratio({ ...compared, atMost }).met).toBe(met);
});

test.each([
  [2.99, false],
  [3, true],
])('a difference of 3 ms with a limit of %s: %s', (atMost, met) => {
  expect(difference({ ...compared, atMost }).met).toBe(met);
});

test('what did not start is not measured, and meets nothing', () => {
  const figure = ratio({ ...compared, name: 'absent', atMost: 2 });
  expect(figure).toEqual({ title: 'a start', median: 'not measured', limit: '2×' });
  expect(markdown([figure])).toContain('| a start | not measured |  |  | 2× |  |');
});

test('an unmet limit stands out', () => {
  expect(markdown([bounded('memory', 9, 8, 'MiB')])).toContain('| 9.0 MiB |  | 8 MiB | **no** |');
});
