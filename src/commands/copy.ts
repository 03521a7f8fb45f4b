/** `envseal copy`: a file at another place, sealed for that place and its key. */

import { recordAccess } from '../audit/record-access.ts';
import type { Command } from '../cli/command.ts';
import { diffVariables, hasDifferences } from '../envfile/diff.ts';
import { formatVariables } from '../envfile/write-dotenv.ts';
import { type OpenedFile, openFile, refuseOthers } from '../files/open-file.ts';
import { printStored } from '../files/print-stored.ts';
import {
  checkSeal,
  inDialectOf,
  keepAtRest,
  keysOf,
  matchesPlan,
  type PlainFile,
  type SealedBytes,
  type SealPlan,
  sealFile,
} from '../files/seal-file.ts';
import { recordChange, storeContent } from '../files/store-file.ts';
import {
  openWorkspace,
  parseReadable,
  parseTarget,
  readOperands,
  type Workspace,
} from '../files/workspace.ts';
import { isPlain } from '../run/open-object.ts';
import type { Source } from '../source-uri.ts';
import { inspectTarget } from './push.ts';

const USAGE = 'envseal copy URI URI';

export const copy: Command = async (context) => {
  const [from = '', to = ''] = readOperands(context.commandLine, { least: 2 }, USAGE);
  const [source, target] = [parseReadable(from), parseTarget(to)];
  const workspace = await openWorkspace(context);
  const { flags } = workspace;
  if (flags.seal !== undefined) checkSeal(target, flags.seal, flags);
  const original = await recordAccess(workspace, 'copy', [source], async ([attempt]) => {
    const pinnedKeys = await workspace.stores.resolveKeys(flags['from-kms-key']);
    const policy = { pinnedKeys, allowUnsealed: flags['allow-unsealed'] };
    const file = await openFile(source, policy, workspace, attempt);
    refuseOthers(file, pinnedKeys);
    return file;
  });
  const stored = await recordChange(workspace, target, 'copied', async (attempt) => {
    const { existing, plan } = await inspectTarget(target, attempt, workspace);
    const isThere = existing.file !== undefined && matchesPlan(existing.file, plan);
    if (isThere && !hasDifferences(diffVariables(existing.file?.variables, original.variables)))
      return undefined;
    const sealed = await sealCopy(original, plan, target, existing.file, workspace);
    const { variables } = original;
    const content = { sealed, variables, before: existing.file, expected: existing.expected };
    const result = await storeContent(workspace, target, content, attempt);
    attempt.kmsKeys = keysOf(plan, result.written.sealing);
    return { ...result, seal: { sealing: attempt.sealing, kmsKeys: attempt.kmsKeys } };
  });
  printStored(target.uri, stored, workspace);
  return undefined;
};

/** A SOPS file stays one of its kind, with its rules and comments; what only older tools write becomes an env file. */
async function sealCopy(
  { content, object, document, variables, source }: OpenedFile,
  plan: SealPlan,
  target: Source,
  existing: OpenedFile | undefined,
  workspace: Workspace,
): Promise<SealedBytes> {
  const before = existing?.object.sealing;
  if (document !== undefined && plan.kind === 'sops') {
    const { wrapWith } = await import('../keys/wrap.ts');
    const bytes = await document.rotate({
      keys: plan.keys,
      wrap: wrapWith(workspace.stores),
      now: new Date(),
    });
    return { bytes, seal: keepAtRest(before), kind: 'sops' };
  }
  const seal = (file: PlainFile) =>
    sealFile(plan.kind === 'sops' ? file : inDialectOf(target, file), plan, before, workspace);
  if (isPlain(content)) return await seal({ bytes: object.bytes, kind: content.kind, source });
  const bytes = (await document?.toDotenv()) ?? Buffer.from(formatVariables(variables));
  const plain = { ...source, dialect: 'dotenv' as const };
  return await seal({ bytes, kind: 'dotenv', source: plain });
}
