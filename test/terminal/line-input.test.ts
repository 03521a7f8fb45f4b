/** What is not seen in a terminal: chunks that end anywhere, and every byte. The keys themselves: `prompt.test.ts`. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EnvsealError } from '../../src/errors.ts';
import { LineInput } from '../../src/terminal/line-input.ts';

function type(bytes: Uint8Array, chunk = bytes.length): string {
  const input = new LineInput();
  let state = 'typing';
  for (let at = 0; at < bytes.length; at += chunk) state = input.take(bytes.subarray(at, at + chunk));
  if (state !== 'line') return state;
  try {
    return `line ${input.text()}`;
  } catch (error) {
    return `error ${(error as EnvsealError).code}`;
  }
}

/** Keys and texts as terminals send them. */
const keys = fc
  .array(
    fc.constantFrom(
      'a',
      '€',
      '日',
      ' ',
      '\x7f',
      '\x15',
      '\x17',
      '\x1b[D',
      '\x1bOH',
      '\x1b',
      '\x1b[200~',
      '\x1b[201~',
      '\n',
      '\t',
    ),
  )
  .map((parts) => Buffer.from(`${parts.join('')}\r`));

describe('a line', () => {
  test('is the same however its bytes arrive', () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 5 }), (bytes, chunk) => {
        expect(type(bytes, chunk)).toBe(type(bytes));
      }),
    );
  });

  test('of printable text is that text', () => {
    const printable = fc.string({ unit: 'grapheme' }).filter((text) => !/\p{Cc}/u.test(text));
    fc.assert(
      fc.property(printable, (text) => {
        expect(type(Buffer.from(`${text}\r`))).toBe(`line ${text}`);
        expect(type(Buffer.from(`\x1b[200~${text}\x1b[201~\r`))).toBe(`line ${text}`);
      }),
    );
  });

  test('any bytes are typed, end it, or are an error of ours', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(type(bytes)).toMatch(/^(typing|end|interrupt|line |error (usage|malformed)$)/);
      }),
    );
  });

  test.for([
    ['bytes that are not UTF-8', [0xff, 0x0d], 'error malformed'],
    ['a byte order mark', [0xef, 0xbb, 0xbf, 0x0d], 'line \ufeff'],
    ['CR LF is one end', [0x61, 0x0d, 0x0a], 'line a'],
    ['LF CR is two', [0x61, 0x0a, 0x0d], 'error usage'],
    ['CR LF and more', [0x61, 0x0d, 0x0a, 0x61], 'error usage'],
    ['Ctrl-C within a sequence', [0x1b, 0x5b, 0x03], 'interrupt'],
    ['Enter after a lone Escape', [0x61, 0x1b, 0x0d], 'line a'],
    ['Ctrl-C in a paste is pasted', [0x1b, 0x5b, 0x32, 0x30, 0x30, 0x7e, 0x03], 'typing'],
  ] as const)('%s', ([, bytes, expected]) => {
    expect(type(Uint8Array.from(bytes))).toBe(expected);
  });

  test('keys without an effect are reported once', () => {
    const input = new LineInput();
    input.take(Buffer.from('\x1b[D\x01\x7f'));
    expect([input.takeIgnored(), input.takeIgnored()]).toEqual([3, 0]);
  });
});
