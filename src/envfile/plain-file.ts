/**
 * Env files of nothing but plain lines (see `plain-lines.ts`), empty lines and comments in the first column: nearly all that
 * there are. A start that opens one loads no parser. The host has the same as a native function.
 */
import { NAME_PATTERN } from './name.ts';

const PLAIN = new RegExp(`^(${NAME_PATTERN})=(?![ \\t'"])[^\\n\\r#]*$`);

/**
 * For the parser, which has the bytes and refuses them: a NUL would end the variable in the command's environment and begin
 * another one there, and U+FFFD may stand for bytes that are not UTF-8.
 */
const DOUBTFUL = /[\0\uFFFD]/;

/** For each assignment its name and then `NAME=value`, in file order; `undefined` for any other file. */
export type ReadPlainFile = (text: string) => string[] | undefined;

export const readPlainFile: ReadPlainFile = (text) => {
  if (DOUBTFUL.test(text)) return undefined;
  const found: string[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || (line.startsWith('#') && !line.includes('\r'))) continue;
    const name = PLAIN.exec(line)?.[1];
    if (name === undefined || line.endsWith(' ') || line.endsWith('\t')) return undefined;
    found.push(name, line);
  }
  return found;
};
