/**
 * The plain lines of an env file: a name, `=` and a value that starts with no quote, holds neither `#` nor CR, and has no
 * space or tab at either end. Nearly all lines are plain. The host has the same as a native function, because this takes an
 * interpreter longer than all else that a start with thousands of variables does.
 */
import { NAME_PATTERN } from './name.ts';

const PLAIN = new RegExp(`(${NAME_PATTERN})=(?![ \\t'"])[^\\n\\r#]*(?=\\n|$)`, 'y');

/**
 * For each line its start, the end of its name, and its end: indices in `text`. Lines inside quotes are
 * included.
 */
export type FindPlainLines = (text: string) => Int32Array;

export const plainLines: FindPlainLines = (text) => {
  const found: number[] = [];
  for (let at = 0; at < text.length; ) {
    const lf = text.indexOf('\n', at);
    const end = lf === -1 ? text.length : lf;
    PLAIN.lastIndex = at;
    const name = PLAIN.exec(text)?.[1];
    if (name !== undefined && text[end - 1] !== ' ' && text[end - 1] !== '\t')
      found.push(at, at + name.length, end);
    at = end + 1;
  }
  return Int32Array.from(found);
};
