/** The table of commands. `run` is part of the first chunk, because each start needs it; the others are loaded when called. */
import { EnvsealError } from '../errors.ts';
import type { Host } from '../host.ts';
import { nearest } from '../nearest.ts';
import { type CommandLine, refuseForeignFlags } from './arguments.ts';
import { type CommandName, isCommandName } from './flags.ts';
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
  /** One that works as it stands. */
  readonly example?: string;
  /** envseal runs it by itself: no help lists it. */
  readonly isInternal?: true;
  readonly load: () => Promise<Command>;
}

export const COMMANDS: Readonly<Record<CommandName, CommandRow>> = {
  run: {
    summary: 'open the sources and become the command, with their variables in its environment',
    usage: 'envseal run [FLAGS] -- COMMAND [ARGUMENT…]',
    example: 'envseal run --source s3://snacks/dev/env --kms-key alias/snacks -- ./api',
    load: async () => run,
  },
  keygen: {
    summary: 'make an age identity in a new file, and print its recipient',
    usage: 'envseal keygen --out FILE',
    example: 'envseal keygen --out snacks.txt',
    load: async () => (await import('./keygen.ts')).keygen,
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
  'deliver-events': {
    summary: 'deliver the events that another envseal leaves behind',
    usage: 'envseal deliver-events',
    isInternal: true,
    load: async () => (await import('./deliver-events.ts')).deliverEvents,
  },
};

const ALIASES: Readonly<Record<string, string>> = { exec: 'run' };

/** Without a command, what follows `--` is run's. Throws `usage`, for flags that are not the command's too. */
export function commandName(commandLine: CommandLine): CommandName {
  const { wantsHelp, wantsVersion } = commandLine;
  if (wantsHelp) return 'help';
  if (wantsVersion) return 'version';
  const name = findCommand(commandLine);
  refuseForeignFlags(commandLine, name);
  return name;
}

function findCommand({ command, child }: CommandLine): CommandName {
  if (command === undefined) {
    if (child !== undefined) return 'run';
    throw new EnvsealError('usage', 'no command given', { hint: 'envseal run -- COMMAND, or envseal help' });
  }
  const name = ALIASES[command] ?? command;
  if (isCommandName(name)) return name;
  const near = nearest(command, [...Object.keys(COMMANDS), ...Object.keys(ALIASES)]);
  const hint =
    near === undefined
      ? 'the container command goes after --: envseal run -- COMMAND'
      : `did you mean ${near}?`;
  throw new EnvsealError('usage', `unknown command ${command}`, { hint });
}
