/** The part of a source's variables that `--event-names` allows in events. Values never get here. */
import { EnvsealError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { toHex } from '../system/bytes.ts';
import type { System } from '../system/system.ts';
import type { VariableNames } from './event.ts';
import { LIMITS } from './text.ts';

export type NamesMode = 'full' | 'count' | 'hash';

/**
 * In the order of the source; the count alone where there are more than `LIMITS.names`. Throws `configuration` for hashes
 * without a key: names such as DATABASE_URL are guessed at once.
 */
export function describeNames(
  names: readonly string[],
  mode: NamesMode,
  key: Secret | undefined,
  system: System,
): VariableNames {
  const count = names.length;
  const hashKey = mode === 'hash' ? needKey(key) : undefined;
  if (mode === 'count' || count > LIMITS.names) return { count };
  if (hashKey === undefined) return { count, names: names.map((name) => name.slice(0, LIMITS.name)) };
  const bytes = hashKey.reveal();
  return { count, hashes: names.map((name) => toHex(system.hmacSha256(bytes, name))) };
}

/** Throws `configuration`. */
function needKey(key: Secret | undefined): Secret {
  if (key !== undefined && !key.isEmpty) return key;
  throw new EnvsealError('configuration', '--event-names hash needs ENVSEAL_EVENT_NAMES_KEY', {
    hint: 'set it, or ENVSEAL_EVENT_NAMES_KEY_FILE, to random text, the same wherever events are to be joined',
  });
}
