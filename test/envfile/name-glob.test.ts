import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matcher } from '../../src/envfile/name-glob.ts';

describe('a name and a pattern', () => {
  test.each([
    ['A', 'A', true],
    ['A', 'a', false],
    ['A', 'AB', false],
    ['*', '', true],
    ['*', 'anything', true],
    ['?', '', false],
    ['?', 'A', true],
    ['?', 'AB', false],
    ['A*', 'A', true],
    ['A*', 'BA', false],
    ['*A', 'BA', true],
    ['*A', 'AB', false],
    ['A*B', 'AB', true],
    ['A*B', 'AxBxB', true],
    ['A*B', 'AxBx', false],
    ['*A*A*', 'A', false],
    ['*A*A*', 'xAxAx', true],
    ['A**', 'A', true],
    ['A?*', 'A', false],
    ['A*?', 'AB', true],
    ['A.B', 'AxB', false],
    ['[A]', 'A', false],
    ['', '', true],
    ['', 'A', false],
    ['A\nB', 'A\nB', true],
  ])('%j and %j: %j', (pattern, name, expected) => {
    expect(matcher([pattern])(name)).toBe(expected);
  });

  test('no pattern matches nothing', () => {
    expect(matcher([])('A')).toBe(false);
    expect(matcher([])('')).toBe(false);
  });

  test('a name as long as a variable can be is matched at once', () => {
    const stars = `${'*A'.repeat(50)}B`;
    expect(matcher([stars])('A'.repeat(131_072))).toBe(false);
  });
});

/** The same in regular expressions, which the engine matches its own way. */
function oracle(pattern: string): RegExp {
  const source = pattern.replace(
    /[^*?]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return new RegExp(`^${source.replaceAll('*', '[^]*').replaceAll('?', '[^]')}$`);
}

describe('whatever the patterns and the name, it is what a regular expression says', () => {
  const pattern = fc.string({ unit: fc.constantFrom('A', 'B', '_', '*', '?'), maxLength: 8 });
  const name = fc.string({ unit: fc.constantFrom('A', 'B', '_'), maxLength: 12 });

  test('of few characters', () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 4 }), name, (patterns, text) => {
        expect(matcher(patterns)(text)).toBe(patterns.some((one) => oracle(one).test(text)));
      }),
      { numRuns: 5000 },
    );
  });

  test('of any characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, text) => {
        expect(matcher([one])(text)).toBe(oracle(one).test(text));
        expect(matcher([one])(one)).toBe(true);
      }),
    );
  });
});
