/** `envseal push`: checks an env file, seals it and stores it, if it is not what is there already. */

import type { ChangeAttempt } from '../audit/record-changes.ts';
import type { Command } from '../cli/command.ts';
import { print } from '../cli/output.ts';
import { diffVariables, hasDifferences } from '../envfile/diff.ts';
import { EnvsealError } from '../errors.ts';
import { inspectBucket } from '../files/check-bucket.ts';
import { readInput } from '../files/input-file.ts';
import { checkInput } from '../files/lint-file.ts';
import { ANY_SEALING, type OpenedFile, openFile } from '../files/open-file.ts';
import { printStored } from '../files/print-stored.ts';
import {
  checkSeal,
  inDialectOf,
  keysOf,
  matchesPlan,
  type PlainFile,
  planSeal,
  type SealPlan,
  sealFile,
} from '../files/seal-file.ts';
import { recordChange, storeContent } from '../files/store-file.ts';
import { openWorkspace, parseTarget, readOperands, type Workspace } from '../files/workspace.ts';
import { openPlain } from '../sealing/open-plain.ts';
import type { Secret } from '../secret.ts';
import type { Source } from '../source-uri.ts';
import type { Expected } from '../store/contract.ts';

const USAGE = 'envseal push FILE|- URI, or envseal push --from-env NAME|GLOB URI';

export const push: Command = async (context) => {
  const workspace = await openWorkspace(context);
  const { flags } = workspace;
  const isFromEnv = flags['from-env'].length > 0;
  const words = isFromEnv ? 1 : 2;
  const operands = readOperands(
    context.commandLine,
    { least: flags.check ? words - 1 : words, most: words },
    USAGE,
  );
  const [path, uri] = isFromEnv ? [undefined, operands[0]] : [operands[0], operands[1]];
  const target = uri === undefined ? undefined : parseTarget(uri);
  if (target !== undefined && flags.seal !== undefined) checkSeal(target, flags.seal, flags);
  const file = await readInput(path, workspace);
  const findings = checkInput(file, workspace);
  if (flags.check || target === undefined) {
    print(
      workspace,
      { uri: file.source.uri, outcome: 'checked', findings },
      () => `${file.source.uri}: ${describeCount(file)}\n`,
    );
    return undefined;
  }
  const stored = await recordChange(workspace, target, 'stored', async (attempt) => {
    const variables = openPlain(file.bytes, file.kind, file.source);
    const { existing, plan } = await inspectTarget(target, attempt, workspace);
    const plain = plan.kind === 'sops' ? file : inDialectOf(target, file);
    if (existing.file !== undefined && isUnchanged(existing.file, plain, variables, plan)) return undefined;
    const sealed = await sealFile(plain, plan, existing.file?.object.sealing, workspace);
    const { expected } = existing;
    const content = { sealed, variables, before: existing.file, expected };
    const result = await storeContent(workspace, target, content, attempt);
    attempt.kmsKeys = keysOf(plan, result.written.sealing);
    return { ...result, seal: { sealing: attempt.sealing, kmsKeys: attempt.kmsKeys } };
  });
  printStored(target.uri, stored, workspace, findings);
  return undefined;
};

export interface Existing {
  readonly file: OpenedFile | undefined;
  readonly expected: Expected;
}

/** The existing file, the state of its bucket, and the seal plan, before a whole file is stored there. */
export async function inspectTarget(
  target: Source,
  attempt: ChangeAttempt,
  workspace: Workspace,
): Promise<{ readonly existing: Existing; readonly plan: SealPlan }> {
  const [verdict, existing] = await Promise.all([
    inspectBucket(target, workspace),
    readExisting(target, workspace),
  ]);
  verdict();
  const plan = await planSeal(target, existing.file, workspace);
  attempt.sealing = plan.kind === 'at-rest' ? plan.seal.kind : plan.kind;
  return { existing, plan };
}

/** The existing file, to compare with, and to replace only if it is unchanged. */
async function readExisting(target: Source, workspace: Workspace): Promise<Existing> {
  if (workspace.flags.force) return { file: undefined, expected: 'anything' };
  try {
    const file = await openFile(target, ANY_SEALING, workspace);
    return { file, expected: { revision: file.object.revision } };
  } catch (error) {
    if (!(error instanceof EnvsealError)) throw error;
    if (error.code === 'not_found') return { file: undefined, expected: 'nothing' };
    throw new EnvsealError(
      error.code,
      `${error.message} (the existing file is read first, so that nothing is lost)`,
      {
        hint: `${error.hint ?? 'check that file'}; or overwrite it with --force`,
        cause: error,
        requestIds: error.requestIds,
      },
    );
  }
}

/** The same bytes, sealed the same way; of a SOPS file, the same variables for the same keys. */
function isUnchanged(
  existing: OpenedFile,
  file: PlainFile,
  variables: ReadonlyMap<string, Secret>,
  plan: SealPlan,
): boolean {
  if (!matchesPlan(existing, plan)) return false;
  if (plan.kind !== 'sops') return Buffer.from(existing.object.bytes).equals(file.bytes);
  return !hasDifferences(diffVariables(existing.variables, variables));
}

function describeCount({ bytes, kind, source }: PlainFile): string {
  const { size } = openPlain(bytes, kind, source);
  return `${size} variable${size === 1 ? '' : 's'}, no errors`;
}
