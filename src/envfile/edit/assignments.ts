/**
 * Positions of the assignments in an env file. Reading for a start needs no positions, so this is a second
 * pass over text that has been parsed, and leans on that: it checks nothing.
 */

import type { Dialect } from '../../source-uri.ts';
import { type Cursor, takeLine } from '../cursor.ts';
import { blanksEnd, takeUnquotedValue } from '../dotenv.ts';
import type { Entry } from '../entry.ts';
import { takeQuoted } from '../quoted.ts';

export interface Assignment extends Entry {
  /** All lines of it, from the first one's indentation to behind the last one's line feed. */
  readonly start: number;
  readonly end: number;
  /** The value as written, with its quotes; where a new one goes. */
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly isQuoted: boolean;
}

/** `entries`: what `parse` read in `text`, or the first of them. */
export function locate(text: string, entries: readonly Entry[], dialect: Dialect): Assignment[] {
  const starts = lineStarts(text);
  return entries.map((entry) => {
    const start = starts[entry.line - 1] ?? 0;
    const value = locateValue(text, text.indexOf('=', start) + 1, dialect);
    const lineFeed = text.indexOf('\n', value.valueEnd);
    return { ...entry, ...value, start, end: lineFeed === -1 ? text.length : lineFeed + 1 };
  });
}

type ValuePlace = Pick<Assignment, 'valueStart' | 'valueEnd' | 'isQuoted'>;

/** `start` is directly behind the `=`. */
function locateValue(text: string, start: number, dialect: Dialect): ValuePlace {
  const cursor: Cursor = { source: '', text, at: start, line: 1 };
  if (dialect === 'docker') {
    return { valueStart: start, valueEnd: start + takeLine(cursor).length, isQuoted: false };
  }
  const valueStart = blanksEnd(text, start);
  cursor.at = valueStart;
  if (text[valueStart] === "'" || text[valueStart] === '"') {
    takeQuoted(cursor);
    return { valueStart, valueEnd: cursor.at, isQuoted: true };
  }
  // The blanks in front of a comment have to stay there, or it would become part of the value.
  if (text[valueStart] === '#' && valueStart > start) {
    return { valueStart: start, valueEnd: start, isQuoted: false };
  }
  return { valueStart, valueEnd: valueStart + takeUnquotedValue(cursor).length, isQuoted: false };
}

/** Where each line starts, behind a BOM for the first. */
function lineStarts(text: string): number[] {
  const starts = [text.startsWith('\uFEFF') ? 1 : 0];
  for (let lf = text.indexOf('\n'); lf !== -1; lf = text.indexOf('\n', lf + 1)) starts.push(lf + 1);
  return starts;
}
