/** Output of the commands that store a file. */

import { describeDifferences } from '../cli/differences.ts';
import { print } from '../cli/output.ts';
import type { Finding } from '../envfile/lint/lint.ts';
import type { Attempt } from '../events/attempt.ts';
import type { Stored } from './store-file.ts';
import { warnUnversioned } from './versioning.ts';
import type { Workspace } from './workspace.ts';

/** The result; `seal` if the command decided how the file is sealed, instead of keeping it. */
export type Outcome = Stored & { readonly seal?: Pick<Attempt, 'sealing' | 'kmsKeys'> };

/** Without an outcome, nothing had to be stored; `findings` are on stderr already where it is text. */
export function printStored(
  uri: string,
  outcome: Outcome | undefined,
  workspace: Workspace,
  findings: readonly Finding[] = [],
): void {
  const found = findings.length === 0 ? {} : { findings };
  if (outcome === undefined) {
    print(workspace, { uri, outcome: 'unchanged', ...found }, () => `${uri}: unchanged\n`);
    return;
  }
  warnUnversioned(workspace, outcome);
  const { version, previousVersion, differences, seal } = outcome;
  const asVersion = version === null ? '' : ` as version ${version}`;
  const sealed = seal === undefined ? '' : `, sealed by ${seal.sealing} (${seal.kmsKeys.join(', ')})`;
  print(
    workspace,
    { uri, outcome: 'stored', version, previousVersion, ...seal, ...differences, ...found },
    () => `${uri}: stored${asVersion}${sealed}\n${describeDifferences(workspace, differences)}`,
  );
}
