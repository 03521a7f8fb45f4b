/** The differences of two files, as text for people. */
import type { Differences } from '../envfile/diff.ts';
import type { Host } from '../host.ts';
import { openTerminal } from '../terminal/terminal.ts';

/** https://en.wikipedia.org/wiki/ANSI_escape_code#Colors */
const COLOURS = { added: 32, changed: 33, removed: 31 } as const;

/** A line for each kind of change that there is; empty without any. */
export function describeDifferences({ host }: { readonly host: Host }, differences: Differences): string {
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
