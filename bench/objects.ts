/** The objects in the bench's bucket. */
import { sealForKms, type Variables } from './sealed.ts';

export interface StoredObject {
  readonly body: Uint8Array;
  /** That S3 keeps with it. */
  readonly checksum?: 'crc32c' | 'crc64nvme';
}

/** How many variables the objects `many-N` have, of 100 bytes each. */
export const VARIABLE_COUNTS = [1, 10, 100, 1000, 5000] as const;
const VALUE = 'v'.repeat(100);
/** 1.9 MB: the kernel takes 2 MiB of arguments and environment, and 128 KiB of one string. */
const [BIG_COUNT, BIG_VALUE] = [19, 'v'.repeat(100_000)];

export function variablesOf(count: number): Variables {
  return Array.from({ length: count }, (_, i) => [`VARIABLE_${i}`, VALUE] as const);
}

export function dotenv(variables: Variables): Uint8Array {
  return Buffer.from(variables.map(([name, value]) => `${name}=${value}\n`).join(''));
}

export async function makeObjects(): Promise<Readonly<Record<string, StoredObject>>> {
  const big = dotenv(Array.from({ length: BIG_COUNT }, (_, i) => [`BIG_${i}`, BIG_VALUE] as const));
  const objects: Record<string, StoredObject> = {
    one: { body: Buffer.from('VARIABLE=value\n') },
    big: { body: big },
    'big-crc32c': { body: big, checksum: 'crc32c' },
    'big-crc64nvme': { body: big, checksum: 'crc64nvme' },
  };
  for (const count of VARIABLE_COUNTS) {
    const variables = variablesOf(count);
    objects[`many-${count}`] = { body: dotenv(variables) };
    objects[`sops-${count}`] = { body: await sealForKms(variables) };
  }
  return objects;
}
