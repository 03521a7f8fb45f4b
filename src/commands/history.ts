/** `envseal history`: the versions that the store keeps of a file. */

import type { Command } from '../cli/command.ts';
import { print, table } from '../cli/output.ts';
import { describeAge } from '../cli/time-ago.ts';
import { openWorkspace, parseTarget, readOperands } from '../files/workspace.ts';

const USAGE = 'envseal history URI';

export const history: Command = async (context) => {
  const [uri = ''] = readOperands(context.commandLine, { least: 1 }, USAGE);
  const source = parseTarget(uri);
  const workspace = await openWorkspace(context);
  const found = await (await workspace.stores.writable(source.scheme)).versions(source);
  const versions = found.map(({ modified, ...version }) => ({
    ...version,
    modified: modified?.toISOString() ?? null,
  }));
  print(workspace, { uri, versions }, () =>
    table(
      workspace,
      ['version', 'time', 'age', 'size', ''],
      versions.map(({ version, modified, size, isCurrent, isDeletion }) => [
        version,
        modified?.replace(/\.\d+Z$/, 'Z') ?? '',
        describeAge(modified),
        isDeletion ? '' : size,
        [isCurrent ? 'current' : '', isDeletion ? 'deleted' : ''].filter((word) => word !== '').join(', '),
      ]),
    ),
  );
  return undefined;
};
