import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseObject } from '../src/json.ts';

describe('parseObject', () => {
  test.each(['', '{', 'null', 'true', '1', '"a"', '[]', '[{"a":1}]', '{"a":1}x', '\ufeff{"a":1}'])(
    '%j is not an object',
    (text) => {
      expect(parseObject(text)).toBeUndefined();
      expect(parseObject(Buffer.from(text))).toBeUndefined();
    },
  );

  test('reads back every object, from text and from bytes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), (value) => {
        const text = JSON.stringify(value);
        expect(parseObject(text)).toEqual(JSON.parse(text));
        expect(parseObject(Buffer.from(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  test('never throws', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void parseObject(bytes)));
  });
});
