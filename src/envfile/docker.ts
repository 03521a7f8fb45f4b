/**
 * The format of `docker run --env-file` and ECS `environmentFiles`. Measured with docker CLI 28.2.2; its
 * source:
 * https://github.com/docker/cli/blob/v28.2.2/pkg/kvfile/kvfile.go
 *
 * Three things docker takes are errors here: a name alone (docker takes the value from its own environment), a NUL, and
 * a name outside our pattern. A line longer than 64 KiB, an error there, is not one here.
 */

import { type Cursor, malformed, takeLine } from './cursor.ts';
import type { AssignmentHandler } from './entry.ts';
import { NAME_IN_WORDS, nameEnd } from './name.ts';

/** Go's `unicode.IsSpace` beyond ASCII: https://pkg.go.dev/unicode#IsSpace */
const UNICODE_SPACES =
  '\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000';

export function parseDocker(cursor: Cursor, handler: AssignmentHandler): void {
  while (cursor.at < cursor.text.length) {
    const { line } = cursor;
    skipSpaces(cursor);
    const { at } = cursor;
    const content = takeLine(cursor);
    if (content === '' || content.startsWith('#')) continue;
    const equals = findEquals(cursor, at);
    handler.set(content.slice(0, equals - at), content, line);
  }
}

/** Finds the `=`; it must follow a name that starts at `start`. */
function findEquals({ source, text }: Cursor, start: number): number {
  const end = nameEnd(text, start);
  if (end === start) throw malformed({ source, text }, start, NAME_IN_WORDS);
  if (text[end] === '=') return end;
  const hint =
    'write NAME=value; nothing is taken from the environment, and no space is allowed before the =';
  throw malformed({ source, text }, end, '= directly after the name', hint);
}

/** Skips white space at the line's start: all of Unicode's, as docker does. */
function skipSpaces(cursor: Cursor): void {
  while (isSpace(cursor.text, cursor.at)) cursor.at += 1;
}

function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code < 0x80) return code === 0x20 || (code >= 0x09 && code <= 0x0d && code !== 0x0a);
  return code >= 0x80 && UNICODE_SPACES.includes(text.charAt(at));
}
