/**
 * The default dialect; docs/reference/env-file.md has its table for users. Where that is silent:
 *
 * - White space is space and tab; any other space (no-break, form feed) is a character like others.
 * - A value that starts with a quote is made of quoted pieces only; behind them only white space and a comment may come.
 *   So `"a"b` and `"a"#b` are errors. A value that starts otherwise is literal: quotes inside it mean nothing.
 * - A backslash means something only between double quotes; there is no line continuation anywhere.
 * - Between quotes every character is kept, CR and LF too: a CRLF there stays a CRLF.
 * - Outside quotes a CR must end a line (before LF, or at the end of the file); any other is an error, comments included,
 *   because a file whose lines end in CR alone would be read as one line.
 */

import type { EnvsealError } from '../errors.ts';
import { type Cursor, malformed, takeLine } from './cursor.ts';
import { takeEachLine } from './each-line.ts';
import type { AssignmentHandler } from './entry.ts';
import { NAME_IN_WORDS, NAME_PATTERN, nameEnd } from './name.ts';
import { takeQuoted } from './quoted.ts';

/** `NAME=` and what may stand around it; `export=1` sets a variable of that name. */
const HEAD_PATTERN = `[ \\t]*(?:export[ \\t]+)?(${NAME_PATTERN})[ \\t]*=[ \\t]*`;

const SPACE = 0x20;
const TAB = 0x09;
/** A line that is not plain, up to its value; what it does not match is examined afterwards. */
const HEAD = new RegExp(HEAD_PATTERN, 'y');

export function parseDotenv(cursor: Cursor, handler: AssignmentHandler): void {
  const { text } = cursor;
  const takePlain = (nameEnd: number, end: number) => {
    const { at, line } = cursor;
    handler.set(text.slice(at, nameEnd), text.slice(at, end), line);
  };
  takeEachLine(cursor, takePlain, () => takeOtherLine(cursor, handler));
}

function takeOtherLine(cursor: Cursor, handler: AssignmentHandler): void {
  const { line } = cursor;
  HEAD.lastIndex = cursor.at;
  const name = HEAD.exec(cursor.text)?.[1];
  if (name === undefined) takeEmptyLine(cursor);
  else handler.set(name, `${name}=${takeValue(cursor, HEAD.lastIndex)}`, line);
}

/** Takes a blank line or a comment. */
function takeEmptyLine(cursor: Cursor): void {
  cursor.at = blanksEnd(cursor.text, cursor.at);
  if (!isLineEnd(cursor.text, cursor.at) && cursor.text[cursor.at] !== '#') throw headError(cursor);
  takeTextLine(cursor);
}

function headError({ source, text, at }: Cursor): EnvsealError {
  let start = at;
  let end = nameEnd(text, start);
  if (text.slice(start, end) === 'export' && isBlank(text, end)) {
    start = blanksEnd(text, end);
    end = nameEnd(text, start);
  }
  if (end === start) return malformed({ source, text }, start, NAME_IN_WORDS);
  const hint = 'write NAME=value, or NAME= for an empty value';
  return malformed({ source, text }, blanksEnd(text, end), '= after the name', hint);
}

function takeValue(cursor: Cursor, at: number): string {
  cursor.at = at;
  const character = cursor.text[at];
  return character === "'" || character === '"' ? takeQuotedValue(cursor) : takeUnquotedValue(cursor);
}

/** Takes the rest of the line up to a `#` behind white space, and trims it. */
export function takeUnquotedValue(cursor: Cursor): string {
  const { text, at } = cursor;
  const rest = takeTextLine(cursor);
  let end = rest.length;
  for (let hash = rest.indexOf('#'); hash !== -1; hash = rest.indexOf('#', hash + 1)) {
    if (!isBlank(text, at + hash - 1)) continue;
    end = hash;
    break;
  }
  while (end > 0 && isBlank(rest, end - 1)) end -= 1;
  return end === rest.length ? rest : rest.slice(0, end);
}

function takeQuotedValue(cursor: Cursor): string {
  const { text } = cursor;
  const value = takeQuoted(cursor);
  const end = blanksEnd(text, cursor.at);
  if (!isLineEnd(text, end) && !(text[end] === '#' && end > cursor.at)) {
    const hint = 'quote the whole value, and put white space before a comment';
    throw malformed(cursor, end, 'the end of the line or a comment after the closing quote', hint);
  }
  cursor.at = end;
  takeTextLine(cursor);
  return value;
}

/** Takes the rest of a line in which no quoted text is left. */
function takeTextLine(cursor: Cursor): string {
  const { at } = cursor;
  const rest = takeLine(cursor);
  const cr = rest.indexOf('\r');
  if (cr === -1) return rest;
  const hint = 'end lines with LF or CRLF, and quote a value that holds CR';
  throw malformed(cursor, at + cr + 1, 'LF after CR', hint);
}

function isLineEnd(text: string, at: number): boolean {
  return at === text.length || text[at] === '\n' || text[at] === '\r';
}

export function blanksEnd(text: string, start: number): number {
  let at = start;
  while (isBlank(text, at)) at += 1;
  return at;
}

function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === SPACE || code === TAB;
}
