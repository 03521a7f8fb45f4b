import { describe, expect, test } from 'vitest';
import { readCommented } from '../../../src/envfile/edit/commented.ts';

function read(text: string, dialect: 'dotenv' | 'docker' = 'dotenv') {
  const { entries, commentsAtEnd } = readCommented(Buffer.from(text), {
    source: 't',
    kind: 'dotenv',
    dialect,
  });
  return [...entries.map(({ name, comments }) => [name, ...comments]), commentsAtEnd];
}

describe('comments of an env file', () => {
  test.each<[string, string, unknown]>([
    ['before a variable', '# one\n#two\nA=1\n', [['A', ' one', 'two'], []]],
    ['behind a value', 'A=1 # one\nB="x"\t#two\n', [['A', ' one'], ['B', 'two'], []]],
    ['at the end', 'A=1\n\n  # last', [['A'], [' last']]],
    ['in a file without variables', '# alone\n', [[' alone']]],
    ['a # in a value is none', "A=a#b\nB='# x\n# y'\n# c\n", [['A'], ['B'], [' c']]],
    ['CRLF and a BOM', '\ufeff# a\r\nA=1 # b\r\n', [['A', ' a', ' b'], []]],
    ['several words', '# a # b\nexport A = 1\n', [['A', ' a # b'], []]],
    ['an empty one', '#\nA=1\n', [['A', ''], []]],
  ])('%s', (_, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test('in the docker dialect only whole lines are', () => {
    expect(read('# a\nA=1 # b\n', 'docker')).toEqual([['A', ' a'], []]);
  });

  test('JSON has none', () => {
    const form = { source: 't', kind: 'json', dialect: 'dotenv' } as const;
    expect(readCommented(Buffer.from('{"A":"# x"}'), form)).toMatchObject({
      entries: [{ name: 'A', comments: [] }],
      commentsAtEnd: [],
    });
  });
});
