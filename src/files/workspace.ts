/** The context of a command that works on stored files: its flags, the stores, and the event sinks. */

import { type ChangeRecorder, startChangeRecording } from '../audit/record-changes.ts';
import { type CommandLine, readAllFlags } from '../cli/arguments.ts';
import type { CommandContext } from '../cli/command.ts';
import type { Flags } from '../cli/flags.ts';
import { reportWarning, type Warning } from '../cli/report.ts';
import { Stores } from '../clients/clients.ts';
import { EnvsealError, type ErrorCode } from '../errors.ts';
import type { Host } from '../host.ts';
import { Deadline } from '../net/deadline.ts';
import { isFolder, parseSource, type Source, showUri } from '../source-uri.ts';
import { schemeOf } from '../store/schemes.ts';

export interface Workspace {
  readonly host: Host;
  readonly flags: Flags;
  /** Over one step: a command that waits for people or works through many files starts it again. */
  readonly deadline: Deadline;
  readonly stores: Stores;
  readonly events: ChangeRecorder;
  /** For `warnOnce`. */
  readonly warned: Set<ErrorCode>;
}

export async function openWorkspace({ host, commandLine }: CommandContext): Promise<Workspace> {
  host.system.forbidCoreDumps();
  const flags = readAllFlags(commandLine, host.variables);
  const deadline = new Deadline(flags.timeout);
  const stores = new Stores({ host, settings: flags, deadline });
  const events = await startChangeRecording({ stores, host, settings: flags });
  return { host, flags, deadline, stores, events, warned: new Set() };
}

/** Throws `usage` for what does not fit `usage`, such as `envseal diff URI URI`. */
export function readOperands(
  { operands, child }: CommandLine,
  { least, most = least }: { readonly least: number; readonly most?: number },
  usage: string,
): readonly string[] {
  const problem =
    child !== undefined
      ? 'unexpected --'
      : operands.length < least
        ? 'too few arguments'
        : operands.length > most
          ? 'too many arguments'
          : undefined;
  if (problem === undefined) return operands;
  throw new EnvsealError('usage', problem, { hint: usage });
}

/** A file, or one of its versions; a path also as it is typed, without `./`. Throws `usage`. */
export function parseReadable(uri: string): Source {
  refuseFolder(uri);
  const isPath = !/^[a-z][a-z0-9+.-]*:|^\.{0,2}\//i.test(uri);
  return isPath ? { ...parseSource(`./${uri}`), uri } : parseSource(uri);
}

/** A file that is to be changed: no folder, and not one of its versions. Throws `usage`. */
export function parseTarget(uri: string): Source {
  refuseFolder(uri);
  // A bucket without its s3:// must not become a file here.
  const source = parseSource(uri);
  if (schemeOf(source).versionOf(source) === undefined) return source;
  throw new EnvsealError('usage', `${showUri(uri)} names a version, and versions cannot be changed`, {
    hint: 'omit the version; envseal rollback makes an older one current again',
  });
}

function refuseFolder(uri: string): void {
  if (!isFolder(uri)) return;
  throw new EnvsealError('usage', `${showUri(uri)} is a folder`, { hint: 'name a file in it' });
}

/** One line on stderr; what is said so does not end the command. */
export function warn({ host, flags }: Pick<Workspace, 'host' | 'flags'>, warning: Warning): void {
  host.system.write(2, reportWarning(warning, flags['log-format'] === 'json' ? 'json' : 'text'));
}

/** The same for what is true of one file after the other. */
export function warnOnce(workspace: Workspace, warning: EnvsealError): void {
  if (workspace.warned.has(warning.code)) return;
  workspace.warned.add(warning.code);
  warn(workspace, warning);
}
