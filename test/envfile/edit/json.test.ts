import { describe, expect, test } from 'vitest';
import { editEnvFile } from '../../../src/envfile/edit/edit.ts';
import { Secret } from '../../../src/secret.ts';
import { editText, SOURCE } from '../reading.ts';

type Changes = Record<string, string | undefined>;

function edit(text: string, changes: Changes): string {
  return editText(text, changes, 'json');
}

describe('only the value is replaced', () => {
  test.each<[string, string, string]>([
    ['{"A":"b"}', 'c', '{"A":"c"}'],
    ['{\n\t"A" : "b" ,\n\t"B": 1\n}\n', 'c', '{\n\t"A" : "c" ,\n\t"B": 1\n}\n'],
    ['{"B":"\\u0041", "\\u0041":"b"}', 'c', '{"B":"\\u0041", "\\u0041":"c"}'],
    ['{"A":1.50}', '2', '{"A":"2"}'],
    ['{"A":true}', 'false', '{"A":"false"}'],
    ['{"A":"b"}', '"\\\n\té🦊\u2028', '{"A":"\\"\\\\\\n\\té🦊\u2028"}'],
    ['\uFEFF \r\n{"A":"b"}\r\n', 'c', '\uFEFF \r\n{"A":"c"}\r\n'],
    ['{"B":"}{,:\\"","A":"b"}', 'c', '{"B":"}{,:\\"","A":"c"}'],
  ])('%j', (text, value, edited) => expect(edit(text, { A: value })).toBe(edited));

  test.each([
    ['{"A":1.50}', '1.50'],
    ['{"A":true}', 'true'],
    ['{"A":"\\u0062"}', 'b'],
  ])('%j is left alone when it says the same already', (text, value) => {
    const bytes = new TextEncoder().encode(text);
    const form = { source: SOURCE, kind: 'json', dialect: 'dotenv' } as const;
    expect(editEnvFile(bytes, new Map([['A', new Secret(value)]]), form)).toBe(bytes);
  });
});

describe('a member is removed with its comma', () => {
  test.each<[string, string, string]>([
    ['the only one', '{"A":1}', '{}'],
    ['the only one, indented', '{\n  "A": 1\n}\n', '{}\n'],
    ['the first', '{"A": 1, "B": 2}', '{"B": 2}'],
    ['the last', '{"B": 2, "A": 1}', '{"B": 2}'],
    ['one between', '{"B": 2, "A": 1, "C": 3}', '{"B": 2, "C": 3}'],
    ['the first, indented', '{\n  "A": 1,\n\n  "B": 2\n}', '{\n  "B": 2\n}'],
    ['the last, indented', '{\n  "B": 2,\n  "A": 1\n}', '{\n  "B": 2\n}'],
    ['commas in front', '{ "B": 2\n, "A": 1\n, "C": 3\n}', '{ "B": 2\n, "C": 3\n}'],
    ['the last, commas in front', '{ "B": 2\n, "C": 3\n, "A": 1\n}', '{ "B": 2\n, "C": 3\n}'],
  ])('%s', (_, text, edited) => expect(edit(text, { A: undefined })).toBe(edited));
});

describe('a new member comes last, spaced as the others', () => {
  test.each<[string, string]>([
    ['{}', '{\n  "A": "b"\n}'],
    ['{}\r\n', '{\r\n  "A": "b"\r\n}\r\n'],
    ['{\n}\n', '{\n  "A": "b"\n}\n'],
    ['{"B":1}', '{"B":1,"A":"b"}'],
    ['{"B": 1}', '{"B": 1, "A": "b"}'],
    ['{ "B": 1 }', '{ "B": 1, "A": "b" }'],
    ['{"B":1, "C":2}', '{"B":1, "C":2, "A":"b"}'],
    ['{\n\t"B" : 1\n}\n', '{\n\t"B" : 1,\n\t"A" : "b"\n}\n'],
    ['{\r\n    "B": 1,\r\n    "C": 2\r\n}', '{\r\n    "B": 1,\r\n    "C": 2,\r\n    "A": "b"\r\n}'],
    ['{\n  "B": 1,\n\n  "C": 2\n\n}', '{\n  "B": 1,\n\n  "C": 2,\n  "A": "b"\n\n}'],
    ['{ "B": 1\n, "C": 2\n}', '{ "B": 1\n, "C": 2\n, "A": "b"\n}'],
  ])('%j', (text, edited) => expect(edit(text, { A: 'b' })).toBe(edited));

  test('in the order of the changes, in place of what is removed', () => {
    expect(edit('{\n  "B": 1\n}', { Z: '1', B: undefined, A: '2' })).toBe('{\n  "Z": "1",\n  "A": "2"\n}');
    expect(edit('{"B": 1, "C": 2}', { C: undefined, B: undefined, A: '3', D: '4' })).toBe(
      '{"A": "3", "D": "4"}',
    );
  });

  test('a name that objects have anyway', () => {
    expect(edit('{"B":1}', Object.fromEntries([['__proto__', 'b']]))).toBe('{"B":1,"__proto__":"b"}');
  });
});
