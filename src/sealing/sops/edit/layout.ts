/** Where the parts of a SOPS file are in its text, so that changing one leaves every other byte as it is. */
import type { Cursor } from '../../../envfile/cursor.ts';
import type { Node, SopsKind } from '../model.ts';

/** From `start` to before `end`, in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Edit extends Span {
  readonly text: string;
}

export interface CommentPlace extends Span {
  /** Behind the `#`. */
  readonly text: string;
  /** Index of the variable that it stands before or beside; for those behind the last one the number of variables. */
  readonly variable: number;
}

/** Fields of the metadata. */
export type Fields = readonly (readonly [name: string, Node])[];

export interface Layout {
  readonly text: string;
  /** The values, as many as there are leaves and in their order. */
  readonly values: readonly Span[];
  /** All but those within the metadata, which sops drops. Their spans are without the `#`. */
  readonly comments: readonly CommentPlace[];
  /** The scalars of the metadata, by `keyOf` their path. */
  readonly scalars: ReadonlyMap<string, Span>;
  /** Writes a scalar in the style of the one there. */
  write(span: Span, text: string): Edit;
  /** Takes variables out, with what is on their lines. */
  remove(variables: ReadonlySet<number>): Edit[];
  /** Takes a comment out, with its line where it has one alone. */
  removeComment(comment: CommentPlace): Edit;
  /** Puts new variables with an empty value before the metadata. */
  add(names: readonly string[]): Edit;
  /** Replaces fields of the metadata: `old` may name absent ones. */
  replaceFields(old: ReadonlySet<string>, fields: Fields): Edit[];
}

/** `[0` for the first entry of a list. */
export function keyOf(path: readonly string[]): string {
  return path.join('\0');
}

/** The file that `readMetadata` and its reader took: a second pass, which checks nothing. */
export async function layOut(text: string, kind: SopsKind): Promise<Layout> {
  switch (kind) {
    case 'dotenv':
      return (await import('./layout-dotenv.ts')).layOutDotenv(text);
    case 'json':
      return (await import('./layout-json.ts')).layOutJson(text);
    case 'yaml':
      return (await import('./layout-yaml.ts')).layOutYaml(text);
  }
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
