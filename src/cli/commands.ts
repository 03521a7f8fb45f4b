/** The table of commands. `run` is part of the first chunk, because each start needs it; the others are loaded when called. */
import { EnvsealError } from '../errors.ts';
import type { Host } from '../host.ts';
import { nearest } from '../nearest.ts';
import type { CommandLine } from './arguments.ts';
import { run } from './run.ts';

export interface CommandContext {
  readonly host: Host;
  readonly commandLine: CommandLine;
}

/** Resolves when the command is done; `run` never does. */
export type Command = (context: CommandContext) => Promise<void>;

export interface CommandRow {
  readonly summary: string;
  readonly usage: string;
  readonly load: () => Promise<Command>;
}

export const COMMANDS: Readonly<Record<string, CommandRow>> = {
  run: {
    summary: 'open the sources and become the command, with their variables in its environment',
    usage: 'envseal run [FLAGS] -- COMMAND [ARGUMENT…]',
    load: async () => run,
  },
  help: {
    summary: 'show the commands, or one of them with its flags',
    usage: 'envseal help [COMMAND]',
    load: async () => (await import('./help.ts')).help,
  },
  version: {
    summary: 'show the version',
    usage: 'envseal version',
    load: async () => (await import('./help.ts')).version,
  },
};

const ALIASES: Readonly<Record<string, string>> = { exec: 'run' };

/** Without a command, what follows `--` is run's. Throws `usage`. */
export function commandName(commandLine: CommandLine): string {
  const { command, child, wantsHelp, wantsVersion } = commandLine;
  if (wantsHelp) return 'help';
  if (wantsVersion) return 'version';
  if (command === undefined) {
    if (child !== undefined) return 'run';
    throw new EnvsealError('usage', 'no command given', { hint: 'envseal run -- COMMAND, or envseal help' });
  }
  const name = ALIASES[command] ?? command;
  if (Object.hasOwn(COMMANDS, name)) return name;
  const near = nearest(command, [...Object.keys(COMMANDS), ...Object.keys(ALIASES)]);
  const hint =
    near === undefined
      ? 'the container command goes after --: envseal run -- COMMAND'
      : `did you mean ${near}?`;
  throw new EnvsealError('usage', `unknown command ${command}`, { hint });
}
