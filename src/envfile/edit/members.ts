import { type Cursor, openText } from '../cursor.ts';
import type { Entry } from '../entry.ts';
import { expect, skipSpace, takeString, takes } from '../json-text.ts';
import { expectEnd, takeMember } from '../parse-json.ts';

/** An entry of a JSON env file and where it is. */
export interface Member extends Entry {
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

/**
 * The members of a JSON env file with their places, in file order. Unlike `parseJson`, it gives those before a mistake,
 * and a name may come twice.
 */
export function* locateMembers(
  bytes: Uint8Array,
  { source }: { readonly source: string },
): Generator<Member> {
  const cursor = openText(bytes, source);
  expect(cursor, '{', 'a JSON object');
  if (!takes(cursor, '}')) {
    do yield locateMember(cursor);
    while (takes(cursor, ','));
    expect(cursor, '}', ', or } after the value');
  }
  expectEnd(cursor);
}

function locateMember(cursor: Cursor): Member {
  skipSpace(cursor);
  const start = cursor.at;
  const entry = takeMember(cursor, new Set());
  return { ...entry, start, valueStart: findValue(cursor, start), end: cursor.at };
}

/** In a member that has been read. */
function findValue({ source, text }: Cursor, start: number): number {
  const cursor: Cursor = { source, text, at: start, line: 1 };
  takeString(cursor);
  expect(cursor, ':', ': after the name');
  skipSpace(cursor);
  return cursor.at;
}
