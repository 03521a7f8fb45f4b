/** Building blocks of the JSON readers: strings, punctuation and the space between them. */
import { type Cursor, malformed } from './cursor.ts';
import { doubleQuotedEnd } from './quoted.ts';

/** A string without escapes: every character from the space on but `"` and `\\`. */
const PLAIN_STRING = /"([ !#-[\]-\uffff]*)"/y;

/**
 * Takes the string at the cursor. Throws `malformed` on anything but a JSON string, NUL and half a surrogate pair; the
 * error points to where it opens.
 */
export function takeString(cursor: Cursor): string {
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
  if (!value.isWellFormed()) throw malformed(cursor, at, 'a string without unpaired surrogates');
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

/** Takes a mark and the space before it, or throws `malformed`. */
export function expect(cursor: Cursor, character: string, expected: string): void {
  if (!takes(cursor, character)) throw malformed(cursor, cursor.at, expected);
}

/** Takes a mark and the space before it, if that is what is next. */
export function takes(cursor: Cursor, character: string): boolean {
  skipSpace(cursor);
  if (cursor.text[cursor.at] !== character) return false;
  cursor.at += 1;
  return true;
}

export function skipSpace(cursor: Cursor): void {
  for (;;) {
    const character = cursor.text[cursor.at];
    if (character === '\n') cursor.line += 1;
    else if (character !== ' ' && character !== '\t' && character !== '\r') return;
    cursor.at += 1;
  }
}
