/** The SOPS files of the benchmark, made as `sops` makes them. */

import { wrapForAge } from '../src/keys/age/age.ts';
import type { KeyToWrapWith, Wrap } from '../src/keys/kinds.ts';
import { sealSops } from '../src/sealing/sops/edit/seal.ts';

export type Variables = readonly (readonly [name: string, value: string])[];

const KMS_KEY = 'arn:aws:kms:us-east-1:111122223333:key/bench';

/** For the bench's own KMS, which answers with the ciphertext: the wrapped data key is the data key. */
export function sealForKms(variables: Variables): Promise<Uint8Array> {
  return seal(variables, { kind: 'aws-kms', key: KMS_KEY, context: {} }, async (dataKey) => ({
    kind: 'aws-kms',
    key: KMS_KEY,
    wrapped: Buffer.from(dataKey),
    context: {},
    role: undefined,
    profile: undefined,
  }));
}

export function sealForAge(variables: Variables, recipient: string): Promise<Uint8Array> {
  return seal(variables, { kind: 'age', key: recipient }, (dataKey) => wrapForAge(dataKey, recipient));
}

function seal(variables: Variables, key: KeyToWrapWith, wrap: Wrap): Promise<Uint8Array> {
  return sealSops(variables, { format: 'dotenv', keys: [key], wrap, now: new Date() });
}
