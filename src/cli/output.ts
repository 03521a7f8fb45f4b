/** What commands print: one JSON object with `--json`, text without. */
import type { Differences } from '../envfile/diff.ts';
import { type Cell, formatTable } from '../terminal/table.ts';
import { openTerminal } from '../terminal/terminal.ts';
import type { Workspace } from './workspace.ts';

type Printing = Pick<Workspace, 'host' | 'flags'>;

export function print({ host, flags }: Printing, json: object, text: () => string): void {
  host.system.write(1, flags.json ? `${JSON.stringify(json)}\n` : text());
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

/** A value must not steer the terminal that it is shown on. */
export function showValue(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) =>
    character === '\n' || character === '\t'
      ? character
      : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
