/**
 * One flat JSON object (RFC 8259) of strings, numbers and booleans. `JSON.parse` alone would not do: it rounds numbers,
 * takes the last of two equal names without a word, and quotes the text in its errors.
 */

import { Secret } from '../secret.ts';
import { type Cursor, malformed, openText } from './cursor.ts';
import type { Entry } from './entry.ts';
import { expect, skipSpace, takeString, takes } from './json-text.ts';
import { isName, NAME_IN_WORDS } from './name.ts';

const NUMBER_OR_BOOLEAN = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false/y;
const SCALAR = 'a string, a number, true or false';
const SCALAR_HINT = 'write "" for an empty value, and put an array or an object into a string';

/**
 * Reads a JSON env file. A number's value is its text as written: `1.0`, `1e400` and 30 digits stay so.
 *
 * Throws `EnvsealError('malformed')`, and nothing else, on anything but such an object: `null`, an array or an object as
 * a value, a name outside the pattern or given twice (also when spelled with escapes), NUL or half a surrogate pair.
 */
export function parseJson(bytes: Uint8Array, { source }: { readonly source: string }): Entry[] {
  const cursor = openText(bytes, source);
  const entries: Entry[] = [];
  const names = new Set<string>();
  expect(cursor, '{', 'a JSON object');
  if (!takes(cursor, '}')) {
    do entries.push(takeMember(cursor, names));
    while (takes(cursor, ','));
    expect(cursor, '}', ', or } after the value');
  }
  expectEnd(cursor);
  return entries;
}

export function expectEnd(cursor: Cursor): void {
  skipSpace(cursor);
  if (cursor.at < cursor.text.length) throw malformed(cursor, cursor.at, 'nothing after the object');
}

/** Takes a name and its value; `names` are those before it. */
export function takeMember(cursor: Cursor, names: Set<string>): Entry {
  skipSpace(cursor);
  const { at, line } = cursor;
  if (cursor.text[at] !== '"') throw malformed(cursor, at, 'a name in double quotes');
  const name = takeString(cursor);
  if (!isName(name)) throw malformed(cursor, at, NAME_IN_WORDS);
  if (names.has(name)) throw malformed(cursor, at, 'each name once');
  names.add(name);
  expect(cursor, ':', ': after the name');
  skipSpace(cursor);
  return { name, value: new Secret(takeScalar(cursor)), line };
}

function takeScalar(cursor: Cursor): string {
  const { text, at } = cursor;
  if (text[at] === '"') return takeString(cursor);
  NUMBER_OR_BOOLEAN.lastIndex = at;
  if (!NUMBER_OR_BOOLEAN.test(text)) throw malformed(cursor, at, SCALAR, SCALAR_HINT);
  cursor.at = NUMBER_OR_BOOLEAN.lastIndex;
  return text.slice(at, cursor.at);
}
