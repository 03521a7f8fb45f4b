import { describe, expect, test } from 'vitest';
import { complaint, FORMATS, read, readBytes } from './reading.ts';

const UTF8 = 'expected valid UTF-8';

describe.each(FORMATS)('in %s, invalid UTF-8 is an error at its first byte', (format) => {
  test.each([
    ['a lone continuation byte', [0x80], 1, 1],
    ['Latin-1', [0x41, 0x3d, 0xe9, 0x0a], 1, 3],
    ['UTF-16 with a BOM', [0xff, 0xfe, 0x41, 0x00], 1, 1],
    ['an overlong form', [0x41, 0x3d, 0xc0, 0x80], 1, 3],
    ['a surrogate half', [0x41, 0x3d, 0xed, 0xa0, 0x80], 1, 3],
    ['beyond U+10FFFF', [0x41, 0xf4, 0x90, 0x80, 0x80], 1, 2],
    ['cut short at the end', [0x41, 0x3d, 0xe2, 0x82], 1, 3],
    ['cut short before an ASCII character', [0x41, 0x3d, 0xef, 0xbf, 0x41], 1, 3],
    ['on a later line', [0x0a, 0x0a, 0x41, 0xff, 0x0a, 0xff], 3, 2],
    ['behind a BOM', [0xef, 0xbb, 0xbf, 0xff], 1, 1],
    [
      'behind characters of two, three and four bytes',
      [0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0xa6, 0x8a, 0xff],
      1,
      4,
    ],
    ['behind a U+FFFD that is really there', [0xef, 0xbf, 0xbd, 0xff], 1, 2],
  ])('%s', (_, bytes, line, column) => {
    expect(complaint(new Uint8Array(bytes), format)).toBe(`line ${line}, column ${column}: ${UTF8}`);
  });
});

test.each(['', '\x7f', '\x80', '\u07ff', '\u0800', '\uffff', '\u{10000}', '\u{10ffff}'])(
  'the first byte is found behind %j and a U+FFFD that is really there',
  (character) => {
    const bytes = new Uint8Array([...new TextEncoder().encode(`${character}\uFFFD`), 0xff]);
    const column = [...character].length + 2;
    expect(complaint(bytes)).toBe(`line 1, column ${column}: ${UTF8}`);
  },
);

test('of two BOMs, one is skipped', () => {
  expect(read('\uFEFFA=1')).toEqual([['A', '1']]);
  expect(complaint('\uFEFF\uFEFFA=1')).toMatch(/^line 1, column 1: expected a name/);
});

test('U+FFFD itself is a character like others', () => {
  expect(readBytes(new TextEncoder().encode('A=\uFFFD'), 'dotenv')[0]?.value.reveal()).toBe('\uFFFD');
});

test('bytes that are a part of a larger buffer are read alone', () => {
  const buffer = new TextEncoder().encode('X=1\nA=b\nY=2\n');
  expect(readBytes(buffer.subarray(4, 8), 'dotenv').map(({ name }) => name)).toEqual(['A']);
});
