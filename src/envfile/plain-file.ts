/**
 * Env files of nothing but plain lines (see `plain-lines.ts`), empty lines and comments in the first column: nearly all that
 * there are. A start that opens one loads no parser. The host has the same as a native function.
 */
import type { AssignmentLists } from '../secret-map.ts';
import { NAME_PATTERN } from './name.ts';

const PLAIN = new RegExp(`^(${NAME_PATTERN})=(?![ \\t'"])[^\\n\\r#]*$`);

/** For the parser, which refuses it: it would end the variable in the command's environment and begin another one there. */
const NUL = '\0';
/** For the parser, too: it may stand for bytes that were not UTF-8 when the file was made. */
const REPLACED = '\uFFFD';

/**
 * `undefined` for any other file, and for one that holds one of the words. Of bytes, because QuickJS takes longer to make
 * text of them, and bytes again, than to read them.
 */
export type ReadPlainFile = (bytes: Uint8Array, unless: readonly string[]) => AssignmentLists | undefined;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const readPlainFile: ReadPlainFile = (bytes, unless) => {
  const text = decode(bytes);
  if (text === undefined || [NUL, REPLACED, ...unless].some((word) => text.includes(word))) return undefined;
  const names: string[] = [];
  const assignments: string[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || (line.startsWith('#') && !line.includes('\r'))) continue;
    const name = PLAIN.exec(line)?.[1];
    if (name === undefined || line.endsWith(' ') || line.endsWith('\t')) return undefined;
    names.push(name);
    assignments.push(line);
  }
  return { names, assignments };
};

function decode(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
