import { describe, expect, test } from 'vitest';
import { editEnvFile } from '../../../src/envfile/edit/edit.ts';
import { Secret } from '../../../src/secret.ts';
import { editText, errorOf, SOURCE } from '../reading.ts';

const NAME = 'a name: a letter or _ first, then letters, digits, _, . or -';

describe('a changed value stays where it is, and all around it too', () => {
  test.each<[string, string, string, string]>([
    ['a plain line', 'A=b\n', 'c', 'A=c\n'],
    ['no line feed at the end', 'A=b', 'c', 'A=c'],
    ['export, indentation and space around the =', ' \texport  A \t= b\n', 'c', ' \texport  A \t= c\n'],
    ['a comment behind the value', 'A=b # c\n', 'd', 'A=d # c\n'],
    ['a comment behind a quoted value', "A='b'\t# c\n", 'd', 'A=d\t# c\n'],
    ['space at the end of the line', 'A=b \t\n', 'd', 'A=d \t\n'],
    ['an empty value', 'A=\n', 'b', 'A=b\n'],
    ['an empty value behind a space', 'A = \n', 'b', 'A = b\n'],
    ['an empty value before a comment', 'A= # c\n', 'b', 'A=b # c\n'],
    ['an empty value before a comment, quoted', 'A=\t#c\n', 'b c', "A='b c'\t#c\n"],
    ['a # in the value', 'A=b#c\n', 'd', 'A=d\n'],
    ['a # at the start of the value', 'A=#b # c\n', 'd', 'A=d # c\n'],
    ['to an empty value before a comment', 'A=b # c\n', '', 'A= # c\n'],
    ['CRLF', '\r\nA=b\r\nB=c\r\n', 'd', '\r\nA=d\r\nB=c\r\n'],
    ['a CR at the end of the file', 'A=b\r', 'c', 'A=c\r'],
    ['a BOM', '\uFEFFA=b\n', 'c', '\uFEFFA=c\n'],
    ['a value of several lines', '#\nA="b\nc\n" # "\nB=d\n', 'e', '#\nA=e # "\nB=d\n'],
    ['joined pieces', `A='it'"'"'s' # c\n`, 'b', 'A=b # c\n'],
    ['to a value of several lines', 'A=b # c\r\nB=d\r\n', 'e\nf', "A='e\nf' # c\r\nB=d\r\n"],
    ['a name that another starts with', 'AB=1\nA=2\nA.B=3\n', '4', 'AB=1\nA=4\nA.B=3\n'],
    ['the name in a comment and in a value', "# A=1\nB='\nA=2\n'\nA=3\n", '4', "# A=1\nB='\nA=2\n'\nA=4\n"],
    ['several of the name: the last, which wins', 'A=1\nA=2\nB=\nA=3\n', '4', 'A=1\nA=2\nB=\nA=4\n'],
  ])('%s', (_, text, value, edited) => expect(editText(text, { A: value })).toBe(edited));

  test.each(["A='b'\n", 'A="b" # c\n', ' export A = b\n', "A=''\"b\"''\n", 'A=c\nA=b'])(
    'the same value again leaves %j alone',
    (text) => {
      const bytes = new TextEncoder().encode(text);
      const form = { source: SOURCE, kind: 'dotenv', dialect: 'dotenv' } as const;
      expect(editEnvFile(bytes, new Map([['A', new Secret('b')]]), form)).toBe(bytes);
    },
  );

  test('of several with the name, the one that wins counts', () => {
    expect(editText('A=1\nA=2\n', { A: '1' })).toBe('A=1\nA=1\n');
  });
});

describe('a removed variable takes its lines with it', () => {
  test.each<[string, string, string]>([
    ['a line', 'A=b\nB=c\n', 'B=c\n'],
    ['its comment', '# about\nA=b # c\n\nB=c\n', '# about\n\nB=c\n'],
    ['a value of several lines', "A='b\n# c\n' # d\nB=e\n", 'B=e\n'],
    ['the last line', 'B=c\nA=b', 'B=c\n'],
    ['the only line', 'A=b', ''],
    ['the first line, behind a BOM', '\uFEFFA=b\nB=c\n', '\uFEFFB=c\n'],
    ['all of the name', 'A=1\r\nB=2\r\n\texport A=3\r\nA=4', 'B=2\r\n'],
    ['none', 'B=c\n', 'B=c\n'],
  ])('%s', (_, text, edited) => expect(editText(text, { A: undefined })).toBe(edited));
});

describe('a new variable comes last', () => {
  test.each<[string, string, string]>([
    ['an empty file', '', 'A=b\n'],
    ['a BOM alone', '\uFEFF', '\uFEFFA=b\n'],
    ['a line', 'B=c\n', 'B=c\nA=b\n'],
    ['no line feed at the end', 'B=c', 'B=c\nA=b\n'],
    ['a comment without a line feed', '# c', '# c\nA=b\n'],
    ['blank lines', 'B=c\n\n\n', 'B=c\n\n\nA=b\n'],
    ['CRLF', 'B=c\r\n', 'B=c\r\nA=b\r\n'],
    ['CRLF without one at the end', '\r\nB=c', '\r\nB=c\r\nA=b\r\n'],
    ['a CR at the end', 'B=c\r', 'B=c\r\nA=b\n'],
    ['CRLF and a CR at the end', '#\r\nB=c\r', '#\r\nB=c\r\nA=b\r\n'],
    ['mostly CRLF', 'B=c\nC=d\r\nD=e\r\n', 'B=c\nC=d\r\nD=e\r\nA=b\r\n'],
    ['LF, and CRLF inside a value', 'B="\r\n\r\n"\n', 'B="\r\n\r\n"\nA=b\n'],
  ])('%s', (_, text, edited) => expect(editText(text, { A: 'b' })).toBe(edited));

  test('in the order of the changes, behind what is removed', () => {
    const changes = { Z: '1', B: undefined, A: '2', C: '3' };
    expect(editText('B=0\nC=0\n', changes)).toBe('C=3\nZ=1\nA=2\n');
  });
});

describe('the docker dialect has no quotes and no comments behind a value', () => {
  test.each<[string, string, string, string]>([
    ['verbatim', 'A="b" # c\n', ` 'd' # "e" `, `A= 'd' # "e" \n`],
    ['CRLF', ' \tA=b\r\nB=c\r\n', 'd', ' \tA=d\r\nB=c\r\n'],
    ['a CR inside', 'A=b\n', 'c\rd', 'A=c\rd\n'],
    ['the last of several', 'A=1\nA=2', '3', 'A=1\nA=3'],
    ['a new one behind a CR at the end', 'B=1\r', '3', 'B=1\r\nA=3\n'],
  ])('%s', (_, text, value, edited) => expect(editText(text, { A: value }, 'docker')).toBe(edited));

  test.each(['b\nc', '\n', 'b\r', 'b\r\n'])('%j cannot be written', (value) => {
    const error = errorOf(() => editText('A=b\r\n', { A: value }, 'docker'));
    expect([error?.code, error?.message]).toEqual([
      'malformed',
      `cannot set A in ${SOURCE}: expected a single-line value`,
    ]);
    expect(error?.hint).toContain('dotenv or JSON');
  });
});

describe('what cannot be written is refused, and names the variable', () => {
  test.each([
    ['A', 'xQ7Zj0Kw\0', `A in ${SOURCE}: expected a value without NUL`],
    ['A', 'xQ7Zj0Kw\ud83e', `A in ${SOURCE}: expected a value without unpaired surrogates`],
    ['xQ7Zj0Kw 1', 'b', `a variable in ${SOURCE}: expected ${NAME}`],
    ['', 'b', `a variable in ${SOURCE}: expected ${NAME}`],
  ])('%j=%j', (name, value, message) => {
    for (const format of ['dotenv', 'docker', 'json'] as const) {
      const error = errorOf(() => editText(format === 'json' ? '{}' : '', { [name]: value }, format));
      expect([error?.code, error?.message]).toEqual(['malformed', `cannot set ${message}`]);
    }
  });

  test('a file that cannot be parsed gives the error of the parser, whatever the change', () => {
    for (const format of ['dotenv', 'docker', 'json'] as const) {
      const error = errorOf(() => editText('=x', {}, format));
      expect(error?.message).toMatch(/^cannot parse s3:\/\/snacks\/dev\/env: line 1, column 1: expected /);
    }
  });

  test('removing an invalid name changes nothing', () => {
    expect(editText('A=b\n', { 'no name': undefined, B: undefined })).toBe('A=b\n');
  });
});
