import { describe, expect, test } from 'vitest';
import { parse } from '../../src/envfile/parse.ts';
import { complaint, read, SOURCE } from './reading.ts';

const NAME = 'expected a name: a letter or _ first, then letters, digits, _, . or -';
const EQUALS = 'expected = directly after the name';

// Measured with docker CLI 28.2.2: `docker create --env-file` against a server that prints what it is sent.
describe('what docker --env-file reads, read the same', () => {
  test.each<[string, [string, string][]]>([
    ['A=b\n', [['A', 'b']]],
    ['A="b c"\n', [['A', '"b c"']]],
    ["A='b c'\n", [['A', "'b c'"]]],
    ['A= b \n', [['A', ' b ']]],
    ['A=b # c\n', [['A', 'b # c']]],
    ['A=#b\n', [['A', '#b']]],
    ['A="b\\nc"\n', [['A', '"b\\nc"']]],
    ['A=$B`id`\\\n', [['A', '$B`id`\\']]],
    ['A=b=c=\n', [['A', 'b=c=']]],
    ['A=\n', [['A', '']]],
    ['  \tA=b \t\r\n', [['A', 'b \t']]],
    ['\u000bA=x\n', [['A', 'x']]],
    ['\u00a0A=b\n', [['A', 'b']]],
    ['\u0085\u1680\u2003\u2028\u2029\u202f\u205f\u3000A=b\n', [['A', 'b']]],
    ['\r\n\rA=x\n', [['A', 'x']]],
    ['A=b\r\r\n', [['A', 'b\r']]],
    ['A=b\rc\n', [['A', 'b\rc']]],
    ['A=b\r', [['A', 'b']]],
    ['\uFEFFA=b\n', [['A', 'b']]],
    ['A=\uFEFF', [['A', '\uFEFF']]],
    ['# c\n  # c\n\n \t\n#A=b', []],
    [
      'A=1\nA=2\n',
      [
        ['A', '1'],
        ['A', '2'],
      ],
    ],
    ['a.b-c=d\n', [['a.b-c', 'd']]],
    ['export=b', [['export', 'b']]],
  ])('%j', (text, entries) => expect(read(text, 'docker')).toEqual(entries));
});

describe('what docker refuses is refused', () => {
  test.each([
    ['A =b', 'line 1, column 2', EQUALS],
    ['A\t=b', 'line 1, column 2', EQUALS],
    ['export A=b', 'line 1, column 7', EQUALS],
    ['B=c\n  A B=c', 'line 2, column 4', EQUALS],
    ['=b', 'line 1, column 1', NAME],
    ['  =b', 'line 1, column 3', NAME],
  ])('%j: %s: %s', (text, place, expected) =>
    expect(complaint(text, 'docker')).toBe(`${place}: ${expected}`),
  );
});

describe('docker takes it, we do not', () => {
  test.each([
    ['a name alone, which docker looks up on its host', 'A', 'line 1, column 2', EQUALS],
    ['a name outside the pattern', '1=b', 'line 1, column 1', NAME],
    ['a no-break space in a name', 'A\u00a0B=c', 'line 1, column 2', EQUALS],
    ["a BOM that is not at the file's start", '# c\n\uFEFFA=b', 'line 2, column 1', NAME],
    ['NUL', 'A=b\n# \0', 'line 2, column 3', 'expected text without NUL'],
  ])('%s', (_, text, place, expected) => expect(complaint(text, 'docker')).toBe(`${place}: ${expected}`));
});

test('entries have the line of their name', () => {
  const bytes = new TextEncoder().encode('# c\nA=1\r\n\n\rB="\nC=2');
  const entries = parse(bytes, { dialect: 'docker', source: SOURCE });
  expect(entries.map(({ name, line }) => [name, line])).toEqual([
    ['A', 2],
    ['B', 4],
    ['C', 5],
  ]);
});
