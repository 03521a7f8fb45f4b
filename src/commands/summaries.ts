/** The table of commands, as help and completion show them. */

import type { CommandRow } from '../cli/command.ts';
import type { CommandName } from '../cli/flags.ts';

export const COMMANDS: Readonly<Record<CommandName, CommandRow>> = {
  run: {
    summary: 'open the sources and exec the command, with their variables in its environment',
    usage: 'envseal run [FLAGS] -- COMMAND [ARGUMENT…]',
    example: 'envseal run --source s3://snacks/dev/env --kms-key alias/snacks -- ./api',
  },
  push: {
    summary: 'check an env file, seal it and store it',
    usage: 'envseal push [FLAGS] FILE|- URI',
    example: 'envseal push --kms-key alias/snacks app.env s3://snacks/dev/env',
  },
  set: {
    summary: 'set one variable of a sealed file; the value comes from stdin, --file or a prompt',
    usage: 'envseal set [FLAGS] URI NAME',
    example: 'openssl rand -hex 32 | envseal set s3://snacks/dev/env SESSION_KEY',
  },
  unset: {
    summary: 'remove variables from a sealed file',
    usage: 'envseal unset [FLAGS] URI NAME…',
    example: 'envseal unset s3://snacks/dev/env SESSION_KEY',
  },
  edit: {
    summary: 'change a sealed file in an editor',
    usage: 'envseal edit [FLAGS] URI',
    example: 'EDITOR=vi envseal edit s3://snacks/dev/env',
  },
  get: {
    summary: 'show one variable, or the whole file, on the terminal or in a new file',
    usage: 'envseal get [FLAGS] URI [NAME]',
    example: 'envseal get s3://snacks/dev/env DB_URL',
  },
  list: {
    summary: 'list the files of a folder, or the variables of a file, without values',
    usage: 'envseal list [FLAGS] URI',
    example: 'envseal list s3://snacks/dev/',
  },
  diff: {
    summary: 'compare two files by the names of their variables',
    usage: 'envseal diff [FLAGS] URI URI',
    example: 'envseal diff s3://snacks/dev/env s3://snacks/prod/env',
  },
  history: {
    summary: 'list the versions of a file',
    usage: 'envseal history [FLAGS] URI',
    example: 'envseal history s3://snacks/dev/env',
  },
  rollback: {
    summary: 'make an older version of a file the current one again',
    usage: 'envseal rollback [FLAGS] URI VERSION',
    example: 'envseal rollback s3://snacks/dev/env 3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY',
  },
  copy: {
    summary: 'copy a file to another place, sealed for that place and its key',
    usage: 'envseal copy [FLAGS] URI URI',
    example: 'envseal copy --kms-key alias/snacks-prod s3://snacks/dev/env s3://snacks/prod/env',
  },
  rotate: {
    summary: 'seal files again, with a new data key or another KMS key',
    usage: 'envseal rotate [FLAGS] URI…',
    example: 'envseal rotate --kms-key alias/snacks-2027 s3://snacks/dev/',
  },
  keygen: {
    summary: 'make an age identity in a new file, and print its recipient',
    usage: 'envseal keygen --out FILE',
    example: 'envseal keygen --out snacks.txt',
  },
  completion: {
    summary: 'print the completion script of a shell',
    usage: 'envseal completion bash|zsh|fish',
    example: 'envseal completion bash > /etc/bash_completion.d/envseal',
  },
  help: {
    summary: 'show the commands, one of them with its flags, or a topic',
    usage: 'envseal help [COMMAND|TOPIC]',
    example: 'envseal help push',
  },
  version: {
    summary: 'show the version',
    usage: 'envseal version',
    example: 'envseal version',
  },
  'deliver-events': {
    summary: 'deliver the events that another envseal process left behind',
    usage: 'envseal deliver-events',
    isInternal: true,
  },
};
