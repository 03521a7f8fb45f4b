import { expect, test } from 'vitest';
import { drawPlot } from '../../../bench/plots/plot.ts';

const line = (name: string, values: readonly [number, number][]) => ({ name, wallMs: new Map(values) });

test('ours is the thick line, whatever the order', () => {
  const other = line('other', [
    [1, 10],
    [10, 20],
  ]);
  const ours = line('envseal', [
    [1, 2],
    [10, 3],
  ]);
  const [first = '', second = ''] = drawPlot('sources', [other, ours]).match(/<polyline.*/g) ?? [];
  expect(first).toContain('class="line ours"');
  expect(second).toContain('class="line"');
});

test('a line of one point is left out', () => {
  const text = drawPlot('sources', [
    line('envseal', [
      [1, 2],
      [5, 3],
    ]),
    line('single', [[1, 5]]),
  ]);
  expect(text).not.toContain('single');
});

test('names are escaped, and what is not a number is nowhere', () => {
  const text = drawPlot('delay', [
    line('a < b & c', [
      [0, 2],
      [100, 102],
    ]),
  ]);
  expect(text).toContain('a &lt; b &amp; c');
  expect(text).not.toMatch(/NaN|Infinity|undefined/);
});
