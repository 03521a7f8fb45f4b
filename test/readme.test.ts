/** README.md: short, with what a newcomer wants first, and no figure that was not measured. */
import { expect, test } from 'vitest';
import { read } from './docs/pages.ts';

const lines = read('README.md').split('\n');

test('the example comes before one screen is over', () => {
  expect(lines.findIndex((line) => line.startsWith('```dockerfile'))).toBeLessThan(20);
});

test('stays short: the rest is in docs', () => {
  expect(lines.length).toBeLessThan(160);
});

test('figures are those of the last run of the benchmark', () => {
  const bench = read('bench/README.md').replaceAll('×', ' times');
  const figures = read('README.md').match(/\d+\.\d+ (?:ms|times)/g) ?? [];
  expect(figures.length).toBeGreaterThan(3);
  const [started, peers] = bench.split('<!-- peers -->');
  for (const figure of figures) {
    const isOfPeer = peers?.includes(figure.replace(' ms', '')) ?? false;
    expect(started?.includes(figure) || isOfPeer, figure).toBe(true);
  }
});
