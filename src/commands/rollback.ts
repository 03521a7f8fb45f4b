/** `envseal rollback`: an older version, stored as the newest. Nothing is deleted. */

import type { Command } from '../cli/command.ts';
import { EnvsealError } from '../errors.ts';
import { newAttempt } from '../events/attempt.ts';
import {
  ANY_SEALING,
  type OpenedFile,
  openFile,
  openStored,
  policyOf,
  sealingKeysOf,
} from '../files/open-file.ts';
import { printStored } from '../files/print-stored.ts';
import { keepAtRest } from '../files/seal-file.ts';
import { recordChange, storeContent } from '../files/store-file.ts';
import { checkVersioning } from '../files/versioning.ts';
import { openWorkspace, parseTarget, readOperands, type Workspace, warn } from '../files/workspace.ts';
import { isPlain } from '../run/open-object.ts';
import type { Source } from '../source-uri.ts';
import type { Sealing } from '../store/object.ts';
import { schemeOf } from '../store/schemes.ts';

const USAGE = 'envseal rollback URI VERSION; envseal history URI shows the versions';

export const rollback: Command = async (context) => {
  const [uri = '', version = ''] = readOperands(context.commandLine, { least: 2 }, USAGE);
  const source = parseTarget(uri);
  const old = schemeOf(source).atVersion(source, version, USAGE);
  const workspace = await openWorkspace(context);
  const stored = await recordChange(workspace, source, 'rolled-back', async (attempt) => {
    await checkVersioning(source, workspace);
    const policy = await policyOf(workspace);
    // Only what `run` would open is made current.
    const [file, current] = await Promise.all([
      openFile(old, policy, workspace),
      readCurrent(source, workspace),
    ]);
    attempt.sealing = file.attempt.sealing;
    attempt.kmsKeys = sealingKeysOf(file);
    if (current !== undefined && current.object.version === file.object.version) return undefined;
    const { object, variables } = file;
    const sealed = {
      bytes: object.bytes,
      seal: keepAtRest(sealingFor(file, current)),
      kind: file.content.kind,
    };
    warnOfOldKeys(file, current, workspace);
    const expected = current === undefined ? 'nothing' : { revision: current.object.revision };
    const content = { sealed, variables, before: current, expected, attributes: object.attributes } as const;
    return await storeContent(workspace, source, content, attempt);
  });
  printStored(uri, stored, workspace);
  return undefined;
};

/** What the store seals, it seals with the key of today: an old one was rotated for a reason. */
function sealingFor({ object, content }: OpenedFile, current: OpenedFile | undefined): Sealing {
  const now = current?.object.sealing;
  return now !== undefined && isPlain(content) && now.kind === object.sealing.kind ? now : object.sealing;
}

/** A SOPS file comes back sealed for the recipients of that version. */
function warnOfOldKeys(file: OpenedFile, current: OpenedFile | undefined, workspace: Workspace): void {
  if (file.document === undefined || current?.document === undefined) return;
  const now = new Set(current.document.recipients);
  const old = file.document.recipients.filter((key) => !now.has(key));
  if (old.length === 0) return;
  const text = `${file.source.uri} is sealed for the keys of that version again: ${old.join(', ')}`;
  const hint = 'to seal it for the current keys, run envseal rotate with --kms-key or --age';
  warn(workspace, new EnvsealError('wrong_key', text, { hint }));
}

/** The current file, opened if possible: it may be the broken one that is to be replaced. */
async function readCurrent(source: Source, workspace: Workspace): Promise<OpenedFile | undefined> {
  const store = await workspace.stores.writable(source.scheme);
  try {
    const object = await store.read(source);
    const attempt = newAttempt(source);
    return await openStored(object, attempt, ANY_SEALING, workspace).catch(() => ({
      source,
      object,
      content: { kind: 'dotenv' as const },
      variables: new Map(),
      document: undefined,
      attempt,
    }));
  } catch (error) {
    if (error instanceof EnvsealError && error.code === 'not_found') return undefined;
    throw error;
  }
}
