import { describe, expect, test } from 'vitest';
import { parseJson } from '../../src/envfile/parse-json.ts';
import { complaint, read, readValue, SOURCE } from './reading.ts';

const NAME = 'expected a name: a letter or _ first, then letters, digits, _, . or -';
const SCALAR = 'expected a string, a number, true or false';
const NEXT = 'expected , or } after the value';
const STRING = 'expected a valid JSON string';
const CLOSING = 'expected a closing quote for the one that opens here';

describe('one flat object of strings, numbers and booleans', () => {
  test.each<[string, [string, string][]]>([
    ['{}', []],
    [' \t\r\n{ \n} \n', []],
    ['\uFEFF{}', []],
    ['{"A":"b"}', [['A', 'b']]],
    [
      '{"B":"1","A":"2"}',
      [
        ['B', '1'],
        ['A', '2'],
      ],
    ],
    [
      '\r\n{\t"A" :\n"b"\n, "C": true\n}\n',
      [
        ['A', 'b'],
        ['C', 'true'],
      ],
    ],
    [
      '{"A":false,"B":""}',
      [
        ['A', 'false'],
        ['B', ''],
      ],
    ],
    [
      '{"__proto__":"x","constructor":"y"}',
      [
        ['__proto__', 'x'],
        ['constructor', 'y'],
      ],
    ],
    ['{"\\u0041":"b"}', [['A', 'b']]],
    ['{"B":1}', [['B', '1']]],
  ])('%j', (text, entries) => expect(read(text, 'json')).toEqual(entries));

  test('entries come in file order with the line of their name', () => {
    const bytes = new TextEncoder().encode('{\n"Z": "1",\r\n\n "A"\n:\n2,"B":3}');
    const entries = parseJson(bytes, { source: SOURCE });
    expect(entries.map(({ name, line }) => [name, line])).toEqual([
      ['Z', 2],
      ['A', 4],
      ['B', 6],
    ]);
  });
});

describe('a number is its text as written', () => {
  test.each([
    ...['0', '-0', '1', '1.0', '1.10', '-1.5', '0.1', '1e400', '-1E+5', '1e-0', '0e0', '0.0'],
    ...['12345678901234567890', '0.1000000000000000055511151231257827', '9'.repeat(40)],
  ])('%s', (number) => {
    expect(readValue(`{"A":${number}}`, 'json')).toBe(number);
    expect(readValue(`{"A": ${number} }`, 'json')).toBe(number);
  });

  test.each(['01', '1.', '1.e1', '1e', '1e+', '0x10', '1_000', '1n', '00', '-01', '1 2'])(
    '%s is none',
    (text) => {
      expect(complaint(`{"A":${text}}`, 'json')).toContain(NEXT);
    },
  );

  test.each(['+1', '.5', '-', '-.5', '- 1', 'NaN', 'Infinity', '-Infinity'])('%s is none', (text) => {
    expect(complaint(`{"A":${text}}`, 'json')).toBe(`line 1, column 6: ${SCALAR}`);
  });
});

describe('a string has the escapes of JSON', () => {
  test.each([
    ['"\\n\\r\\t\\b\\f\\/\\\\\\""', '\n\r\t\b\f/\\"'],
    ['"\\u00e9\\u20ac"', 'é€'],
    ['"\\ud83e\\udd8a"', '🦊'],
    ['"🦊\uFEFF\u2028\uffff\u007f"', '🦊\uFEFF\u2028\uffff\u007f'],
    ['" # $A \'x\' "', " # $A 'x' "],
    ['"\\\\"', '\\'],
    ['"\\\\\\""', '\\"'],
    ['"!#[]~"', '!#[]~'],
  ])('%s', (literal, value) => expect(readValue(`{"A":${literal}}`, 'json')).toBe(value));

  test.each([
    ['an unknown escape', '"\\x41"', STRING],
    ['a short escape', '"\\u12"', STRING],
    ['a raw line feed', '"b\nc"', STRING],
    ['a raw tab', '"b\tc"', STRING],
    ['a raw U+001F', '"\u001f"', STRING],
    ['NUL', '"\\u0000"', 'expected a string without NUL'],
    ['a high surrogate alone', '"\\ud83e"', 'expected a string without unpaired surrogates'],
    ['a low surrogate alone', '"\\udd8a"', 'expected a string without unpaired surrogates'],
    ['a pair the wrong way round', '"\\udd8a\\ud83e"', 'expected a string without unpaired surrogates'],
    ['no closing quote', '"b', CLOSING],
    ['an escaped quote only', '"b\\"', CLOSING],
  ])('%s is refused, at the quote', (_, literal, expected) => {
    const end = literal.endsWith('"') && expected !== CLOSING ? '}' : '';
    expect(complaint(`{"A":${literal}${end}`, 'json')).toBe(`line 1, column 6: ${expected}`);
  });
});

describe('an error says where and what was expected', () => {
  test.each([
    ['', 'line 1, column 1', 'expected a JSON object'],
    ['\n ', 'line 2, column 2', 'expected a JSON object'],
    ['null', 'line 1, column 1', 'expected a JSON object'],
    ['[]', 'line 1, column 1', 'expected a JSON object'],
    ['"A"', 'line 1, column 1', 'expected a JSON object'],
    ['A=b', 'line 1, column 1', 'expected a JSON object'],
    ['{', 'line 1, column 2', 'expected a name in double quotes'],
    ['{,}', 'line 1, column 2', 'expected a name in double quotes'],
    ['{"A":1,}', 'line 1, column 8', 'expected a name in double quotes'],
    ["{'A':1}", 'line 1, column 2', 'expected a name in double quotes'],
    ['{A:1}', 'line 1, column 2', 'expected a name in double quotes'],
    ['{// c\n"A":1}', 'line 1, column 2', 'expected a name in double quotes'],
    ['{"":1}', 'line 1, column 2', NAME],
    ['{"A B":1}', 'line 1, column 2', NAME],
    ['{\n"1":1}', 'line 2, column 1', NAME],
    ['{"A\\u0000":1}', 'line 1, column 2', 'expected a string without NUL'],
    ['{"A":1,\n  "A":2}', 'line 2, column 3', 'expected each name once'],
    ['{"A":1,"\\u0041":2}', 'line 1, column 8', 'expected each name once'],
    ['{"__proto__":1,"__proto__":2}', 'line 1, column 16', 'expected each name once'],
    ['{"A"}', 'line 1, column 5', 'expected : after the name'],
    ['{"A" 1}', 'line 1, column 6', 'expected : after the name'],
    ['{"A":}', 'line 1, column 6', SCALAR],
    ['{"A":null}', 'line 1, column 6', SCALAR],
    ['{"A":[]}', 'line 1, column 6', SCALAR],
    ['{"A":\n {"B":1}}', 'line 2, column 2', SCALAR],
    ['{"A":True}', 'line 1, column 6', SCALAR],
    ['{"A":tru}', 'line 1, column 6', SCALAR],
    ['{"A":truex}', 'line 1, column 10', NEXT],
    ['{"A":1', 'line 1, column 7', NEXT],
    ['{"A":1;"B":2}', 'line 1, column 7', NEXT],
    ['{"A":1 "B":2}', 'line 1, column 8', NEXT],
    ['{"A":"🦊"x}', 'line 1, column 9', NEXT],
    ['{"A":1]', 'line 1, column 7', NEXT],
    ['{}x', 'line 1, column 3', 'expected nothing after the object'],
    ['{}{}', 'line 1, column 3', 'expected nothing after the object'],
    ['{}\n\n\uFEFF', 'line 3, column 1', 'expected nothing after the object'],
    ['{\0}', 'line 1, column 2', 'expected text without NUL'],
    ['{\u00a0}', 'line 1, column 2', 'expected a name in double quotes'],
    ['\uFEFF{1}', 'line 1, column 2', 'expected a name in double quotes'],
  ])('%j: %s: %s', (text, place, expected) => expect(complaint(text, 'json')).toBe(`${place}: ${expected}`));

  test('deep nesting is refused like any other, without a deep stack', () => {
    expect(complaint(`{"A":${'['.repeat(1_000_000)}`, 'json')).toBe(`line 1, column 6: ${SCALAR}`);
  });
});
