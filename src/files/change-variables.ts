/** Opens a file, changes variables in it, and stores it sealed as it was. */

import { diffVariables, hasDifferences } from '../envfile/diff.ts';
import { type Changes, editEnvFile } from '../envfile/edit/edit.ts';
import { stringBytes } from '../envfile/lint/entry.ts';
import { EnvsealError } from '../errors.ts';
import type { Change } from '../events/event.ts';
import { MAX_ENV_STRING_BYTES } from '../limits-and-defaults.ts';
import { isPlain } from '../run/open-object.ts';
import type { Secret } from '../secret.ts';
import type { Source } from '../source-uri.ts';
import type { Revision } from '../store/contract.ts';
import { type OpenedFile, openFile, policyOf, sealingKeysOf } from './open-file.ts';
import { keepAtRest, type SealedBytes } from './seal-file.ts';
import { recordChange, type Stored, storeContent } from './store-file.ts';
import { checkVersioning } from './versioning.ts';
import type { Workspace } from './workspace.ts';

/** What to change, now that it is known what is there. Throws to refuse. */
export type Decide = (file: OpenedFile) => Changes;

/**
 * If someone else stored a change in between, their version is opened and changed in turn, until the time is
 * over. `undefined`: nothing to change.
 */
export async function changeFile(
  source: Source,
  change: Change,
  decide: Decide,
  workspace: Workspace,
): Promise<Stored | undefined> {
  return await recordChange(workspace, source, change, async (attempt) => {
    (await workspace.stores.writable(source.scheme)).prepare(source);
    await checkVersioning(source, workspace);
    const policy = await policyOf(workspace);
    let refused: { readonly revision: Revision; readonly error: EnvsealError } | undefined;
    for (let round = 1; ; round++) {
      const file = await openFile(source, policy, workspace);
      // Nothing was stored: a lock was left behind, and waiting again would not help.
      if (refused?.revision === file.object.revision) throw refused.error;
      attempt.sealing = file.attempt.sealing;
      attempt.kmsKeys = sealingKeysOf(file);
      const changes = decide(file);
      const variables = applyTo(file.variables, changes);
      if (!hasDifferences(diffVariables(file.variables, variables))) return undefined;
      refuseTooLarge(changes);
      const sealed = await changeContent(file, changes, workspace);
      const expected = { revision: file.object.revision };
      try {
        return await storeContent(workspace, source, { sealed, variables, before: file, expected }, attempt);
      } catch (error) {
        if (!(error instanceof EnvsealError) || error.code !== 'conflict') throw error;
        const wait = Math.random() * Math.min(1000, 20 * 2 ** round);
        if (wait >= workspace.deadline.remainingMs()) throw error;
        refused = { revision: file.object.revision, error };
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  });
}

function applyTo(before: ReadonlyMap<string, Secret>, changes: Changes): ReadonlyMap<string, Secret> {
  const after = new Map(before);
  for (const [name, value] of changes) {
    if (value === undefined) after.delete(name);
    else after.set(name, value);
  }
  return after;
}

/** Refuses what `push` would refuse. */
function refuseTooLarge(changes: Changes): void {
  for (const [name, value] of changes) {
    const bytes = value === undefined ? 0 : stringBytes({ name, value: value.reveal() });
    if (bytes <= MAX_ENV_STRING_BYTES) continue;
    throw new EnvsealError(
      'too_large',
      `${name} is ${bytes} bytes with its name, over the kernel's limit of ${MAX_ENV_STRING_BYTES}`,
      { hint: 'no command could start with it: give it to the program as a file' },
    );
  }
}

/**
 * Only the changed variables are other bytes, and it stays sealed as it was. Throws `configuration` for formats that
 * only teams' older tools write, and `unsealed` where a SOPS file's own rule would leave a new value plain.
 */
export async function changeContent(
  { content, document, object, source }: OpenedFile,
  changes: Changes,
  { flags }: Pick<Workspace, 'flags'>,
): Promise<SealedBytes> {
  const seal = keepAtRest(object.sealing);
  if (document !== undefined) {
    const bytes = await document.change(changes, new Date(), { allowPlain: flags['allow-unsealed'] });
    return { bytes, seal, kind: 'sops' };
  }
  if (!isPlain(content)) throw unchangeable(content.kind, source);
  const { uri, dialect } = source;
  const bytes = editEnvFile(object.bytes, changes, { source: uri, kind: content.kind, dialect });
  return { bytes, seal, kind: content.kind };
}

export function unchangeable(kind: string, { uri }: Source): EnvsealError {
  return new EnvsealError('configuration', `${uri}: a ${kind} file cannot be changed in place`, {
    hint: `copy it to a form that can be changed: envseal copy ${uri} URI`,
  });
}
