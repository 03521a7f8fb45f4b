import { describe, expect, test } from 'vitest';
import { isName, nameEnd } from '../../src/envfile/name.ts';

describe('a name is a letter or _ first, then letters, digits, _, . or -', () => {
  test.each([
    'A',
    'z',
    '_',
    '__',
    'A1',
    'a.b',
    'a-b',
    'A_',
    'A.',
    'A-',
    '_1',
    'export',
    '__proto__',
    'constructor',
  ])('%j is one', (text) => expect(isName(text)).toBe(true));

  test.each([
    ...[
      '',
      '1',
      '1A',
      '.A',
      '-A',
      'A B',
      ' A',
      'A ',
      'A=',
      'A\n',
      '\nA',
      'A\0',
      'A$',
      'A/B',
      'A:B',
      '@A',
      '[A]',
    ],
    ...['é', 'Aé', 'Ａ', '\uFEFFA', 'A\u200b', 'A\u001b[31m', '\u017f', '\u212a'],
  ])('%j is none', (text) => expect(isName(text)).toBe(false));

  test('every ASCII character is judged by the same rule, first and later', () => {
    for (let code = 0; code < 128; code += 1) {
      const character = String.fromCharCode(code);
      expect(isName(character), `first ${code}`).toBe(/[A-Za-z_]/.test(character));
      expect(isName(`A${character}`), `later ${code}`).toBe(/[A-Za-z0-9_.-]/.test(character));
    }
  });
});

test.each([
  ['A=b', 0, 1],
  ['  A=b', 2, 3],
  ['A=b', 1, 1],
  ['A', 1, 1],
  ['1A', 0, 0],
])('in %j from %i, a name ends at %i', (text, start, end) => expect(nameEnd(text, start)).toBe(end));
