/** Random changes of random files: what is read is what a map would hold, and all else is there byte for byte. */
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { format } from '../../src/envfile/write-dotenv.ts';
import { expectLinear } from '../growth.ts';
import { editText, errorOf, FORMATS, type Format, readMap } from './reading.ts';
import { names, values } from './values.ts';

const RUNS = { numRuns: 1000 };

/** A few names, so that changes meet what is there. */
const fewNames = fc.oneof(fc.constantFrom('A', 'B', 'a.b', 'export', '__proto__'), names());

type Change = readonly [name: string, value: string | undefined];

function changes(value: fc.Arbitrary<string>): fc.Arbitrary<Change[]> {
  const wanted = fc.oneof({ arbitrary: value, weight: 3 }, { arbitrary: fc.constant(undefined), weight: 1 });
  return fc.array(fc.tuple(fewNames, wanted), { maxLength: 8 });
}

/** A piece of a file that belongs to the variable `name`, or to none. */
interface Piece {
  readonly name: string | undefined;
  readonly text: string;
  /** What stands before and behind a value that is not empty and could not be a comment. */
  readonly around?: readonly [head: string, end: string];
}

const blanks = fc.stringMatching(/^[ \t]{0,2}$/);
const space = fc.stringMatching(/^[ \t]{1,2}$/);
const line = values().map((text) => text.replace(/[\r\n]/g, ''));
const lineEnd = fc.constantFrom('\n', '\r\n');

const emptyLine = fc
  .tuple(
    blanks,
    fc.oneof(
      fc.constant(''),
      line.map((text) => `#${text}`),
    ),
  )
  .map(([indent, text]) => indent + text);

/** Values as people write them, in every way there is. */
const written = fc.oneof(
  fc.constantFrom(
    '',
    'b',
    'b#c',
    '#b',
    "it's",
    "''",
    '""',
    `'it'"'"'s'`,
    '"\\n\\$\\x"',
    '"\n"',
    "'\r\n#'",
    '=',
    '$B',
  ),
  values().map((text) => `'${text.replaceAll("'", '')}'`),
  values().map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`),
);
const comment = fc.oneof(
  blanks,
  fc.tuple(space, line).map(([gap, text]) => `${gap}#${text}`),
);

const dotenvLine: fc.Arbitrary<Piece> = fc.oneof(
  emptyLine.map((text) => ({ name: undefined, text })),
  fc
    .tuple(blanks, fc.option(space, { nil: undefined }), fewNames, blanks, blanks, written, comment)
    .map(([indent, gap, name, before, after, value, end]) => {
      const head = `${indent}${gap === undefined ? '' : `export${gap}`}${name}${before}=${after}`;
      return {
        name,
        text: head + value + end,
        ...(/^(?:#|$)/.test(value) ? {} : { around: [head, end] as const }),
      };
    }),
);

const dockerLine: fc.Arbitrary<Piece> = fc.oneof(
  emptyLine.map((text) => ({ name: undefined, text })),
  fc
    .tuple(blanks, fewNames, line)
    .map(([indent, name, value]) => ({ name, text: `${indent}${name}=${value}` })),
);

function endLine({ name, text, around }: Piece, lineEnd: string): Piece {
  const ended = { name, text: text + lineEnd };
  return around === undefined ? ended : { ...ended, around: [around[0], around[1] + lineEnd] };
}

/** The pieces of a file with their line endings, mixed or not; the last line may lack one. */
function fileOf(piece: fc.Arbitrary<Piece>): fc.Arbitrary<Piece[]> {
  const ends = fc.oneof(fc.constant('\n'), fc.constant('\r\n'), fc.constant(undefined));
  return fc
    .tuple(
      fc.constantFrom('', '\uFEFF'),
      fc.array(fc.tuple(piece, lineEnd), { maxLength: 8 }),
      ends,
      fc.boolean(),
    )
    .map(([bom, lines, end, isOpen]) => [
      { name: undefined, text: bom },
      ...lines.map(([piece, own], i) => {
        const isLast = i === lines.length - 1;
        return endLine(piece, isOpen && isLast ? '' : (end ?? own));
      }),
    ]);
}

function textOf(file: readonly Piece[]): string {
  return file.map(({ text }) => text).join('');
}

const gap = fc.constantFrom('', ' ', '\n', '\r\n\t', '\n\n  ');
const jsonValue = fc.oneof(
  values().map((text) => JSON.stringify(text)),
  fc.constantFrom('1.50', '-0', 'true', 'false', '"\\u0041"', '"}"', '"{,"', '1e400'),
);

interface JsonFile {
  readonly text: string;
  /** Each `"NAME" : VALUE` as written. */
  readonly members: ReadonlyMap<string, string>;
}

const jsonFile: fc.Arbitrary<JsonFile> = fc
  .tuple(
    fc.uniqueArray(fc.tuple(fewNames, jsonValue, gap, gap, gap, gap), {
      selector: ([name]) => name,
      maxLength: 6,
    }),
    gap,
    fc.constantFrom('', '\uFEFF', '\n'),
  )
  .map(([entries, inner, outer]) => {
    const members = new Map(entries.map(([name, value, , , a, b]) => [name, `"${name}"${a}:${b}${value}`]));
    const spaced = entries.map(([name, , before, behind]) => before + members.get(name) + behind);
    return { text: `${outer}{${spaced.join(',') || inner}}${outer.trim()}`, members };
  })
  .map(({ text, members }) => ({ text: text.replace(/\uFEFF$/, ''), members }));

function applyAll(text: string, list: readonly Change[], dialect: Format): Map<string, string> {
  const map = readMap(text, dialect);
  for (const [name, value] of list) {
    if (value === undefined) map.delete(name);
    else map.set(name, value);
  }
  return map;
}

function sorted(map: ReadonlyMap<string, string>): [string, string][] {
  return [...map].sort(([one], [other]) => (one < other ? -1 : 1));
}

function expectMap(text: string, wanted: ReadonlyMap<string, string>, dialect: Format): void {
  expect(sorted(readMap(text, dialect))).toEqual(sorted(wanted));
}

/** All at once, and one after another. */
function editBothWays(text: string, list: readonly Change[], dialect: Format): [string, string] {
  const one = editText(text, new Map(list), dialect);
  const other = list.reduce((before, change) => editText(before, new Map([change]), dialect), text);
  return [one, other];
}

describe('a sequence of changes reads like the same sequence on a map', () => {
  test.each([
    ['dotenv', dotenvLine, values()],
    ['docker', dockerLine, line],
  ] as const)('%s', (dialect, piece, value) => {
    fc.assert(
      fc.property(fileOf(piece), changes(value), (file, list) => {
        const text = textOf(file);
        const wanted = applyAll(text, list, dialect);
        for (const edited of editBothWays(text, list, dialect)) expectMap(edited, wanted, dialect);
      }),
      RUNS,
    );
  });

  test('json', () => {
    fc.assert(
      fc.property(jsonFile, changes(values()), ({ text }, list) => {
        const wanted = applyAll(text, list, 'json');
        for (const edited of editBothWays(text, list, 'json')) expectMap(edited, wanted, 'json');
      }),
      RUNS,
    );
  });
});

describe('what belongs to no changed variable is there byte for byte, in order', () => {
  test.each([
    ['dotenv', dotenvLine, values()],
    ['docker', dockerLine, line],
  ] as const)('%s', (dialect, piece, value) => {
    fc.assert(
      fc.property(fileOf(piece), changes(value), (file, list) => {
        const text = textOf(file);
        const [, edited] = editBothWays(text, list, dialect);
        const touched = new Set(list.map(([name]) => name));
        let at = 0;
        for (const part of file) {
          if (part.name !== undefined && touched.has(part.name)) continue;
          const found = edited.indexOf(part.text, at);
          expect([part.text, found >= at]).toEqual([part.text, true]);
          at = found + part.text.length;
        }
      }),
      RUNS,
    );
  });

  test('around a changed value its line is the same too', () => {
    fc.assert(
      fc.property(fileOf(dotenvLine), values(), (file, value) => {
        const last = file.findLast(({ name }) => name !== undefined);
        fc.pre(last?.name !== undefined && last.around !== undefined);
        const [head, end] = last.around;
        const written = format([['A', value]]).slice('A='.length, -1);
        const text = textOf(file);
        const wanted = file.map((part) => (part === last ? head + written + end : part.text)).join('');
        fc.pre(readMap(text).get(last.name) !== value);
        expect(editText(text, { [last.name]: value })).toBe(wanted);
      }),
      RUNS,
    );
  });

  test('json', () => {
    fc.assert(
      fc.property(jsonFile, changes(values()), ({ text, members }, list) => {
        const [, edited] = editBothWays(text, list, 'json');
        const touched = new Set(list.map(([name]) => name));
        let at = 0;
        for (const [name, member] of members) {
          if (touched.has(name)) continue;
          const found = edited.indexOf(member, at);
          expect([member, found >= at]).toEqual([member, true]);
          at = found + member.length;
        }
        expect(edited.slice(0, edited.indexOf('{'))).toBe(text.slice(0, text.indexOf('{')));
        expect(edited.slice(edited.lastIndexOf('}'))).toBe(text.slice(text.lastIndexOf('}')));
      }),
      RUNS,
    );
  });
});

describe('editing throws nothing but an EnvsealError that holds no piece of a value', () => {
  const CANARY = 'xQ7Zj0Kw9Vb3Gy';
  const PIECES = Array.from({ length: CANARY.length - 3 }, (_, i) => CANARY.slice(i, i + 4));

  test('whatever the file, the name and the value', () => {
    const anything = fc.oneof(
      values(),
      fc.string({ unit: fc.constantFrom('\0', '\ud83e', '\n', '\r', 'b') }),
    );
    const files = fc.oneof(
      anything.map((text) => `A=${CANARY}${text}${CANARY}`),
      anything.map((text) => `{"A":"${CANARY}${text}${CANARY}"}`),
      fileOf(dotenvLine).map(textOf),
    );
    fc.assert(
      fc.property(files, fc.oneof(fewNames, anything), anything, (text, name, value) => {
        for (const dialect of FORMATS) {
          const list = new Map([[name.includes('A') ? name : `${name}${CANARY} `, CANARY + value]]);
          const error = errorOf(() => editText(text.toWellFormed(), list, dialect));
          if (error === undefined) continue;
          expect(error.code).toBe('malformed');
          expect(error.cause).toBeUndefined();
          const shown = inspect(error, { showHidden: true, depth: Infinity });
          for (const piece of PIECES) expect(shown).not.toContain(piece);
        }
      }),
      RUNS,
    );
  });
});

test.each(FORMATS)('the work of editing %s grows as the file does', async (dialect) => {
  await expectLinear((count) => {
    const { texts, list } = largeEdit(count);
    editText(texts[dialect], list, dialect);
  }, 500);
  const { texts, list } = largeEdit(20_000);
  const edited = editText(texts[dialect], list, dialect);
  expectMap(edited, applyAll(texts[dialect], [...list], dialect), dialect);
});

function largeEdit(count: number) {
  const pairs = Array.from({ length: count }, (_, i) => [`NAME_${i}`, `${i}`.repeat(5)] as const);
  const texts = {
    dotenv: pairs.map(([name, value]) => `${name}='${value} '\n`).join(''),
    docker: pairs.map(([name, value]) => `${name}=${value}\n`).join(''),
    json: JSON.stringify(Object.fromEntries(pairs), null, 2),
  };
  const list = new Map(pairs.map(([name], i) => [i % 2 ? name : `NEW_${name}`, i % 3 ? 'b c' : undefined]));
  return { texts, list };
}
