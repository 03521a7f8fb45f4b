/** What commands print: one JSON object with `--json`, text without. */
import type { Differences } from '../envfile/diff.ts';
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

/** https://en.wikipedia.org/wiki/ANSI_escape_code#Colors */
const COLOURS = { added: 32, changed: 33, removed: 31 } as const;

/** A line for each kind of change that there is; empty without any. */
export function describeDifferences({ host }: Printing, differences: Differences): string {
  const colour = openTerminal(host.variables).hasColour(1);
  return (['added', 'changed', 'removed'] as const)
    .filter((kind) => differences[kind].length > 0)
    .map((kind) => {
      const label = kind.padEnd(9);
      const shown = colour ? `\u001b[${COLOURS[kind]}m${label}\u001b[0m` : label;
      return `  ${shown}${differences[kind].join(', ')}\n`;
    })
    .join('');
}

/** What steers a terminal, turns text around or hides: names and keys of stored files can hold it. */
const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** The same value for whoever parses it, and nothing that a terminal obeys for whoever looks at it. */
function toJson(json: object): string {
  return JSON.stringify(json).replace(INVISIBLE, (character) =>
    // Halves of a pair where it is one: JSON knows no other way to say it.
    Array.from({ length: character.length }, (_, at) => character.charCodeAt(at).toString(16))
      .map((digits) => `\\u${digits.padStart(4, '0')}`)
      .join(''),
  );
}

/** A text with its lines. What is in it must not steer the terminal that it is shown on. */
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
