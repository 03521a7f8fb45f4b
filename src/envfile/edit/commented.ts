/** An env file with its comments, for forms that have no place for anything else between variables. Pure. */
import type { Secret } from '../../secret.ts';
import { openText } from '../cursor.ts';
import { parse } from '../parse.ts';
import { parseJson } from '../parse-json.ts';
import { locate } from './assignments.ts';
import type { EnvFileForm } from './edit.ts';

export interface CommentedEntry {
  readonly name: string;
  readonly value: Secret;
  /** The lines before it, and what stands behind its value, each without its `#`. */
  readonly comments: readonly string[];
}

export interface CommentedFile {
  /** In file order. */
  readonly entries: readonly CommentedEntry[];
  /** The lines behind the last variable. */
  readonly commentsAtEnd: readonly string[];
}

/** JSON has no comments. Throws `malformed` as the parser does. */
export function readCommented(bytes: Uint8Array, form: EnvFileForm): CommentedFile {
  if (form.kind === 'json') {
    return {
      entries: parseJson(bytes, form).map((entry) => ({ ...entry, comments: [] })),
      commentsAtEnd: [],
    };
  }
  const { text } = openText(bytes, form.source);
  const assignments = locate(text, parse(bytes, form), form.dialect);
  let end = 0;
  const entries = assignments.map(({ name, value, start, end: next, valueEnd }) => {
    const before = commentLines(text.slice(end, start));
    const behind = form.dialect === 'dotenv' ? commentLines(text.slice(valueEnd, next)) : [];
    end = next;
    return { name, value, comments: [...before, ...behind] };
  });
  return { entries, commentsAtEnd: commentLines(text.slice(end)) };
}

/** Between assignments there is nothing but comments and blank lines. */
function commentLines(text: string): string[] {
  return text.split(/\r?\n/).flatMap((line) => /^[\s\ufeff]*#(.*)$/s.exec(line)?.[1] ?? []);
}
