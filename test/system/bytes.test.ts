/** What goes without Buffer is what Buffer would have made of it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBase64, fromCanonicalBase64 } from '../../src/system/base64.ts';
import { bytesOf, textOf, toBase64, toByteString, toHex } from '../../src/system/bytes.ts';

/** ASCII alone, what is more than one byte, and halves of a pair, which are not text. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme-ascii' }),
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      'a',
      '\0',
      '\x7f',
      '\x80',
      '\xff',
      'é',
      '\uFEFF',
      '\uFFFD',
      '\uD800',
      '\uDC00',
      '𝒳',
    ),
  }),
);
/** Valid UTF-8 of all lengths, and what is none. */
const bytes = fc.oneof(
  fc.uint8Array(),
  text.map((of) => new Uint8Array(Buffer.from(of))),
  fc
    .array(
      fc.constantFrom(
        [0x41],
        [0x80],
        [0xc3, 0xa9],
        [0xef, 0xbb, 0xbf],
        [0xff],
        [0xf0, 0x9d, 0x92, 0xb3],
        [0xed, 0xa0, 0x80],
      ),
    )
    .map((parts) => Uint8Array.from(parts.flat())),
);

describe('toByteString', () => {
  test('of text is its UTF-8, a byte a character', () => {
    fc.assert(
      fc.property(text, (of) => {
        expect(toByteString(of)).toBe(Buffer.from(of, 'utf8').toString('latin1'));
      }),
    );
  });

  test('of bytes is each of them, also where they are not UTF-8, and in a part of a larger block', () => {
    fc.assert(
      fc.property(bytes, fc.nat(5), (of, before) => {
        const block = new Uint8Array(before + of.length + 3);
        block.set(of, before);
        expect(toByteString(block.subarray(before, before + of.length))).toBe(
          Buffer.from(of).toString('latin1'),
        );
      }),
    );
  });
});

test('bytesOf takes it back', () => {
  fc.assert(
    fc.property(bytes, (of) => {
      expect([...bytesOf(toByteString(of))]).toEqual([...of]);
    }),
  );
});

test('toHex and toBase64', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (of) => {
      expect(toHex(of)).toBe(Buffer.from(of).toString('hex'));
      expect(toBase64(of)).toBe(Buffer.from(of).toString('base64'));
    }),
  );
});

test('fromBase64 takes back what toBase64 gives, with and without its padding', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (of) => {
      expect([...(fromBase64(toBase64(of)) ?? [])]).toEqual([...of]);
      expect([...(fromBase64(toBase64(of).replace(/=/g, '')) ?? [])]).toEqual([...of]);
    }),
  );
});

test.each(['A', 'AAAAA', 'AA=A', 'A===', 'AA A', 'AA\n', 'A-_A', 'é'])(
  'fromBase64 of %j is nothing',
  (text) => {
    expect(fromBase64(text)).toBeUndefined();
  },
);

test('textOf is what the bytes say in UTF-8', () => {
  fc.assert(
    fc.property(bytes, (of) => {
      expect(textOf(toByteString(of))).toBe(Buffer.from(of).toString('utf8'));
    }),
  );
});

test('fromCanonicalBase64 takes what toBase64 gives, and nothing else that has the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), (of, other) => {
      const text = toBase64(of);
      expect([...(fromCanonicalBase64(text) ?? [])]).toEqual([...of]);
      for (const twin of [text.replace('=', ''), `${text}\n`, ` ${text}`, `${text}=`]) {
        expect(fromCanonicalBase64(twin)).toEqual(twin === text ? new Uint8Array(of) : undefined);
      }
      const bytes = fromCanonicalBase64(other);
      if (bytes !== undefined) expect(toBase64(bytes)).toBe(other);
    }),
  );
});

test.each(['AB==', 'AAB=', 'A', '=', '-_8=', 'AA=A'])('fromCanonicalBase64 of %j is nothing', (text) => {
  expect(fromCanonicalBase64(text)).toBeUndefined();
});
