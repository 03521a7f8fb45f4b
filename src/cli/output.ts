/** Output of commands: one JSON object with `--json`, text without. */
import type { Host } from '../host.ts';
import { type Cell, formatTable } from '../terminal/table.ts';
import { openTerminal } from '../terminal/terminal.ts';
import type { Flags } from './flags.ts';

interface Printing {
  readonly host: Host;
  readonly flags: Flags;
}

export function print({ host, flags }: Printing, json: object, text: () => string): void {
  host.system.write(1, flags.json ? `${toJson(json)}\n` : text());
}

export function table(
  { host }: Printing,
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
): string {
  const terminal = openTerminal(host.variables);
  return formatTable(head, rows, { width: terminal.columns(1), colour: terminal.hasColour(1) });
}

/**
 * Characters that control a terminal, reorder text or are invisible: names and keys of stored files can hold
 * them.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** The same value for a parser, without anything that a terminal would obey. */
function toJson(json: object): string {
  return JSON.stringify(json).replace(INVISIBLE, (character) =>
    // A character outside the BMP as its surrogate pair: JSON has no other escape for it.
    Array.from({ length: character.length }, (_, at) => character.charCodeAt(at).toString(16))
      .map((digits) => `\\u${digits.padStart(4, '0')}`)
      .join(''),
  );
}

/** A text with its lines. Its content must not control the terminal that it is shown on. */
export function showText(text: string): string {
  return text.replace(INVISIBLE, (character, at: number) =>
    character === '\n' || (character === '\r' && text[at + 1] === '\n') ? character : toVisible(character),
  );
}

/** A value in a line of its own, which none of its line feeds may end: what follows would look like ours. */
export function showValue(value: string): string {
  return value.replace(INVISIBLE, toVisible);
}

function toVisible(character: string): string {
  return character === '\t' ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
