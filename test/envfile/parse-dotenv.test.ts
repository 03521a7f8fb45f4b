import { describe, expect, test } from 'vitest';
import { lastWins, parse } from '../../src/envfile/parse.ts';
import { complaint, read, readMap, readValue, SOURCE } from './reading.ts';

const NAME = 'expected a name: a letter or _ first, then letters, digits, _, . or -';
const EQUALS = 'expected = after the name';
const CLOSING = 'expected a closing quote for the one that opens here';
const END = 'expected the end of the line or a comment after the closing quote';
const CRLF = 'expected LF after CR';

describe('an unquoted value is literal to the end of the line, trimmed', () => {
  test.each([
    ['A=b', 'b'],
    ['A=', ''],
    ['A= ', ''],
    ['A=\t', ''],
    ['A=b c', 'b c'],
    ['A=b  c', 'b  c'],
    ['A=  b \t ', 'b'],
    ['A=b=c', 'b=c'],
    ['A==', '='],
    ["A=it's", "it's"],
    ['A=b"c"', 'b"c"'],
    ["A=b'c d'", "b'c d'"],
    ['A=b\\', 'b\\'],
    ['A=b\\nc', 'b\\nc'],
    ['A=\\"b\\"', '\\"b\\"'],
    ['A=\u00a0b\u00a0', '\u00a0b\u00a0'],
    ['A=\u000bb\u000c', '\u000bb\u000c'],
    ['A=\uFEFF', '\uFEFF'],
    ['A=🦊 é', '🦊 é'],
    ['A={"b":"c"}', '{"b":"c"}'],
  ])('%j gives %j', (text, value) => expect(readValue(text)).toBe(value));

  test('a backslash at the end of a line does not join it with the next', () => {
    expect(read('A=b\\\nC=d')).toEqual([
      ['A', 'b\\'],
      ['C', 'd'],
    ]);
  });
});

describe('# starts a comment only after white space', () => {
  test.each([
    ['A=p#ss', 'p#ss'],
    ['A=#x', '#x'],
    ['A=##', '##'],
    ['A= #x', ''],
    ['A =#x', '#x'],
    ['A= # c', ''],
    ['A=\t# c', ''],
    ['A=b # c', 'b'],
    ['A=b\t# c', 'b'],
    ['A=b  \t #c', 'b'],
    ['A=b#c # d', 'b#c'],
    ['A=b # c # d', 'b'],
    ['A=b\u00a0# c', 'b\u00a0# c'],
    ['A=#b #c', '#b'],
    ['A="b" # c', 'b'],
    ["A='b'\t#c", 'b'],
    ['A="b # c"', 'b # c'],
    ["A='# c'", '# c'],
    ['A=b # it\'s "c', 'b'],
  ])('%j gives %j', (text, value) => expect(readValue(text)).toBe(value));

  test.each([
    '',
    '\n',
    '\r\n',
    '  \n\t\n',
    '# c',
    '  # c\n',
    '\t#\r\n',
    '#A=b\n',
    '\uFEFF',
    '\uFEFF# c',
    '# \uFEFF "\'$(',
  ])('%j holds no variable', (text) => expect(read(text)).toEqual([]));
});

describe('a single-quoted value is literal', () => {
  test.each([
    ["A=''", ''],
    ["A='b'", 'b'],
    ["A=' b '", ' b '],
    ["A='b\"c'", 'b"c'],
    ["A='\\n\\'", '\\n\\'],
    ["A='b\nc'", 'b\nc'],
    ["A='b\r\nc\r'", 'b\r\nc\r'],
    ["A='\nB=c\n#d\n'", '\nB=c\n#d\n'],
    ["A='b' \t", 'b'],
  ])('%j gives %j', (text, value) => expect(readValue(text)).toBe(value));
});

describe('between double quotes \\n \\r \\t \\\\ \\" \\$ are escapes, any other backslash is literal', () => {
  test.each([
    ['A=""', ''],
    ['A="b c"', 'b c'],
    ['A="it\'s"', "it's"],
    ['A="b\\nc"', 'b\nc'],
    ['A="\\r\\t"', '\r\t'],
    ['A="\\\\"', '\\'],
    ['A="\\\\n"', '\\n'],
    ['A="\\\\\\n"', '\\\n'],
    ['A="\\""', '"'],
    ['A="\\\\\\""', '\\"'],
    ['A="\\$B"', '$B'],
    ['A="\\d\\a\\0\\x41\\u0041\\N"', '\\d\\a\\0\\x41\\u0041\\N'],
    ['A="\\\'"', "\\'"],
    ['A="\\`b\\`"', '\\`b\\`'],
    ['A="b\\\nc"', 'b\\\nc'],
    ['A="b\nc"', 'b\nc'],
    ['A="b\r\nc\rd"', 'b\r\nc\rd'],
    ['A="\n"', '\n'],
  ])('%j gives %j', (text, value) => expect(readValue(text)).toBe(value));
});

describe('adjacent quoted pieces join', () => {
  test.each([
    [`A='it'"'"'s'`, "it's"],
    [`A="a""b"`, 'ab'],
    [`A='a''b'`, 'ab'],
    [`A=''""''`, ''],
    [`A='\\n'"\\n"`, '\\n\n'],
    [`A="a\nb"'c\nd' # e`, 'a\nbc\nd'],
  ])('%j gives %j', (text, value) => expect(readValue(text)).toBe(value));
});

describe('nothing is interpolated or executed', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what a shell would expand
  const values = ['$B', '${B}', '${B:-c}', '$(id)', '`id`', '$$', '%B%', '!!', '~', '*', '\\$B'];
  test.each(values)('%s is literal without quotes', (value) => expect(readValue(`A=${value}`)).toBe(value));
  test.each(values)('%s is literal between single quotes', (value) =>
    expect(readValue(`A='${value}'`)).toBe(value),
  );
  test.each(values.filter((value) => !value.includes('\\')))(
    '%s is literal between double quotes',
    (value) => {
      expect(readValue(`A="${value}"`)).toBe(value);
    },
  );
});

describe('names may have export before and white space around them', () => {
  test.each([
    ['export A=b', 'A'],
    ['export\tA=b', 'A'],
    ['export \t A = b', 'A'],
    ['  export A=b', 'A'],
    ['\tA\t=\tb', 'A'],
    ['A =b', 'A'],
    ['A= b', 'A'],
    ['export=b', 'export'],
    ['export =b', 'export'],
    ['export\t = b', 'export'],
    ['export export=b', 'export'],
    ['exportA=b', 'exportA'],
    ['export.A=b', 'export.A'],
    ['EXPORT=b', 'EXPORT'],
    ['a.b-c_1=b', 'a.b-c_1'],
    ['__proto__=b', '__proto__'],
    ['\uFEFFA=b', 'A'],
    ['\uFEFF  export A=b', 'A'],
  ])('%j sets %s to b', (text, name) => expect(read(text)).toEqual([[name, 'b']]));
});

describe('lines end with LF or CRLF, the last one with the file too', () => {
  const expected = [
    ['A', 'b'],
    ['C', 'd'],
    ['E', ''],
  ];
  test.each([
    'A=b\nC=d\nE=',
    'A=b\nC=d\nE=\n',
    'A=b\r\nC="d"\r\nE=\r\n',
    "A=b \r\n\r\nC='d' # c\r\nE=\r",
    'A=b\nC=d\r\nE=\n\n',
  ])('%j', (text) => expect(read(text)).toEqual(expected));
});

describe('an error says where and what was expected', () => {
  test.each([
    ['A', 'line 1, column 2', EQUALS],
    ['A\r\n', 'line 1, column 2', EQUALS],
    ['A  ', 'line 1, column 4', EQUALS],
    ['A # c', 'line 1, column 3', EQUALS],
    ['A=b\n  C\n', 'line 2, column 4', EQUALS],
    ['A B=c', 'line 1, column 3', EQUALS],
    ['A: b', 'line 1, column 2', EQUALS],
    ['Aé=b', 'line 1, column 2', EQUALS],
    ['A+=b', 'line 1, column 2', EQUALS],
    ['export', 'line 1, column 7', EQUALS],
    ['export A', 'line 1, column 9', EQUALS],
    ['export A B=c', 'line 1, column 10', EQUALS],
    ['export export A=b', 'line 1, column 15', EQUALS],
    ['export\nA=b', 'line 1, column 7', EQUALS],
    ['export ', 'line 1, column 8', NAME],
    ['export # c', 'line 1, column 8', NAME],
    ['export 1=b', 'line 1, column 8', NAME],
    ['=b', 'line 1, column 1', NAME],
    [' = b', 'line 1, column 2', NAME],
    ['1A=b', 'line 1, column 1', NAME],
    ['-A=b', 'line 1, column 1', NAME],
    ['"A"=b', 'line 1, column 1', NAME],
    ['\u00a0A=b', 'line 1, column 1', NAME],
    ['\uFEFF\uFEFFA=b', 'line 1, column 1', NAME],
    ['A=b\n\uFEFFC=d', 'line 2, column 1', NAME],
    ['\uFEFF?', 'line 1, column 1', NAME],
    ['{"A":"b"}', 'line 1, column 1', NAME],
    ["A='🦊🦊'b", 'line 1, column 7', END],
    ['A="b"c', 'line 1, column 6', END],
    ['A="b" c', 'line 1, column 7', END],
    ['A="b"#c', 'line 1, column 6', END],
    ["A='b'#c", 'line 1, column 6', END],
    ["A='b'c'd'", 'line 1, column 6', END],
    ["A='b' 'c'", 'line 1, column 7', END],
    ["A='b\nc'd", 'line 2, column 3', END],
    ['A="', 'line 1, column 3', CLOSING],
    ["A='b", 'line 1, column 3', CLOSING],
    ['A="b\\"', 'line 1, column 3', CLOSING],
    ['A="b\\', 'line 1, column 3', CLOSING],
    ['A="b\\\\\\"', 'line 1, column 3', CLOSING],
    ["A=b\nC = 'd\n\n\n", 'line 2, column 5', CLOSING],
    ["A='b'\"c\nD=e\n", 'line 1, column 6', CLOSING],
    ['A=b\rC=d', 'line 1, column 5', CRLF],
    ['A=b\r\r\n', 'line 1, column 5', CRLF],
    ['\r\rA=b', 'line 1, column 2', CRLF],
    ['# c\rA=b\n', 'line 1, column 5', CRLF],
    ['A=b # c\rd', 'line 1, column 9', CRLF],
    ['A="b"\rC=d', 'line 1, column 7', CRLF],
    ['A=b\0', 'line 1, column 4', 'expected text without NUL'],
    ['A="\n\0"', 'line 2, column 1', 'expected text without NUL'],
    ['# \0', 'line 1, column 3', 'expected text without NUL'],
  ])('%j: %s: %s', (text, place, expected) => expect(complaint(text)).toBe(`${place}: ${expected}`));

  test('it names the source', () => {
    expect(() => read('A')).toThrow(`cannot parse ${SOURCE}: line 1, column 2: ${EQUALS}`);
  });
});

describe('entries', () => {
  test('come in file order, keep duplicates, and have the line of their name', () => {
    const bytes = new TextEncoder().encode('\uFEFF# c\nA=1\r\n\nB="x\ny\n"\'\n\'\nA=2\n');
    const entries = parse(bytes, { dialect: 'dotenv', source: SOURCE });
    expect(entries.map(({ name, line }) => [name, line])).toEqual([
      ['A', 2],
      ['B', 4],
      ['A', 8],
    ]);
  });

  test('of the same name: the last wins', () => {
    expect([...readMap('A=1\nB=2\nA=3\n')]).toEqual([
      ['A', '3'],
      ['B', '2'],
    ]);
    expect(lastWins([]).size).toBe(0);
  });
});
