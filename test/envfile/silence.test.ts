/** Reading never says what it read: not in an error, and not in what a console prints of the entries. */
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { format } from '../../src/envfile/write-dotenv.ts';
import type { EnvsealError } from '../../src/errors.ts';
import { errorOf, FORMATS, readBytes, SOURCE } from './reading.ts';
import { values, variables } from './values.ts';

const EXPECTED = [
  'a name: a letter or _ first, then letters, digits, _, . or -',
  '= after the name',
  '= directly after the name',
  'a closing quote for the one that opens here',
  'the end of the line or a comment after the closing quote',
  'LF after CR',
  'text without NUL',
  'valid UTF-8',
  'a JSON object',
  'a name in double quotes',
  'each name once',
  ': after the name',
  'a string, a number, true or false',
  'a valid JSON string',
  'a string without NUL',
  'a string without unpaired surrogates',
  ', or } after the value',
  'nothing after the object',
];
const HINTS = [
  undefined,
  'write NAME=value, or NAME= for an empty value',
  'write NAME=value; nothing is taken from the environment, and no space is allowed before the =',
  'quote the whole value, and put white space before a comment',
  'end lines with LF or CRLF, and quote a value that holds CR',
  'write "" for an empty value, and put an array or an object into a string',
];

/** A value, or a password where a name belongs; no four characters of it are in any message, path or stack. */
const CANARY = 'xQ7Zj0Kw9Vb3Gy';
const PIECES = Array.from({ length: CANARY.length - 3 }, (_, i) => CANARY.slice(i, i + 4));

/** Where a file goes wrong, with the canary around every place. */
const BROKEN = [
  '@',
  '@ @=@',
  '@=@\0',
  '@="@',
  "@='@",
  '@="@"@',
  '@="@" @',
  '@=@\r@=@',
  '1@=@',
  '= @',
  'export @',
  '"@"',
  '@=@\n@',
];
const BROKEN_JSON = [
  ...[
    '"@"',
    '{@}',
    '{"@"}',
    '{"@":@}',
    '{"@":"@}',
    '{"@":"\\@"}',
    '{"@":"@\\u0000"}',
    '{"@":"@\\ud800"}',
    '{"@ ":"@"}',
  ],
  ...[
    '{"@":"@","@":"@"}',
    '{"@":null}',
    '{"@":{"@":"@"}}',
    '{"@":["@"]}',
    '{"@":"@"}@',
    '{"@":"@"@',
    '{"@":1@}',
    '{"@":"@\n"}',
  ],
];

/** Everything that a program could print of an error. */
function printed(error: EnvsealError): string {
  const all = inspect(error, { showHidden: true, depth: Infinity, getters: true });
  return [error.message, error.hint, error.stack, String(error), JSON.stringify(error), all].join('\n');
}

function expectSilent(error: EnvsealError): void {
  expect(error.cause).toBeUndefined();
  const text = printed(error);
  for (const piece of PIECES) expect(text).not.toContain(piece);
}

describe('an error holds nothing of the file', () => {
  test.each(
    FORMATS.flatMap((format) => [...BROKEN, ...BROKEN_JSON].map((shape) => [format, shape] as const)),
  )('%s: %j', (format, shape) => {
    const error = errorOf(() => readBytes(new TextEncoder().encode(shape.replaceAll('@', CANARY)), format));
    if (error) expectSilent(error);
  });

  test('bytes that are not UTF-8', () => {
    const bytes = new Uint8Array([...new TextEncoder().encode(`${CANARY}=${CANARY}`), 0xff, 0x41]);
    for (const format of FORMATS) {
      const error = errorOf(() => readBytes(bytes, format));
      expect(error).toBeDefined();
      if (error) expectSilent(error);
    }
  });

  test.each([
    [CANARY, `${CANARY}\0`],
    [CANARY, `${CANARY}\ud800`],
    [`${CANARY} `, CANARY],
  ])('what cannot be written: %j', (name, value) => {
    const error = errorOf(() => format([[name, value]]));
    expect(error).toBeDefined();
    if (error) expectSilent(error);
  });
});

describe('whatever the bytes, reading gives entries or a malformed error with a message of the closed list', () => {
  const place = /^line [1-9]\d*, column [1-9]\d*: expected /;

  function check(bytes: Uint8Array): void {
    for (const format of FORMATS) {
      const error = errorOf(() => readBytes(bytes, format));
      if (error === undefined) continue;
      expect(error.code).toBe('malformed');
      expect(HINTS).toContain(error.hint);
      expect(error.cause).toBeUndefined();
      const start = `cannot parse ${SOURCE}: `;
      expect(error.message.startsWith(start)).toBe(true);
      expect(error.message.slice(start.length)).toMatch(place);
      expect(EXPECTED).toContain(error.message.slice(start.length).replace(place, ''));
    }
  }

  test('arbitrary bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), check), { numRuns: 1000 });
  });

  test('arbitrary text', () => {
    fc.assert(
      fc.property(values(), (text) => check(new TextEncoder().encode(text))),
      { numRuns: 1000 },
    );
  });

  test('mutated valid files', () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 2 }), fc.uint8Array({ maxLength: 3 })), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(variables(), fc.boolean(), edits, (map, json, changes) => {
        const bytes = [
          ...new TextEncoder().encode(json ? JSON.stringify(Object.fromEntries(map)) : format(map)),
        ];
        for (const [at, removed, added] of changes) bytes.splice(at % (bytes.length + 1), removed, ...added);
        check(new Uint8Array(bytes));
      }),
      { numRuns: 1000 },
    );
  });
});

test('entries show no value to a console, a string or JSON', () => {
  for (const format of FORMATS) {
    const text = format === 'json' ? `{"A":"${CANARY}"}` : `A=${CANARY}\n`;
    const entries = readBytes(new TextEncoder().encode(text), format);
    expect(entries[0]?.value.reveal()).toBe(CANARY);
    const shown = [
      inspect(entries, { showHidden: true, depth: Infinity }),
      JSON.stringify(entries),
      `${entries[0]?.value}`,
    ];
    for (const piece of PIECES) expect(shown.join('\n')).not.toContain(piece);
  }
});
