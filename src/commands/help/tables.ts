/** The tables of commands and flags as rows of help and of the manual page. Pure. */
import {
  COMMAND_NAMES,
  type CommandName,
  FLAGS,
  type FlagName,
  flagsOf,
  hasVariable,
} from '../../cli/flags.ts';
import { variableOf } from '../../own-variables.ts';
import type { FlagGroup } from '../../settings.ts';
import { COMMANDS } from '../summaries.ts';
import { NO_BREAK, type Row, type Section } from './layout.ts';

/** All that people call, in the order of the table. */
export const PUBLIC_COMMANDS = COMMAND_NAMES.filter((name) => !COMMANDS[name].isInternal);

/** In the overview; a command that is in none of them is among the others. */
const COMMAND_GROUPS: Readonly<Record<string, readonly CommandName[]>> = {
  'start a command': ['run'],
  'change files': ['push', 'set', 'unset', 'edit', 'copy', 'rollback', 'rotate'],
  'look at files': ['list', 'get', 'diff', 'history'],
};

/** Headings of flags, in this order. */
export const FLAG_GROUPS: Readonly<Record<FlagGroup, string>> = {
  sources: 'sources',
  variables: 'which variables',
  keys: 'keys and policy',
  changes: 'changes',
  events: 'events',
  network: 'network',
  output: 'output',
};

/** Commands that seal a file anew take `--kms-key` as the key for it, not as a pin. */
export const KEY_TO_SEAL_WITH = 'the key to seal with: ARN, id or alias in AWS KMS, or name in Cloud KMS';

/** The commands, under what they are for. */
export function commandSections(): Section[] {
  const grouped = Object.values(COMMAND_GROUPS).flat();
  const others = PUBLIC_COMMANDS.filter((name) => !grouped.includes(name));
  return [...Object.entries(COMMAND_GROUPS), ['others', others] as const].map(([title, members]) => ({
    title,
    rows: members.map((name) => [name, COMMANDS[name].summary]),
  }));
}

/** Under the headings that have any, in the order of these flags. */
export function groupFlags(
  flags: readonly FlagName[],
  toRow: (flag: FlagName) => Row,
): { readonly title: string; readonly rows: readonly Row[] }[] {
  return Object.entries(FLAG_GROUPS).flatMap(([group, title]) => {
    const rows = flags.filter((flag) => FLAGS[flag].group === group).map(toRow);
    return rows.length === 0 ? [] : [{ title, rows }];
  });
}

/** `-s, --source URI`. */
export function flagTerm(name: FlagName): string {
  const row = FLAGS[name];
  const short = row.short === undefined ? '' : `-${row.short}, `;
  const value = row.choices?.join('|') ?? row.value;
  const suffix = value === undefined ? '' : row.kind === 'switch-or-list' ? `[=${value},…]` : ` ${value}`;
  return `${short}--${name}${suffix}`;
}

/** What it does, its default and its variable. It means the same with each command but for `--kms-key`. */
export function flagText(name: FlagName, command: CommandName): string {
  const { help, default: fallback } = FLAGS[name];
  return [
    name === 'kms-key' && sealsAnew(command) ? KEY_TO_SEAL_WITH : help,
    ...(fallback === undefined ? [] : [`(default${NO_BREAK}${fallback})`]),
    ...(hasVariable(name) ? [`[${variableOf(name)}]`] : []),
  ].join(' ');
}

export function sealsAnew(command: CommandName): boolean {
  return flagsOf(command).includes('age');
}
