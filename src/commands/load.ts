/** The command that a command line calls, and its code, which is loaded then. */

import { type CommandLine, refuseForeignFlags } from '../cli/arguments.ts';
import type { Command } from '../cli/command.ts';
import { type CommandName, isCommandName } from '../cli/flags.ts';
import { ALIASES, noCommand, unknownCommand } from './unknown-command.ts';

const LOADERS: Readonly<Record<CommandName, () => Promise<Command>>> = {
  run: async () => (await import('../run/run-command.ts')).run,
  push: async () => (await import('./push.ts')).push,
  set: async () => (await import('./set.ts')).set,
  unset: async () => (await import('./set.ts')).unset,
  edit: async () => (await import('./edit.ts')).edit,
  get: async () => (await import('./get.ts')).get,
  list: async () => (await import('./list.ts')).list,
  diff: async () => (await import('./diff.ts')).diff,
  history: async () => (await import('./history.ts')).history,
  rollback: async () => (await import('./rollback.ts')).rollback,
  copy: async () => (await import('./copy.ts')).copy,
  rotate: async () => (await import('./rotate.ts')).rotate,
  keygen: async () => (await import('./keygen.ts')).keygen,
  completion: async () => (await import('./completion.ts')).completion,
  help: async () => (await import('./help.ts')).help,
  version: async () => (await import('./help.ts')).version,
  'deliver-events': async () => (await import('./deliver-events.ts')).deliverEvents,
};

/** `name` is what `commandName` returned. */
export async function loadCommand(name: CommandName): Promise<Command> {
  return await LOADERS[name]();
}

/** Without a command, what follows `--` is run's. Throws `usage`, for flags that are not the command's too. */
export function commandName(commandLine: CommandLine): CommandName {
  const { wantsHelp, wantsVersion } = commandLine;
  if (wantsHelp) return 'help';
  if (wantsVersion) return 'version';
  const name = findCommand(commandLine);
  refuseForeignFlags(commandLine, name);
  return name;
}

function findCommand({ command, child, flags }: CommandLine): CommandName {
  if (command === undefined) {
    if (child !== undefined) return 'run';
    // It says what is missing, and lists the commands.
    if (flags.length === 0) return 'help';
    throw noCommand();
  }
  const name = Object.hasOwn(ALIASES, command) ? ALIASES[command] : command;
  if (name !== undefined && isCommandName(name)) return name;
  throw unknownCommand(command);
}
