/** Keys of age for the tests, as `Unwrap` and `Wrap` over typage. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { armor, Decrypter, Encrypter } from 'age-encryption';
import { EnvsealError } from '../../../src/errors.ts';
import type { Unwrap, Wrap } from '../../../src/keys/kinds.ts';

export const VECTORS = join(import.meta.dirname, '../../vectors/sops');
export const IDENTITIES = join(VECTORS, 'identities.txt');

const text = readFileSync(IDENTITIES, 'utf8');

/** Test keys `a`, `b` and `c`. */
const recipients = [...text.matchAll(/public: (age1\S+)/g)].map(([, key]) => key as string);
export const identities = [...text.matchAll(/^AGE-SECRET-KEY-\S+/gm)].map(([key]) => key);
export const [A, B, C] = recipients as [string, string, string];

export function ageKey(key: string) {
  return { kind: 'age', key } as const;
}

/** Unwraps with the identities of test keys; default: `a`. */
export function unwrapWith(...names: ('a' | 'b' | 'c')[]): Unwrap {
  const own = (names.length === 0 ? ['a'] : names).map((name) => identities['abc'.indexOf(name)] as string);
  return async (key) => {
    if (key.kind !== 'age') throw new EnvsealError('credentials', 'no credentials for a cloud');
    const decrypter = new Decrypter();
    for (const identity of own) decrypter.addIdentity(identity);
    try {
      return await decrypter.decrypt(armor.decode(key.wrapped));
    } catch {
      throw new EnvsealError('wrong_key', 'no identity of this machine opens it');
    }
  };
}

export const wrap: Wrap = async (dataKey, key) => {
  if (key.kind !== 'age') throw new EnvsealError('internal', 'only age here');
  const encrypter = new Encrypter();
  encrypter.addRecipient(key.key);
  return { kind: 'age', key: key.key, wrapped: armor.encode(await encrypter.encrypt(dataKey)) };
};

/** For properties: a key that wraps by nothing, because age takes a millisecond. */
export const wrapNot: Wrap = async (dataKey, { key }) => ({
  kind: 'age',
  key,
  wrapped: Buffer.from(dataKey).toString('hex'),
});

export const unwrapNot: Unwrap = async (key) => Buffer.from('wrapped' in key ? `${key.wrapped}` : '', 'hex');
