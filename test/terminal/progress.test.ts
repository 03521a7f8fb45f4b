import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatProgress, Progress } from '../../src/terminal/progress.ts';
import { displayWidth } from '../../src/terminal/text.ts';

const ERASE = '\r\x1b[K';

function start({ isTerminal = true, total = 10 } = {}) {
  const window = { columns: 40 as number | undefined, now: 0 };
  const written: string[] = [];
  const progress = new Progress({
    write: (text) => written.push(text),
    isTerminal,
    columns: () => window.columns,
    total,
    label: 'rotating',
    now: () => window.now,
  });
  return { progress, window, written };
}

describe('progress', () => {
  test('is drawn at the start, and over itself', () => {
    const { progress, window, written } = start();
    window.now = 100;
    progress.advance(5);
    expect(written).toEqual([
      `${ERASE}rotating [${' '.repeat(22)}]  0/10`,
      `${ERASE}rotating [${'#'.repeat(11)}${' '.repeat(11)}]  5/10`,
    ]);
  });

  test('is drawn every 100 ms at most', () => {
    const { progress, window, written } = start({ total: 1000 });
    for (window.now = 1; window.now <= 1000; window.now++) progress.advance();
    expect(written).toHaveLength(11);
    expect(written.at(-1)).toContain('1000/1000');
  });

  test('is erased, once', () => {
    const { progress, written } = start();
    progress.clear();
    progress.clear();
    expect(written.slice(1)).toEqual([ERASE]);
  });

  test('comes back after it was erased for something else', () => {
    const { progress, written } = start();
    progress.clear();
    progress.advance();
    expect(written.at(-1)).toContain('1/10');
  });

  test('writes nothing in a log', () => {
    const { progress, window, written } = start({ isTerminal: false });
    window.now = 1000;
    progress.advance();
    progress.clear();
    expect(written).toEqual([]);
  });

  test('follows the window', () => {
    const { progress, window, written } = start();
    const widths = [12, 80, undefined].map((columns) => {
      window.columns = columns;
      window.now += 100;
      progress.advance();
      return displayWidth((written.at(-1) as string).slice(ERASE.length));
    });
    expect(widths).toEqual([11, 47, 47]);
  });

  test('never reaches the last column, whatever it says', () => {
    const options = [
      fc.string({ unit: 'grapheme' }),
      fc.nat(),
      fc.nat(),
      fc.integer({ min: 1, max: 200 }),
    ] as const;
    fc.assert(
      fc.property(...options, (label, done, total, columns) => {
        expect(displayWidth(formatProgress(label, done, total, columns - 1))).toBeLessThan(columns);
      }),
    );
  });
});
