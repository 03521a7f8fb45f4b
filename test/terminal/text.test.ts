import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutText, displayWidth, makeVisible } from '../../src/terminal/text.ts';
import { describeReal } from '../real/available.ts';

const CJK_AND_MARKS = ['a', '日', 'é', 'e\u0301', '\u0301', '👍', '❤\ufe0f', '…', ' ', '/'];
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.array(fc.constantFrom(...CJK_AND_MARKS)).map((parts) => parts.join('')),
);

describe('what cannot be seen is made visible', () => {
  test.for([
    ['text stays', 'snacks/dev/env é 日本 👍', 'snacks/dev/env é 日本 👍'],
    ['tab and line ends', 'a\tb\nc\r', 'a\\tb\\nc\\r'],
    ['control characters', '\0\x1b[31m\x7f\x9b', '\\x00\\x1b[31m\\x7f\\x9b'],
    ['characters that turn the direction of text around', '\u202egpj', '\\u202egpj'],
    ['characters without a width', 'a\u200bb\ufeff\xad', 'a\\u200bb\\ufeff\\xad'],
    ['separators of lines', '\u2028\u2029', '\\u2028\\u2029'],
    ['half of a surrogate pair', '\ud800', '\\ud800'],
    ['beyond the first plane', '\u{e0041}', '\\u{e0041}'],
  ] as const)('%s', ([, given, visible]) => {
    expect(makeVisible(given)).toBe(visible);
  });

  test('whatever it is, no terminal obeys it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (given) => {
        expect(makeVisible(given)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
      }),
    );
  });
});

describe('the width of a text', () => {
  test.for([
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['日本', 4],
    ['ﾊﾝ', 2],
    ['ＡＢ', 4],
    ['한글', 4],
    ['👍', 2],
    ['❤\ufe0f', 3],
  ] as const)('of %j is %i', ([given, width]) => {
    expect(displayWidth(given)).toBe(width);
  });
});

describeReal('python3', 'the width of a character', () => {
  test('is never below what the Unicode tables say', () => {
    // Marks have the width of what they go with, and of what is not assigned Python 3.11 says anything.
    const script = [
      'from unicodedata import category, east_asian_width',
      'wide = [c for c in range(0x110000) if east_asian_width(chr(c)) in "WF" and category(chr(c)) not in ("Mn", "Me", "Cn")]',
      'print(wide)',
    ].join('\n');
    const wide = JSON.parse(
      execFileSync('python3', ['-c', script], { encoding: 'utf8', maxBuffer: 1 << 26 }),
    ) as number[];
    expect(wide.length).toBeGreaterThan(100_000);
    const narrower = wide.filter((code) => displayWidth(makeVisible(String.fromCodePoint(code))) < 2);
    expect(narrower.map((code) => code.toString(16))).toEqual([]);
  });
});

/** The parts around each `…`: the text can have some of its own. */
function endsOf(cut: string): (readonly [head: string, tail: string])[] {
  return Array.from(cut.matchAll(/…/g), ({ index }) => [cut.slice(0, index), cut.slice(index + 1)] as const);
}

function startsAndEnds(given: string, head: string, tail: string): boolean {
  return given.startsWith(head) && given.endsWith(tail) && head.length + tail.length < given.length;
}

describe('cutting a text', () => {
  test.for([
    ['abcdef', 6, 'end', 'abcdef'],
    ['abcdef', 5, 'end', 'abcd…'],
    ['abcdef', 5, 'middle', 'ab…ef'],
    ['abcdef', 4, 'middle', 'ab…f'],
    ['abcdef', 2, 'middle', 'a…'],
    ['abcdef', 1, 'middle', '…'],
    ['abcdef', 0, 'end', ''],
    ['日本語', 5, 'end', '日本…'],
    ['日本語', 4, 'end', '日…'],
    ['日本語', 5, 'middle', '日…語'],
  ] as const)('%j to %i at the %s is %j', ([given, width, where, cut]) => {
    expect(cutText(given, width, where)).toBe(cut);
  });

  test('fits, keeps both ends, and leaves alone what fits already', () => {
    fc.assert(
      fc.property(text, fc.nat(40), fc.constantFrom('end', 'middle'), (given, width, where) => {
        const cut = cutText(given, width, where);
        expect(displayWidth(cut)).toBeLessThanOrEqual(width);
        if (displayWidth(given) <= width) expect(cut).toBe(given);
        else if (width > 0)
          expect(endsOf(cut).some(([head, tail]) => startsAndEnds(given, head, tail))).toBe(true);
      }),
    );
  });
});
