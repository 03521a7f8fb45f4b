import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Cell, formatTable } from '../../src/terminal/table.ts';
import { displayWidth } from '../../src/terminal/text.ts';

const PIPE = { width: undefined, colour: false };
const HEAD = ['URI', 'VARIABLES', 'VERSION', 'KEY'];
const ROWS = [
  [
    's3://snacks/dev/services/api/env',
    12,
    '3HL4kqtJvjVBH40Nrjfkd',
    'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  ],
  ['gs://snacks/prod/env', 3, '1700000000000001', undefined],
];

function lines(table: string): string[] {
  return table.split('\n');
}

describe('a table', () => {
  test('in a pipe is aligned and whole', () => {
    expect(lines(formatTable(HEAD, ROWS, PIPE))).toEqual([
      'URI                               VARIABLES  VERSION                KEY',
      's3://snacks/dev/services/api/env         12  3HL4kqtJvjVBH40Nrjfkd  arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      'gs://snacks/prod/env                      3  1700000000000001',
      '',
    ]);
  });

  test('on a terminal gives up the middle of the widest texts, and no version and no number', () => {
    expect(lines(formatTable(HEAD, ROWS, { width: 80, colour: false }))).toEqual([
      'URI                     VARIABLES  VERSION                KEY',
      's3://snacks…es/api/env         12  3HL4kqtJvjVBH40Nrjfkd  arn:aws:kms…34567890ab',
      'gs://snacks/prod/env            3  1700000000000001',
      '',
    ]);
  });

  test('other texts are cut at their end', () => {
    const table = formatTable(['NOTE', 'N'], [['a long sentence', 1]], { width: 12, colour: false });
    expect(lines(table)).toEqual(['NOTE       N', 'a long s…  1', '']);
  });

  test('a column can say how it gives way', () => {
    const head = [
      { title: 'A', cut: 'last' },
      { title: 'B', cut: 'middle' },
    ] as const;
    const table = formatTable(head, [['0123456789', '0123456789']], { width: 18, colour: false });
    expect(lines(table)).toEqual(['A           B', '0123456789  012…89', '']);
  });

  test('a terminal that leaves no choice cuts versions too', () => {
    const table = formatTable(HEAD, ROWS, { width: 30, colour: false });
    expect(lines(table)).toEqual([
      'URI     VAR…ES  VER…ON  KEY',
      's3:…nv      12  3HL…kd  arn…ab',
      'gs:…nv       3  170…01',
      '',
    ]);
  });

  test('without rows has its head', () => {
    expect(formatTable(['A', 'B'], [], PIPE)).toBe('A  B\n');
  });

  test('numbers are aligned at their right, with their title', () => {
    expect(lines(formatTable(['SIZE'], [[5], [1234], [undefined]], PIPE))).toEqual([
      'SIZE',
      '   5',
      '1234',
      '',
      '',
    ]);
  });

  test('a wide character takes two columns', () => {
    expect(
      lines(
        formatTable(
          ['A', 'B'],
          [
            ['日本', 'x'],
            ['a', 'y'],
          ],
          PIPE,
        ),
      ),
    ).toEqual(['A     B', '日本  x', 'a     y', '']);
  });

  test('colour is for the head', () => {
    expect(formatTable(['A'], [['x']], { width: 80, colour: true })).toBe('\x1b[1mA\x1b[0m\nx\n');
  });

  test('what a cell says is not obeyed', () => {
    const table = formatTable(['A'], [['\x1b[2J\nenvseal: ok']], PIPE);
    expect(lines(table)).toEqual(['A', '\\x1b[2J\\nenvseal: ok', '']);
  });
});

const cell = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.webUrl(),
  fc.nat(),
  fc.constant(undefined),
) as fc.Arbitrary<Cell>;
const table = fc.integer({ min: 1, max: 9 }).chain((count) =>
  fc.record({
    head: fc.array(fc.constantFrom('URI', 'VERSION', 'SIZE', 'SEALED BY'), {
      minLength: count,
      maxLength: count,
    }),
    rows: fc.array(fc.array(cell, { minLength: count, maxLength: count }), { maxLength: 5 }),
  }),
);

describe('any table', () => {
  test('is never wider than the terminal, from 20 to 200 columns, and has a line for each row', () => {
    fc.assert(
      fc.property(table, fc.integer({ min: 20, max: 200 }), ({ head, rows }, width) => {
        const found = lines(formatTable(head, rows, { width, colour: false }));
        expect(found).toHaveLength(rows.length + 2);
        expect(Math.max(...found.map(displayWidth))).toBeLessThanOrEqual(width);
      }),
    );
  });

  test('is whole in a pipe, and is the same where there is room', () => {
    fc.assert(
      fc.property(table, ({ head, rows }) => {
        const whole = formatTable(head, rows, PIPE);
        for (const number of rows.flat().filter((value) => typeof value === 'number')) {
          expect(whole).toContain(String(number));
        }
        expect(formatTable(head, rows, { width: 10_000, colour: false })).toBe(whole);
      }),
    );
  });
});
