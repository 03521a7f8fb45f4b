/** The checksums that S3 keeps with an object. */
import { EnvsealError } from '../../errors.ts';
import { toBase64 } from '../../system/bytes.ts';
import type { System } from '../../system/system.ts';

const PREFIX = 'x-amz-checksum-';
/** Fastest first; S3 sends one. https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html */
const ALGORITHMS = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const;
type Algorithm = (typeof ALGORITHMS)[number];

/**
 * Throws `corrupt` when a checksum in the headers is not that of the bytes. Those of multipart uploads (`…-3`) are over
 * the parts' checksums, so they say nothing about the whole and are passed over.
 */
export function verifyChecksum(bytes: Uint8Array, headers: Headers, system: System): void {
  for (const algorithm of ALGORITHMS) {
    const expected = checksumIn(headers, algorithm);
    if (expected === undefined || toBase64(compute(algorithm, bytes, system)) === expected) continue;
    throw new EnvsealError('corrupt', `the ${algorithm} checksum does not match`, {
      hint: 'the bytes were changed in transit: try again, and check for a proxy or gateway in between',
    });
  }
}

/** Whether `verifyChecksum` has anything to compare. */
export function hasChecksum(headers: Headers): boolean {
  return ALGORITHMS.some((algorithm) => checksumIn(headers, algorithm) !== undefined);
}

function checksumIn(headers: Headers, algorithm: Algorithm): string | undefined {
  const checksum = headers.get(PREFIX + algorithm);
  if (checksum === null || /-\d+$/.test(checksum)) return undefined;
  return headers.get(`${PREFIX}type`) === 'COMPOSITE' ? undefined : checksum;
}

function compute(algorithm: Algorithm, bytes: Uint8Array, system: System): Uint8Array {
  switch (algorithm) {
    case 'crc32':
    case 'crc32c':
      return bigEndian(system[algorithm](bytes));
    default:
      return system[algorithm](bytes);
  }
}

function bigEndian(value: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(4));
  bytes.setUint32(0, value);
  return new Uint8Array(bytes.buffer);
}
