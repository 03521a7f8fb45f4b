/** `envseal help` and `envseal version`, made from the tables. */

import type { Command } from '../cli/command.ts';
import {
  COMMAND_NAMES,
  type CommandName,
  FLAGS,
  type FlagName,
  flagsOf,
  hasVariable,
  isCommandName,
} from '../cli/flags.ts';
import { EnvsealError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { variableOf } from '../own-variables.ts';
import type { System } from '../system/system.ts';
import { VERSION } from '../version.ts';
import { COMMANDS } from './table.ts';

/** In the overview; a command that is in none of them is among the others. */
const GROUPS: Readonly<Record<string, readonly CommandName[]>> = {
  'start a command': ['run'],
  'change files': ['push', 'set', 'unset', 'edit', 'copy', 'rollback', 'rotate'],
  'look at files': ['list', 'get', 'diff', 'history'],
};

/** For commands that seal anew `--kms-key` is no pin. */
const KEY_TO_SEAL_WITH = 'the key to seal with: ARN, id or alias of AWS KMS, name of Cloud KMS';

export const help: Command = async ({ host, commandLine }) => {
  const { command, operands } = commandLine;
  const topic = command === 'help' ? operands[0] : command;
  host.system.write(
    1,
    topic === undefined || topic === 'help'
      ? overview(host.system.runtime)
      : details(topic === 'exec' ? 'run' : topic),
  );
};

export const version: Command = async ({ host }) => {
  host.system.write(1, `envseal ${VERSION}\n`);
};

/** Of the container executable, whose help has all commands: they are what people look for. */
const CONTAINER_ONLY = [
  'This is the container executable: it has run, completion, help and version. The others need the full envseal, on Node.',
];

function overview(runtime: System['runtime']): string {
  return [
    'envseal opens KMS-sealed env files and becomes the container command, with their variables in its environment.',
    'Its other commands put env files there, and change and compare them.',
    '',
    'usage: envseal [COMMAND] [FLAGS] [-- COMMAND [ARGUMENT…]]',
    '',
    ...listCommands(),
    'example:',
    '  ENVSEAL_SOURCE=s3://snacks/dev/env envseal run -- ./api',
    '',
    'envseal help run lists the flags; each has a variable, such as ENVSEAL_KMS_KEY for --kms-key.',
    ...(runtime === 'host' ? CONTAINER_ONLY : []),
    '',
  ].join('\n');
}

function listCommands(): string[] {
  const names = COMMAND_NAMES.filter((name) => !COMMANDS[name].isInternal);
  const lines = columns(names.map((name) => [name, COMMANDS[name].summary]));
  const grouped = Object.values(GROUPS).flat();
  const others = names.filter((name) => !grouped.includes(name));
  return [...Object.entries(GROUPS), ['others', others] as const].flatMap(([title, members]) => [
    `${title}:`,
    ...members.map((name) => lines[names.indexOf(name)] as string),
    '',
  ]);
}

function details(name: string): string {
  if (!isCommandName(name)) {
    const near = nearest(name, Object.keys(COMMANDS));
    throw new EnvsealError('usage', `no help on ${name}`, {
      hint: near === undefined ? 'envseal help lists the commands' : `did you mean ${near}?`,
    });
  }
  const { usage, summary, example } = COMMANDS[name];
  const lines = [
    usage,
    '',
    summary,
    '',
    'flags:',
    ...columns(flagsOf(name).map((flag) => flagLine(flag, name))),
  ];
  if (example !== undefined) lines.push('', 'example:', `  ${example}`);
  return `${lines.join('\n')}\n`;
}

function flagLine(name: FlagName, command: CommandName): readonly [string, string] {
  const row = FLAGS[name];
  const short = row.short === undefined ? '' : `-${row.short}, `;
  const value = row.choices?.join('|') ?? row.value;
  const suffix = value === undefined ? '' : row.kind === 'switch-or-list' ? `[=${value},…]` : ` ${value}`;
  const fallback = row.default === undefined ? '' : ` (default ${row.default})`;
  const variable = hasVariable(name) ? `; ${variableOf(name)}` : '';
  const sealsAnew = name === 'kms-key' && flagsOf(command).includes('age');
  return [`${short}--${name}${suffix}`, `${sealsAnew ? KEY_TO_SEAL_WITH : row.help}${fallback}${variable}`];
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
