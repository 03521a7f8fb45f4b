/** How help is laid out. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layOut, NO_BREAK, wrap } from '../../../src/commands/help/layout.ts';

describe('a paragraph', () => {
  test('ends its lines at spaces, as late as it can', () => {
    expect(wrap('one two three four', 9)).toEqual(['one two', 'three', 'four']);
    expect(wrap('one two three four', 8)).toEqual(['one two', 'three', 'four']);
    expect(wrap('one two three four', 100)).toEqual(['one two three four']);
    expect(wrap('', 10)).toEqual(['']);
  });

  test('breaks nothing that is longer than the line', () => {
    expect(wrap('give --allow-insecure-endpoint there', 10)).toEqual([
      'give',
      '--allow-insecure-endpoint',
      'there',
    ]);
  });

  test('of any words has these words, in lines of which none could take the next word', () => {
    const word = fc.stringMatching(/^[a-z-]{1,12}$/);
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 30 }),
        (words, width) => {
          const lines = wrap(words.join(' '), width);
          expect(lines.join(' ').split(' ')).toEqual(words);
          for (const [at, line] of lines.entries()) {
            expect(line.length <= width || !line.includes(' ')).toBe(true);
            const next = lines[at + 1]?.split(' ')[0];
            if (next !== undefined) expect(line.length + 1 + next.length).toBeGreaterThan(width);
          }
        },
      ),
    );
  });

  test('keeps together what a no-break space joins, and prints a space', () => {
    const text = `${'x'.repeat(34)} (default${NO_BREAK}30)`;
    expect(layOut([{ text }], 40)).toBe(`${'x'.repeat(34)}\n(default 30)\n`);
  });
});

describe('terms', () => {
  const sections = [
    { title: 'one', rows: [['-a', 'text of a']] },
    { title: 'two', rows: [['--long-flag VALUE', 'a text that goes on and on until it is over']] },
  ] as const;

  test('have their texts in one column for all sections', () => {
    expect(layOut([{ sections }], 56)).toBe(
      [
        'one:',
        '  -a                 text of a',
        '',
        'two:',
        '  --long-flag VALUE  a text that goes on and on until it',
        '                     is over',
        '',
      ].join('\n'),
    );
  });

  test('that are too long for the column have theirs in the next line', () => {
    const rows = [
      ['--short', 'one'],
      [`--${'long-'.repeat(8)}flag`, 'two'],
    ] as const;
    expect(layOut([{ sections: [{ rows }] }], 80)).toBe(
      `  --short  one\n  --${'long-'.repeat(8)}flag\n           two\n`,
    );
  });

  test('have theirs below on a narrow terminal', () => {
    expect(layOut([{ sections: sections.slice(1) }], 40)).toBe(
      'two:\n  --long-flag VALUE\n      a text that goes on and on until\n      it is over\n',
    );
  });
});

test('code is as it stands, whatever the width', () => {
  const line = `envseal run ${'-s ./env '.repeat(20)}-- ./api`;
  expect(layOut([{ title: 'example', code: [line, '', 'second'] }], 40)).toBe(
    `example:\n  ${line}\n\n  second\n`,
  );
});

test('blocks have an empty line between them', () => {
  expect(layOut([{ text: 'a' }, { code: ['b'] }, { text: 'c' }], 80)).toBe('a\n\n  b\n\nc\n');
});
