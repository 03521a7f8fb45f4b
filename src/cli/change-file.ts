/** Opens a file, changes variables in it, and stores it sealed as it was. */
import { diffVariables, hasDifferences } from '../envfile/diff.ts';
import { type Changes, editEnvFile } from '../envfile/edit.ts';
import { EnvsealError } from '../errors.ts';
import type { Change } from '../events/event.ts';
import type { Secret } from '../secret.ts';
import type { Revision } from '../store/env-store.ts';
import type { Source } from '../store/source.ts';
import { checkVersioning } from './inspect-bucket.ts';
import { isPlain } from './open-sources.ts';
import { type OpenedFile, openFile, policyOf, sealingKeysOf } from './opened-file.ts';
import { keepAtRest } from './seal-file.ts';
import { recordChange, type Stored, storeContent } from './store-change.ts';
import type { Workspace } from './workspace.ts';

/** What to change, now that it is known what is there. Throws to refuse. */
export type Decide = (file: OpenedFile) => Changes;

/**
 * Where somebody else was quicker, what they stored is opened and changed in turn, until the time is over. `undefined`:
 * nothing to change.
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
      // Nobody has stored anything: a lock was left behind, and waiting again would not help.
      if (refused?.revision === file.object.revision) throw refused.error;
      attempt.sealing = file.attempt.sealing;
      attempt.kmsKeys = sealingKeysOf(file);
      const changes = decide(file);
      const variables = applyTo(file.variables, changes);
      if (!hasDifferences(diffVariables(file.variables, variables))) return undefined;
      const bytes = await changeBytes(file, changes);
      const sealed = { bytes, seal: keepAtRest(file.object.sealing) };
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

/** Only the changed variables are other bytes. Throws `configuration` for formats that only teams' older tools write. */
export async function changeBytes(
  { content, document, object, source }: OpenedFile,
  changes: Changes,
): Promise<Uint8Array> {
  if (document !== undefined) return await document.change(changes, new Date());
  if (isPlain(content)) {
    const { uri, dialect } = source;
    return editEnvFile(object.bytes, changes, { source: uri, kind: content.kind, dialect });
  }
  throw unchangeable(content.kind, source);
}

export function unchangeable(kind: string, { uri }: Source): EnvsealError {
  return new EnvsealError('configuration', `${uri}: a ${kind} file cannot be changed in place`, {
    hint: `copy it to a form that can: envseal copy ${uri} URI`,
  });
}
