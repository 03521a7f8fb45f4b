/** Changes of a text by their places in it. */
import type { Cursor } from '../../../envfile/cursor.ts';

/** From `start` to before `end`, in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Edit extends Span {
  readonly text: string;
}

export function applyEdits(text: string, edits: readonly Edit[]): string {
  let [edited, at] = ['', 0];
  for (const edit of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    edited += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return edited + text.slice(at);
}

/** Takes members of an object, of which one stays, out of it with their commas. */
export function removeMembers(members: readonly Span[], gone: ReadonlySet<number>): Edit[] {
  let kept: Span | undefined;
  return members.flatMap((member, i): Edit[] => {
    if (!gone.has(i)) {
      kept = member;
      return [];
    }
    const next = members[i + 1];
    const isTail = members.every((_, j) => j < i || gone.has(j));
    if (!isTail && next !== undefined) return [{ start: member.start, end: next.start, text: '' }];
    const before = gone.has(i - 1) ? members[i - 1] : kept;
    return [{ start: before?.end ?? member.start, end: member.end, text: '' }];
  });
}

/** For a second pass over a text that was read. */
export function cursorAt(text: string): Cursor {
  return { source: '', text, at: text.startsWith('\uFEFF') ? 1 : 0, line: 1 };
}

export function lineStart(text: string, at: number): number {
  const start = text.lastIndexOf('\n', at - 1) + 1;
  return at > 0 && start === 0 && text.startsWith('\uFEFF') ? 1 : start;
}

/** Behind the line feed; a file may end without one. */
export function lineEnd(text: string, at: number): number {
  const lineFeed = text.indexOf('\n', at);
  return lineFeed === -1 ? text.length : lineFeed + 1;
}

/** The line feed that the file uses. */
export function lineFeedOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n';
}

const MAX_SPACE = 256;

/** White space between a member and the comma or brace before it. */
export function spaceBefore(text: string, at: number): string {
  return /\s*$/.exec(text.slice(Math.max(0, at - MAX_SPACE), at))?.[0] ?? '';
}
