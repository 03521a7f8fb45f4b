/** `envseal diff`: which variables two files have in common and which not, by name. */

import { recordAccess } from '../audit/record-access.ts';
import type { Command } from '../cli/command.ts';
import { describeDifferences } from '../cli/differences.ts';
import { print, showValue } from '../cli/output.ts';
import { type Differences, diffVariables, hasDifferences } from '../envfile/diff.ts';
import { EnvsealError } from '../errors.ts';
import { type OpenedFile, openFile, policyOf } from '../files/open-file.ts';
import { openWorkspace, parseReadable, readOperands, type Workspace } from '../files/workspace.ts';
import type { Source } from '../source-uri.ts';
import { openTerminal } from '../terminal/terminal.ts';

const USAGE = 'envseal diff URI URI';

export const diff: Command = async (context) => {
  const uris = readOperands(context.commandLine, { least: 2 }, USAGE);
  const sources = uris.map(parseReadable);
  const workspace = await openWorkspace(context);
  const { flags } = workspace;
  if (flags.values) requireTerminal(workspace);
  const [before, after] = await recordAccess(workspace, 'diff', sources, (attempts) =>
    Promise.all(attempts.map((attempt) => open(attempt.source, workspace, attempt))),
  );
  if (before === undefined || after === undefined) throw new EnvsealError('internal', 'diff has two sides');
  const differences = diffVariables(before.variables, after.variables);
  const isSame = !hasDifferences(differences);
  print(workspace, { before: uris[0], after: uris[1], isSame, ...differences }, () =>
    isSame
      ? 'no differences\n'
      : flags.values
        ? describeValues(before, after, differences)
        : describeDifferences(workspace, differences),
  );
  return !isSame && flags['exit-code'] ? 1 : undefined;
};

/** A file on this disk is compared as it is: whoever runs this can read it anyway. */
async function open(
  source: Source,
  workspace: Workspace,
  attempt: Parameters<typeof openFile>[3],
): Promise<OpenedFile> {
  const policy = await policyOf(workspace);
  return await openFile(
    source,
    source.scheme === 'file' ? { ...policy, allowUnsealed: true } : policy,
    workspace,
    attempt,
  );
}

function requireTerminal({ host, flags }: Workspace): void {
  if (flags.json)
    throw new EnvsealError('usage', '--values cannot be combined with --json', { hint: 'drop one' });
  if (openTerminal(host.variables).isTerminal(1)) return;
  throw new EnvsealError('usage', '--values prints only to a terminal, and stdout is not one', {
    hint: 'drop --values',
  });
}

function describeValues(
  before: OpenedFile,
  after: OpenedFile,
  { added, changed, removed }: Differences,
): string {
  const line = (sign: string, name: string, { variables }: OpenedFile) =>
    `${sign} ${name}=${showValue(variables.get(name)?.reveal() ?? '')}\n`;
  return [
    ...removed.map((name) => line('-', name, before)),
    ...changed.flatMap((name) => [line('-', name, before), line('+', name, after)]),
    ...added.map((name) => line('+', name, after)),
  ].join('');
}
