/** The command contract, for the tables and for each command. */
import type { Host } from '../host.ts';
import type { CommandLine } from './arguments.ts';

export interface CommandContext {
  readonly host: Host;
  readonly commandLine: CommandLine;
}

/** Resolves when the command is done, with its exit status if that is not 0; `run` never does. */
export type Command = (context: CommandContext) => Promise<number | undefined>;

export interface CommandRow {
  readonly summary: string;
  readonly usage: string;
  /** An example that works as it stands. */
  readonly example?: string;
  /** envseal runs it itself: no help lists it. */
  readonly isInternal?: true;
}
