import { EnvsealError } from '../errors.ts';
import { includesAny } from '../system/text-search.ts';

/** A decoded file and the position up to which it has been read. */
export interface Cursor {
  /** The source's URI or path, for messages. */
  readonly source: string;
  readonly text: string;
  /** Index of the next UTF-16 unit. */
  at: number;
  /** Line of `at`, from 1. Only LF ends a line. */
  line: number;
}

const BOM = '\uFEFF';

/**
 * Decodes a file; a BOM at its start is skipped. `decoded` is its text if the caller has it already, without
 * the BOM and with U+FFFD for what is invalid. Throws `malformed` on invalid UTF-8 and on NUL.
 */
export function openText(bytes: Uint8Array, source: string, decoded?: string): Cursor {
  // A U+FFFD can be the file's own, and of two BOMs one is left.
  const isExact = decoded !== undefined && !decoded.startsWith(BOM) && !includesAny(decoded, ['\uFFFD']);
  const text = isExact ? decoded : decode(bytes, source);
  if (includesAny(text, ['\0'])) throw malformed({ source, text }, text.indexOf('\0'), 'text without NUL');
  return { source, text, at: text.startsWith(BOM) ? 1 : 0, line: 1 };
}

/** Takes the rest of the line without its LF or CRLF, and goes on to the next. The file's end ends a line too. */
export function takeLine(cursor: Cursor): string {
  const { text, at } = cursor;
  const lf = text.indexOf('\n', at);
  const stop = lf === -1 ? text.length : lf;
  const end = stop > at && text.charCodeAt(stop - 1) === 0x0d ? stop - 1 : stop;
  cursor.at = stop + 1;
  cursor.line += 1;
  return text.slice(at, end);
}

/**
 * The error for what was found at index `at`. It says where and what was expected, never what is there: the text could
 * be a value, or a password where a name belongs. For the same reason it has no `cause`.
 */
export function malformed(
  { source, text }: Pick<Cursor, 'source' | 'text'>,
  at: number,
  expected: string,
  hint?: string,
): EnvsealError {
  const [line, column] = [lineAt(text, at), columnAt(text, at)];
  const message = `cannot parse ${source}: line ${line}, column ${column}: expected ${expected}`;
  const error = new EnvsealError('malformed', message, hint === undefined ? {} : { hint });
  return Object.assign(error, { place: { line, column, expected } });
}

/** Where parsing failed, from 1, and what was expected there. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
  readonly expected: string;
}

/** The place in an error of `malformed`; `undefined` for any other error. */
export function placeOf(error: unknown): TextPosition | undefined {
  return error instanceof EnvsealError && 'place' in error ? (error.place as TextPosition) : undefined;
}

function lineAt(text: string, at: number): number {
  let line = 1;
  for (let lf = text.indexOf('\n'); lf !== -1 && lf < at; lf = text.indexOf('\n', lf + 1)) line += 1;
  return line;
}

/** In characters (code points), from 1; a BOM at the file's start has no column. */
function columnAt(text: string, at: number): number {
  const lineStart = at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1;
  const from = lineStart === 0 && text.startsWith(BOM) ? 1 : lineStart;
  let column = 1;
  for (const _ of text.slice(from, at)) column += 1;
  return column;
}

function decode(bytes: Uint8Array, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    throw malformed({ source, text }, firstReplaced(text, bytes), 'valid UTF-8');
  }
}

/** Index of the first U+FFFD in `text` that stands for invalid bytes, not for itself. */
function firstReplaced(text: string, bytes: Uint8Array): number {
  let at = 0;
  let byte = 0;
  for (const character of text) {
    if (
      character === '\uFFFD' &&
      !(bytes[byte] === 0xef && bytes[byte + 1] === 0xbf && bytes[byte + 2] === 0xbd)
    )
      break;
    at += character.length;
    byte += utf8Length(character.codePointAt(0) ?? 0);
  }
  return at;
}

function utf8Length(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}
