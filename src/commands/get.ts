/** `envseal get`: the one command that shows values, to a person: on a terminal, or in a file of their own. */

import { recordAccess } from '../audit/record-access.ts';
import type { Command } from '../cli/command.ts';
import { showText } from '../cli/output.ts';
import { formatVariables } from '../envfile/write-dotenv.ts';
import { EnvsealError } from '../errors.ts';
import { writeNewFile } from '../files/new-file.ts';
import { type OpenedFile, openFile, policyOf } from '../files/open-file.ts';
import { openWorkspace, parseReadable, readOperands } from '../files/workspace.ts';
import { isPlain } from '../run/open-object.ts';
import { openTerminal } from '../terminal/terminal.ts';

const USAGE = 'envseal get URI [NAME], with --out FILE if stdout is not a terminal';

export const get: Command = async (context) => {
  const [uri = '', name] = readOperands(context.commandLine, { least: 1, most: 2 }, USAGE);
  const source = parseReadable(uri);
  const workspace = await openWorkspace(context);
  const { out } = workspace.flags;
  if (out === undefined) refusePipe(openTerminal(context.host.variables).isTerminal(1));
  const text = await recordAccess(workspace, 'get', [source], async ([attempt]) => {
    const file = await openFile(source, await policyOf(workspace), workspace, attempt);
    return name === undefined ? wholeText(file) : valueOfName(name, file);
  });
  if (out !== undefined) writeNewFile(out, text);
  else context.host.system.write(1, showText(text.endsWith('\n') ? text : `${text}\n`));
  return undefined;
};

/** What goes into a pipe ends in a log or a shell's variable sooner or later; `run` is how programs get values. */
function refusePipe(isTerminal: boolean): void {
  if (isTerminal) return;
  throw new EnvsealError('usage', 'get prints values only to a terminal, and stdout is not one', {
    hint: 'use --out FILE, readable only by its owner; to pass them to a program, use envseal run --source URI -- PROGRAM',
  });
}

function valueOfName(name: string, { variables, source }: OpenedFile): string {
  const value = variables.get(name);
  if (value !== undefined) return value.reveal();
  throw new EnvsealError('not_found', `${source.uri} has no such variable`, {
    hint: `envseal list ${source.uri} shows its variables`,
  });
}

/** As it is stored, where that is an env file; otherwise as one. */
function wholeText({ content, object, variables }: OpenedFile): string {
  if (isPlain(content)) return Buffer.from(object.bytes).toString('utf8');
  return formatVariables(variables);
}
