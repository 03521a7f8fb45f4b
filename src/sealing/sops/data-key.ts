/**
 * The data key of a SOPS file: from any key of the one group, or from the shares of as many groups as the threshold
 * says. https://github.com/getsops/sops/blob/main/sops.go (`GetDataKeyWithKeyServices`; sops tries one key after another)
 */
import { EnvsealError, type ErrorCode } from '../../errors.ts';
import type { BoundKey, Unwrap, WrappedKey } from '../../keys/kinds.ts';
import { NeedsFullProgram } from '../../needs-full-program.ts';
import type { Bytes } from '../../system/byte-string.ts';
import { KEY_BYTES } from '../aes-gcm.ts';
import type { Metadata } from './metadata.ts';
import { tampered } from './model.ts';

export interface Keys {
  readonly unwrap: Unwrap;
  /** The pin: a key that is not allowed is not tried. */
  readonly isAllowed: (key: WrappedKey) => boolean;
  /** Throws when a key, with its context, may not open this source; then none is tried. */
  readonly checkKey: (key: BoundKey) => void;
}

export interface UnwrappedDataKey {
  readonly dataKey: Bytes;
  /** The keys that it came from. */
  readonly keys: readonly string[];
}

/**
 * The first of these codes is what is reported when no key works: what the user can do something about. An
 * outage comes before keys that are for others, which files have on purpose.
 */
const MOST_TELLING: readonly ErrorCode[] = [
  'internal',
  'denied',
  'corrupt',
  'key_unavailable',
  'throttled',
  'timeout',
  'unreachable',
  'wrong_key',
  'configuration',
  'credentials',
];

const MAX_NAMED_KEYS = 5;
const MAX_NAME_LENGTH = 100;

/**
 * All keys are tried at the same time, and once enough shares are there, the others are not waited for.
 *
 * Throws `wrong_key` when too few groups have an allowed key, `key_unavailable` when too few have one that envseal can
 * use, the most telling error of `unwrap` with the names of all keys tried, and `corrupt` for a data key of a wrong size.
 */
export async function unwrapDataKey(
  metadata: Metadata,
  keys: Keys,
  source: string,
): Promise<UnwrappedDataKey> {
  const candidates = chooseKeys(metadata, keys, source);
  for (const group of candidates) for (const key of group) if ('context' in key) keys.checkKey(key);
  const shares = await collectShares(candidates, metadata.threshold, keys.unwrap, source);
  const parts: Uint8Array[] = [];
  const names: string[] = [];
  for (const { bytes, key } of shares) {
    parts.push(bytes);
    names.push(key);
  }
  const dataKey =
    metadata.groups.length === 1 ? parts[0] : (await import('./shamir.ts')).combineShares(parts);
  if (dataKey?.length !== KEY_BYTES) throw tampered(source, 'what its keys unwrap is not a 256-bit data key');
  return { dataKey: dataKey as Bytes, keys: names };
}

/** The keys to try, by group; only groups that have any. */
function chooseKeys({ groups, threshold }: Metadata, { isAllowed }: Keys, source: string): WrappedKey[][] {
  const usable = keep(groups, ({ kind }) => kind !== 'unsupported');
  if (usable.length < threshold) {
    throw new EnvsealError(
      'key_unavailable',
      `envseal cannot use the keys of ${source}: ${listKeys(groups.flat())}`,
      {
        hint: 'add an AWS KMS, Cloud KMS or age key to the file with sops updatekeys',
      },
    );
  }
  const allowed = keep(usable, isAllowed);
  if (allowed.length >= threshold) return allowed;
  throw new EnvsealError(
    'wrong_key',
    `${source} is sealed with ${listKeys(groups.flat())}, which is not pinned`,
    {
      hint: 'someone replaced the file or its keys: investigate; if intended, add the key to --kms-key',
    },
  );
}

function keep(
  groups: readonly (readonly WrappedKey[])[],
  isKept: (key: WrappedKey) => boolean,
): WrappedKey[][] {
  const rest: WrappedKey[][] = [];
  for (const group of groups) {
    const kept: WrappedKey[] = [];
    for (const key of group) if (isKept(key)) kept.push(key);
    if (kept.length > 0) rest.push(kept);
  }
  return rest;
}

interface Share {
  readonly bytes: Uint8Array;
  readonly key: string;
}

async function collectShares(
  groups: readonly (readonly WrappedKey[])[],
  threshold: number,
  unwrap: Unwrap,
  source: string,
): Promise<Share[]> {
  const errors: unknown[] = [];
  const shares: Share[] = [];
  await new Promise<void>((resolve) => {
    let running = groups.length;
    for (const group of groups) {
      void unwrapAny(group, unwrap, errors).then((share) => {
        running -= 1;
        if (share !== undefined && shares.length < threshold) shares.push(share);
        if (shares.length === threshold || shares.length + running < threshold) resolve();
      });
    }
  });
  if (shares.length === threshold) return shares;
  // The full program has more kinds of keys.
  const more = errors.find((error) => error instanceof NeedsFullProgram);
  throw more ?? mostTelling(errors, groups.flat(), source);
}

/**
 * The share by the first key of a group to answer; `undefined` when none works, which is when their errors
 * count.
 */
function unwrapAny(
  group: readonly WrappedKey[],
  unwrap: Unwrap,
  errors: unknown[],
): Promise<Share | undefined> {
  return new Promise((resolve) => {
    const failures: unknown[] = [];
    const fail = (error: unknown) => {
      failures.push(error);
      if (failures.length < group.length) return;
      errors.push(...failures);
      resolve(undefined);
    };
    for (const key of group) unwrapOne(key, unwrap).then(resolve, fail);
  });
}

async function unwrapOne(key: WrappedKey, unwrap: Unwrap): Promise<Share> {
  return { bytes: await unwrap(key), key: key.key };
}

function mostTelling(errors: readonly unknown[], keys: readonly WrappedKey[], source: string): EnvsealError {
  const known = errors.map((error) =>
    error instanceof EnvsealError
      ? error
      : new EnvsealError('internal', 'unwrapping failed for an unknown reason', { cause: error }),
  );
  const rank = ({ code }: EnvsealError) => (MOST_TELLING.includes(code) ? MOST_TELLING.indexOf(code) : 99);
  const [best] = known.sort((a, b) => rank(a) - rank(b));
  const reason = best?.message ?? 'no key was tried';
  return new EnvsealError(
    best?.code ?? 'internal',
    `no key opens ${source}: ${reason}; tried ${listKeys(keys)}`,
    {
      cause: best,
      ...(best?.hint === undefined ? {} : { hint: best.hint }),
    },
  );
}

function listKeys(keys: readonly WrappedKey[]): string {
  const names = [...new Set(keys.map(({ key }) => shorten(key)))];
  const more = names.length - MAX_NAMED_KEYS;
  return names.slice(0, MAX_NAMED_KEYS).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function shorten(name: string): string {
  return name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH)}…` : name;
}
