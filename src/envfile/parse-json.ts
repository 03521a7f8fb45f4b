/**
 * One flat JSON object (RFC 8259) of strings, numbers and booleans. `JSON.parse` alone would not do: it rounds numbers,
 * takes the last of two equal names without a word, and quotes the text in its errors.
 */

import { Secret } from '../secret.ts';
import { type Cursor, malformed, openText } from './cursor.ts';
import { isName, NAME_IN_WORDS } from './name.ts';
import type { Entry } from './parse.ts';
import { doubleQuotedEnd } from './quoted.ts';

/** A string without escapes: every character from the space on but `"` and `\\`. */
const PLAIN_STRING = /"([ !#-[\]-\uffff]*)"/y;
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
  skipSpace(cursor);
  if (cursor.at < cursor.text.length) throw malformed(cursor, cursor.at, 'nothing after the object');
  return entries;
}

function takeMember(cursor: Cursor, names: Set<string>): Entry {
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

/** Takes the string at the cursor. An error points to where it opens. */
function takeString(cursor: Cursor): string {
  PLAIN_STRING.lastIndex = cursor.at;
  const plain = PLAIN_STRING.exec(cursor.text)?.[1];
  if (plain === undefined) return takeEscapedString(cursor);
  cursor.at = PLAIN_STRING.lastIndex;
  return plain;
}

function takeEscapedString(cursor: Cursor): string {
  const { text, at } = cursor;
  const end = doubleQuotedEnd(text, at + 1);
  if (end === -1) throw malformed(cursor, at, 'a closing quote for the one that opens here');
  const value = parseLiteral(text.slice(at, end + 1));
  if (value === undefined) throw malformed(cursor, at, 'a valid JSON string');
  if (value.includes('\0')) throw malformed(cursor, at, 'a string without NUL');
  if (!value.isWellFormed()) throw malformed(cursor, at, 'a string without half a surrogate pair');
  cursor.at = end + 1;
  return value;
}

/** `undefined` is not a JSON string. `JSON.parse`'s own error quotes its input, so it goes no further. */
function parseLiteral(literal: string): string | undefined {
  try {
    return JSON.parse(literal);
  } catch {
    return undefined;
  }
}

function expect(cursor: Cursor, character: string, expected: string): void {
  if (!takes(cursor, character)) throw malformed(cursor, cursor.at, expected);
}

function takes(cursor: Cursor, character: string): boolean {
  skipSpace(cursor);
  if (cursor.text[cursor.at] !== character) return false;
  cursor.at += 1;
  return true;
}

function skipSpace(cursor: Cursor): void {
  for (;;) {
    const character = cursor.text[cursor.at];
    if (character === '\n') cursor.line += 1;
    else if (character !== ' ' && character !== '\t' && character !== '\r') return;
    cursor.at += 1;
  }
}
