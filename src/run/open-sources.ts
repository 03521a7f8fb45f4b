import type { Stores } from '../clients/clients.ts';
import type { ClientOptions } from '../clients/options.ts';
import { EnvsealError } from '../errors.ts';
import type { Attempt } from '../events/attempt.ts';
import type { Deadline } from '../net/deadline.ts';
import type { EncryptionContext } from '../sealing/encryption-context.ts';
import { SecretMap } from '../secret-map.ts';
import type { FetchedObject } from '../store/object.ts';
import { detectObject, isPlain, openObject } from './open-object.ts';

/** Throws the first failure; the other requests are given up with it. Each attempt is filled in as far as it comes. */
export async function openSources(
  attempts: readonly Attempt[],
  stores: Stores,
  options: ClientOptions,
): Promise<SecretMap> {
  const encryptionContext = await readContext(options.settings['encryption-context']);
  if (options.host.system.runtime === 'host') stores.http.holdForATurn();
  const opened: Promise<SecretMap>[] = [];
  for (const attempt of attempts) {
    const variables = openSource(attempt, stores, options, encryptionContext);
    opened.push(variables.catch((error: unknown) => giveUp(error, attempt, options.deadline)));
  }
  const maps = await Promise.all(opened);
  return maps.length === 1 ? (maps[0] as SecretMap) : SecretMap.merge(maps);
}

async function readContext(pairs: readonly string[]): Promise<EncryptionContext> {
  if (pairs.length === 0) return {};
  return (await import('../sealing/encryption-context.ts')).parseEncryptionContext(pairs);
}

function giveUp(error: unknown, attempt: Attempt, deadline: Deadline): never {
  const failure = error instanceof EnvsealError ? error.about(attempt.source.uri) : error;
  if (!(failure instanceof EnvsealError)) throw failure;
  // What was given up because of another source has no failure of its own.
  if (error !== deadline.signal.reason || failure.code === 'timeout') {
    attempt.error = failure;
    attempt.attempts ||= failure.attempts;
    if (attempt.requestIds.length === 0) attempt.requestIds = failure.requestIds;
  }
  deadline.abort(failure);
  throw failure;
}

async function openSource(
  attempt: Attempt,
  stores: Stores,
  { settings }: ClientOptions,
  encryptionContext: EncryptionContext,
): Promise<SecretMap> {
  const { source } = attempt;
  let object: FetchedObject;
  try {
    object = await stores.fetch(source);
  } catch (error) {
    if (!source.isOptional || !(error instanceof EnvsealError) || error.code !== 'not_found') throw error;
    attempt.isAbsent = true;
    return new SecretMap();
  }
  const content = await detectObject(object, attempt);
  return await openObject(content, object, attempt, {
    // What nothing seals has no key that an alias could lead to.
    pinnedKeys: !isPlain(content) || object.sealing.kind !== 'none' ? await stores.pinnedKeys() : [],
    allowUnsealed: settings['allow-unsealed'],
    clients: stores,
    encryptionContext,
    allowMetadataKey: settings['allow-metadata-key'],
  });
}
