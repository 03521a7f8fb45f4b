/** The SOPS files of the benchmark, made as `sops` makes them. */
import type { KeyToWrapWith, Wrap } from '../src/keys/key-wrapper.ts';
import { sealSops } from '../src/sealing/sops/seal.ts';

export function sealVariables(count: number, key: KeyToWrapWith, wrap: Wrap): Promise<Uint8Array> {
  const variables = Array.from({ length: count }, (_, i) => [`VARIABLE_${i}`, `value of ${i}`] as const);
  return sealSops(variables, { format: 'dotenv', keys: [key], wrap, now: new Date() });
}
