/** The checksums that S3 keeps with an object. */
import { EnvsealError } from '../errors.ts';
import { toBase64 } from '../system/bytes.ts';
import type { System } from '../system/system.ts';

type Algorithm = (bytes: Uint8Array, system: System) => Uint8Array;

/** Fastest first; S3 sends one. https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html */
const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  'x-amz-checksum-crc32': (bytes, system) => bigEndian(system.crc32(bytes)),
  'x-amz-checksum-crc32c': (bytes, system) => bigEndian(system.crc32c(bytes)),
  'x-amz-checksum-crc64nvme': (bytes, system) => system.crc64nvme(bytes),
  'x-amz-checksum-sha1': (bytes, system) => system.sha1(bytes),
  'x-amz-checksum-sha256': (bytes, system) => system.sha256(bytes),
};

/**
 * Throws `corrupt` when a checksum in the headers is not that of the bytes. Those of multipart uploads (`…-3`) are over
 * the parts' checksums, so they say nothing about the whole and are passed over.
 */
export function verifyChecksum(bytes: Uint8Array, headers: Headers, system: System): void {
  if (headers.get('x-amz-checksum-type') === 'COMPOSITE') return;
  for (const [header, algorithm] of Object.entries(ALGORITHMS)) {
    const expected = headers.get(header);
    if (expected === null || /-\d+$/.test(expected)) continue;
    if (toBase64(algorithm(bytes, system)) === expected) continue;
    throw new EnvsealError(
      'corrupt',
      `the ${header.slice('x-amz-checksum-'.length)} checksum does not match`,
      {
        hint: 'the bytes were changed on their way: try again, and look at what is between here and S3',
      },
    );
  }
}

function bigEndian(value: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(4));
  bytes.setUint32(0, value);
  return new Uint8Array(bytes.buffer);
}
