/** The table of commands, each of which is loaded when it is called. */

import { type CommandLine, refuseForeignFlags } from '../cli/arguments.ts';
import type { CommandRow } from '../cli/command.ts';
import { type CommandName, isCommandName } from '../cli/flags.ts';
import { EnvsealError } from '../errors.ts';
import { nearest } from '../nearest.ts';

export const COMMANDS: Readonly<Record<CommandName, CommandRow>> = {
  run: {
    summary: 'open the sources and become the command, with their variables in its environment',
    usage: 'envseal run [FLAGS] -- COMMAND [ARGUMENT…]',
    example: 'envseal run --source s3://snacks/dev/env --kms-key alias/snacks -- ./api',
    load: async () => (await import('../run/run.ts')).run,
  },
  push: {
    summary: 'check an env file, seal it and store it',
    usage: 'envseal push [FLAGS] FILE|- URI',
    example: 'envseal push --kms-key alias/snacks app.env s3://snacks/dev/env',
    load: async () => (await import('./push.ts')).push,
  },
  set: {
    summary: 'set one variable of a sealed file; the value comes from stdin, --file or a prompt',
    usage: 'envseal set [FLAGS] URI NAME',
    example: 'openssl rand -hex 32 | envseal set s3://snacks/dev/env SESSION_KEY',
    load: async () => (await import('./set.ts')).set,
  },
  unset: {
    summary: 'remove variables from a sealed file',
    usage: 'envseal unset [FLAGS] URI NAME…',
    example: 'envseal unset s3://snacks/dev/env SESSION_KEY',
    load: async () => (await import('./set.ts')).unset,
  },
  edit: {
    summary: 'change a sealed file in an editor',
    usage: 'envseal edit [FLAGS] URI',
    example: 'EDITOR=vi envseal edit s3://snacks/dev/env',
    load: async () => (await import('./edit.ts')).edit,
  },
  get: {
    summary: 'show one variable, or the whole file, on the terminal or in a new file',
    usage: 'envseal get [FLAGS] URI [NAME]',
    example: 'envseal get s3://snacks/dev/env DB_URL',
    load: async () => (await import('./get.ts')).get,
  },
  list: {
    summary: 'list the files of a folder, or the variables of a file, without values',
    usage: 'envseal list [FLAGS] URI',
    example: 'envseal list s3://snacks/dev/',
    load: async () => (await import('./list.ts')).list,
  },
  diff: {
    summary: 'compare two files by the names of their variables',
    usage: 'envseal diff [FLAGS] URI URI',
    example: 'envseal diff s3://snacks/dev/env s3://snacks/prod/env',
    load: async () => (await import('./diff.ts')).diff,
  },
  history: {
    summary: 'list the versions of a file',
    usage: 'envseal history [FLAGS] URI',
    example: 'envseal history s3://snacks/dev/env',
    load: async () => (await import('./history.ts')).history,
  },
  rollback: {
    summary: 'make an older version of a file the current one again',
    usage: 'envseal rollback [FLAGS] URI VERSION',
    example: 'envseal rollback s3://snacks/dev/env 3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY',
    load: async () => (await import('./rollback.ts')).rollback,
  },
  copy: {
    summary: 'copy a file to another place, sealed for that place and its key',
    usage: 'envseal copy [FLAGS] URI URI',
    example: 'envseal copy --kms-key alias/snacks-prod s3://snacks/dev/env s3://snacks/prod/env',
    load: async () => (await import('./copy.ts')).copy,
  },
  rotate: {
    summary: 'seal files again, with a new data key or another KMS key',
    usage: 'envseal rotate [FLAGS] URI…',
    example: 'envseal rotate --kms-key alias/snacks-2027 s3://snacks/dev/',
    load: async () => (await import('./rotate.ts')).rotate,
  },
  keygen: {
    summary: 'make an age identity in a new file, and print its recipient',
    usage: 'envseal keygen --out FILE',
    example: 'envseal keygen --out snacks.txt',
    load: async () => (await import('./keygen.ts')).keygen,
  },
  completion: {
    summary: 'print the completion script of a shell',
    usage: 'envseal completion bash|zsh|fish',
    example: 'envseal completion bash > /etc/bash_completion.d/envseal',
    load: async () => (await import('./completion.ts')).completion,
  },
  help: {
    summary: 'show the commands, or one of them with its flags',
    usage: 'envseal help [COMMAND]',
    example: 'envseal help push',
    load: async () => (await import('./help.ts')).help,
  },
  version: {
    summary: 'show the version',
    usage: 'envseal version',
    example: 'envseal version',
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
