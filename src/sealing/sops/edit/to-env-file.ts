/** A SOPS file as a plain env file in the default dialect, with the comments, the order and the blank lines that it has. */
import { format } from '../../../envfile/write-dotenv.ts';
import type { SopsKind } from '../model.ts';
import type { OpenedSopsFile } from '../open.ts';
import { openComment } from './comment.ts';
import type { CommentPlace } from './layout.ts';
import { layOut } from './layouts.ts';
import { lineStart, type Span } from './text-edit.ts';

export async function toEnvFile({ text, key, values }: OpenedSopsFile, kind: SopsKind): Promise<Uint8Array> {
  const layout = await layOut(text, kind);
  const lines: string[] = [];
  const leaveBlank = ({ start }: Span) => {
    if (lines.length > 0 && isBehindBlankLine(text, start)) lines.push('\n');
  };
  const addComment = async ({ text }: CommentPlace) => {
    const opened = (await openComment(key, text)) ?? text;
    lines.push(...opened.split(/[\r\n\0]+/).map((line) => `#${line}\n`));
  };
  for (let i = 0; i <= values.length; i++) {
    const own = layout.comments.filter(({ variable }) => variable === i);
    for (const comment of own.filter((place) => isAlone(text, place))) {
      leaveBlank(comment);
      await addComment(comment);
    }
    const value = values[i];
    if (value !== undefined) leaveBlank(layout.values[i] as Span);
    // A comment on the line of a variable goes before it, as sops has it.
    for (const comment of own.filter((place) => !isAlone(text, place))) await addComment(comment);
    if (value !== undefined) lines.push(format([[value.name, value.value]]));
  }
  return new TextEncoder().encode(lines.join(''));
}

function isAlone(text: string, { start }: Span): boolean {
  return /^[ \t]*#$/.test(text.slice(lineStart(text, start), start));
}

function isBehindBlankLine(text: string, at: number): boolean {
  const start = lineStart(text, at);
  return start > 0 && /^[ \t\r]*$/.test(text.slice(lineStart(text, start - 1), start - 1));
}
