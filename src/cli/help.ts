/** `envseal help` and `envseal version`, made from the tables. */
import { EnvsealError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { variableOf } from '../settings.ts';
import { VERSION } from '../version.ts';
import { COMMANDS, type Command } from './commands.ts';
import { FLAGS, type FlagName, flagsOf, hasVariable, isCommandName } from './flags.ts';

export const help: Command = async ({ host, commandLine }) => {
  const { command, operands } = commandLine;
  const topic = command === 'help' ? operands[0] : command;
  host.system.write(
    1,
    topic === undefined || topic === 'help' ? overview() : details(topic === 'exec' ? 'run' : topic),
  );
};

export const version: Command = async ({ host }) => {
  host.system.write(1, `envseal ${VERSION}\n`);
};

function overview(): string {
  const commands = Object.entries(COMMANDS)
    .filter(([, { isInternal }]) => !isInternal)
    .map(([name, { summary }]) => [name, summary] as const);
  return [
    'envseal opens KMS-sealed env files and becomes the container command, with their variables in its environment.',
    '',
    'usage: envseal [COMMAND] [FLAGS] [-- COMMAND [ARGUMENT…]]',
    '',
    'commands:',
    ...columns(commands),
    '',
    'example:',
    '  ENVSEAL_SOURCE=s3://snacks/dev/env envseal run -- ./api',
    '',
    'envseal help run lists the flags; each has a variable, such as ENVSEAL_KMS_KEY for --kms-key.',
    '',
  ].join('\n');
}

function details(name: string): string {
  if (!isCommandName(name)) {
    const near = nearest(name, Object.keys(COMMANDS));
    throw new EnvsealError('usage', `no help on ${name}`, {
      hint: near === undefined ? 'envseal help lists the commands' : `did you mean ${near}?`,
    });
  }
  const { usage, summary, example } = COMMANDS[name];
  const lines = [usage, '', summary, '', 'flags:', ...columns(flagsOf(name).map(flagLine))];
  if (example !== undefined) lines.push('', 'example:', `  ${example}`);
  return `${lines.join('\n')}\n`;
}

function flagLine(name: FlagName): readonly [string, string] {
  const row = FLAGS[name];
  const short = row.short === undefined ? '' : `-${row.short}, `;
  const value = row.choices?.join('|') ?? row.value;
  const suffix = value === undefined ? '' : row.kind === 'switch-or-list' ? `[=${value},…]` : ` ${value}`;
  const fallback = row.default === undefined ? '' : ` (default ${row.default})`;
  const variable = hasVariable(name) ? `; ${variableOf(name)}` : '';
  return [`${short}--${name}${suffix}`, `${row.help}${fallback}${variable}`];
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
