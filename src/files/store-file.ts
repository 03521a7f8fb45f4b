/** Stores a changed file without losing a concurrent change, and returns the result. */

import type { ChangeAttempt } from '../audit/record-changes.ts';
import { type Differences, diffVariables } from '../envfile/diff.ts';
import { EnvsealError } from '../errors.ts';
import type { Change } from '../events/event.ts';
import { asFormat, detect } from '../sealing/detect.ts';
import type { Secret } from '../secret.ts';
import type { Source } from '../source-uri.ts';
import { isSealedAsAsked, sealedOtherwise } from '../store/check-seal.ts';
import { conflict } from '../store/conflict.ts';
import {
  type Attributes,
  type EnvStore,
  type Expected,
  NO_ATTRIBUTES,
  type Written,
} from '../store/contract.ts';
import type { OpenedFile } from './open-file.ts';
import type { SealedBytes } from './seal-file.ts';
import { type Workspace, warnOnce } from './workspace.ts';

export interface NewContent {
  readonly sealed: SealedBytes;
  readonly variables: ReadonlyMap<string, Secret>;
  /** What is there, if it could be opened. */
  readonly before: OpenedFile | undefined;
  readonly expected: Expected;
  readonly attributes?: Attributes;
}

export interface Stored {
  readonly uri: string;
  readonly version: string | null;
  readonly previousVersion: string | null;
  readonly differences: Differences;
  readonly written: Written;
}

/**
 * Runs a change and sends its event; `attempt` is filled in on the way. What turns out to change
 * nothing is not an event: then `action` gives `undefined`.
 */
export async function recordChange<T>(
  { events }: Workspace,
  source: Source,
  change: Change,
  action: (attempt: ChangeAttempt) => Promise<T | undefined>,
): Promise<T | undefined> {
  const attempt = events.begin(source, change);
  let result: T | undefined;
  try {
    result = await action(attempt);
  } catch (error) {
    const failure = error instanceof EnvsealError ? error.about(source.uri) : error;
    await events.finish(attempt, failure);
    throw failure;
  }
  if (result === undefined) events.drop(attempt);
  else await events.finish(attempt);
  return result;
}

/**
 * Writes; throws `malformed` for what `run` would not open, `unsealed` and `wrong_key` where the store did
 * not seal as asked.
 */
export async function storeContent(
  workspace: Workspace,
  source: Source,
  content: NewContent,
  attempt: ChangeAttempt,
): Promise<Stored> {
  const { sealed, before, variables } = content;
  refuseMisread(source, sealed);
  attempt.previousVersion = before?.object.version ?? null;
  const differences = diffVariables(before?.variables, variables);
  attempt.differences = differences;
  const store = await workspace.stores.writable(source.scheme);
  const attributes = content.attributes ?? before?.object.attributes ?? NO_ATTRIBUTES;
  const options = { seal: sealed.seal, expected: content.expected, attributes };
  const written = await write(workspace, store, source, sealed.bytes, options);
  attempt.version = written.version ?? null;
  attempt.requestIds = written.requestIds;
  if (!isSealedAsAsked(sealed.seal, written.sealing)) {
    if (sealed.seal.kind !== 'store') attempt.sealing = written.sealing.kind;
    throw sealedOtherwise(source, sealed.seal, written);
  }
  return {
    uri: source.uri,
    version: attempt.version,
    previousVersion: attempt.previousVersion,
    differences,
    written,
  };
}

/** Bytes of one kind can look like another: then `run` would not open what was stored. Throws `malformed`. */
function refuseMisread({ uri, format }: Source, { bytes, kind }: SealedBytes): void {
  const about = { source: uri };
  const hint = 'nothing was stored; one of its names or values looks like another kind of file';
  try {
    const content = format === undefined ? detect(bytes, about) : asFormat(bytes, format, about);
    if (content.kind === kind) return;
  } catch (error) {
    if (!(error instanceof EnvsealError)) throw error;
    throw new EnvsealError('malformed', `envseal run would not open it: ${error.message}`, {
      hint,
      cause: error,
    });
  }
  throw new EnvsealError('malformed', `${uri}: envseal run would not recognize it as ${kind}`, { hint });
}

async function write(
  workspace: Workspace,
  store: EnvStore,
  source: Source,
  bytes: Uint8Array,
  options: Parameters<EnvStore['write']>[2],
): Promise<Written> {
  try {
    return await store.write(source, bytes, options);
  } catch (error) {
    if (!(error instanceof EnvsealError) || error.code !== 'unconditional') throw error;
    if (!workspace.flags['allow-unconditional']) throw error;
    const hint = 'it is checked once more before it is written; a change stored in between is lost';
    warnOnce(workspace, new EnvsealError('unconditional', error.message, { hint }));
    await refuseOther(store, source, options.expected);
    return await store.write(source, bytes, { ...options, expected: 'anything' });
  }
}

/**
 * The best that a store without conditional writes allows: to check first. A write in between goes unnoticed.
 */
async function refuseOther(store: EnvStore, source: Source, expected: Expected): Promise<void> {
  const now = await store.read(source).catch((error: unknown) => {
    if (error instanceof EnvsealError && error.code === 'not_found') return undefined;
    throw error;
  });
  const isExpected =
    expected === 'nothing'
      ? now === undefined
      : expected === 'anything' || now?.revision === expected.revision;
  if (isExpected) return;
  throw conflict(source, expected, now ?? 'absent');
}
