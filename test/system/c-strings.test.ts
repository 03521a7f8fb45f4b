import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cStrings } from '../../src/system/c-strings.ts';

const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const asBytes = (texts: readonly string[]) => texts.map((text) => Buffer.from(text).toString('latin1'));

test.each<[readonly string[], readonly string[]]>([
  [[], []],
  [['A=1'], []],
  [[], ['A=1']],
  [
    ['', 'B'],
    ['', 'C='],
  ],
  [['A=\xff'], ['B=é€🦊']],
  [['A=\xff'], ['B=1']],
  [['A=1'], ['B=é']],
])('%j as they are, and %j in UTF-8', (bytes, texts) => {
  const { count, lists, block } = cStrings(bytes, texts);
  const all = [...bytes, ...asBytes(texts)];
  expect({ count, all: [...lists].flat() }).toEqual({ count: all.length, all });
  expect(new Uint8Array(block)).toEqual(latin1(all.map((one) => `${one}\0`).join('')));
});

test('whatever they hold but NUL', () => {
  const byte = fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code));
  const bytes = fc.array(fc.string({ unit: byte, maxLength: 5 }), { maxLength: 4 });
  const text = fc.string({ unit: 'grapheme', maxLength: 5 }).map((of) => of.replaceAll('\0', ''));
  fc.assert(
    fc.property(bytes, fc.array(text, { maxLength: 4 }), (inherited, texts) => {
      const { count, lists, block } = cStrings(inherited, texts);
      const all = [...inherited, ...asBytes(texts)];
      expect({ count, all: [...lists].flat() }).toEqual({ count: all.length, all });
      expect(new Uint8Array(block)).toEqual(latin1(all.map((one) => `${one}\0`).join('')));
    }),
  );
});
