import { expect, test } from 'vitest';
import { readOptions } from '../../bench/options.ts';

test('the defaults', () => {
  expect(readOptions([])).toEqual({
    peers: false,
    rounds: 100,
    program: undefined,
    peersFolder: undefined,
    write: false,
  });
});

test('all options', () => {
  const words = ['peers', '--rounds', '5', '--program', '/x', '--peers', '/y', '--write'];
  const expected = { peers: true, rounds: 5, program: '/x', peersFolder: '/y', write: true };
  expect(readOptions(words)).toEqual(expected);
});

test.each([
  [['--rounds', '0']],
  [['--rounds', '1001']],
  [['--rounds', 'x']],
  [['others']],
  [['peers', 'x']],
  [['-x']],
])('%j is refused', (words) => {
  expect(() => readOptions(words)).toThrow();
});
