/** Checks that a store sealed as requested. */

import { EnvsealError } from '../errors.ts';
import { isAlias, isSameKey } from '../keys/aws-key-name.ts';
import { isSameCloudKmsKey } from '../keys/cloud-key-name.ts';
import type { Source } from '../source-uri.ts';
import type { SealAtRest, Written } from './contract.ts';
import type { Sealing } from './object.ts';

/** Throws `usage` for what a store cannot do, before it gets anything. `kinds`: those that it can, besides its own. */
export function checkSeal({ uri }: Source, { kind }: SealAtRest, kinds: readonly SealAtRest['kind'][]): void {
  if (kind === 'store' || kinds.includes(kind)) return;
  throw new EnvsealError('usage', `${uri} cannot be sealed with ${kind}`, {
    hint: `use --seal ${[...kinds, 'sops'].join(' or --seal ')}`,
  });
}

/** The key behind an alias is not known here, so with an alias any key will do. */
export function isSealedAsAsked(seal: SealAtRest, sealing: Sealing): boolean {
  if (seal.kind === 'store') return true;
  if (seal.kind === 'cmek') {
    return sealing.kind === 'cmek' && (seal.key === undefined || isSameCloudKmsKey(seal.key, sealing.key));
  }
  if (sealing.kind !== 'sse-kms' || sealing.isDual !== seal.isDual) return false;
  const { key } = seal;
  return key === undefined || isAlias(key) || sealing.key === undefined || isSameKey(key, sealing.key);
}

/** For a store that took the bytes and sealed them otherwise: it ignores what it does not know, or lies. */
export function sealedOtherwise(
  { uri }: Source,
  seal: SealAtRest,
  { version, sealing }: Written,
): EnvsealError {
  const what = version === undefined ? 'it' : `version ${version}`;
  if (sealing.kind === seal.kind) {
    return new EnvsealError(
      'wrong_key',
      `${uri}: the store sealed ${what} with ${sealing.key ?? 'another key'}`,
      {
        hint: `that is not the requested key: check which server answers there; delete ${what}`,
      },
    );
  }
  return new EnvsealError(
    'unsealed',
    `${uri}: the store accepted ${what} but did not seal it with ${seal.kind}`,
    {
      hint: `this store does not support ${seal.kind}: seal with --seal sops; delete ${what}`,
    },
  );
}
