/**
 * The checksums that S3 keeps with an object. CRC-32C and CRC-64/NVME are computed here because no runtime has them;
 * parameters: https://reveng.sourceforge.io/crc-catalogue/all.htm
 */
import { EnvsealError } from '../errors.ts';
import { toBase64 } from '../system/bytes.ts';
import type { System } from '../system/system.ts';

type Algorithm = (bytes: Uint8Array, system: System) => Uint8Array;

/** Fastest first; S3 sends one. https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html */
const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  'x-amz-checksum-crc32': (bytes, system) => bigEndian(BigInt(system.crc32(bytes) >>> 0), 4),
  'x-amz-checksum-crc32c': (bytes) => bigEndian(BigInt(crc32c(bytes)), 4),
  'x-amz-checksum-crc64nvme': (bytes) => bigEndian(crc64nvme(bytes), 8),
  'x-amz-checksum-sha1': (bytes, system) => system.sha1(bytes),
  'x-amz-checksum-sha256': (bytes, system) => system.sha256(bytes),
};

/**
 * Throws `corrupt` when a checksum in the headers is not that of the bytes. Those of multipart uploads (`…-3`) are over
 * the parts' checksums, so they say nothing about the whole and are passed over.
 */
export function verifyChecksum(bytes: Uint8Array, headers: Headers, system: System): void {
  for (const [header, algorithm, expected] of checksums(headers)) {
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

/** Whether `verifyChecksum` has anything to compare. */
export function hasChecksum(headers: Headers): boolean {
  return checksums(headers).length > 0;
}

function checksums(headers: Headers): [header: string, algorithm: Algorithm, expected: string][] {
  if (headers.get('x-amz-checksum-type') === 'COMPOSITE') return [];
  return Object.entries(ALGORITHMS).flatMap(([header, algorithm]) => {
    const expected = headers.get(header);
    return expected === null || /-\d+$/.test(expected) ? [] : [[header, algorithm, expected]];
  });
}

export function crc32c(bytes: Uint8Array): number {
  crc32cTable ??= makeCrc32cTable();
  const table = crc32cTable;
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] as number);
  return ~crc >>> 0;
}

/** One start asks for several: of an object, a ciphertext and what came of it. */
let crc32cTable: Uint32Array | undefined;

function makeCrc32cTable(): Uint32Array {
  const table = new Uint32Array(256);
  for (let index = 0; index < 256; index++) {
    let crc = index;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
    table[index] = crc;
  }
  return table;
}

/** Halves of 32 bits instead of one BigInt: a file of 2 MiB takes 40 ms instead of seconds. */
export function crc64nvme(bytes: Uint8Array): bigint {
  const [highs, lows] = crc64Tables();
  let [high, low] = [0xffffffff, 0xffffffff];
  for (const byte of bytes) {
    const index = (low ^ byte) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ (lows[index] as number);
    high = (high >>> 8) ^ (highs[index] as number);
  }
  return (BigInt(~high >>> 0) << 32n) | BigInt(~low >>> 0);
}

function crc64Tables(): [highs: Uint32Array, lows: Uint32Array] {
  const [highs, lows] = [new Uint32Array(256), new Uint32Array(256)];
  for (let index = 0; index < 256; index++) {
    let [high, low] = [0, index];
    for (let bit = 0; bit < 8; bit++) {
      const carry = low & 1;
      low = (low >>> 1) | (high << 31);
      high >>>= 1;
      if (carry) [high, low] = [high ^ 0x9a6c9329, low ^ 0xac4bc9b5];
    }
    [highs[index], lows[index]] = [high, low];
  }
  return [highs, lows];
}

function bigEndian(value: bigint, length: number): Uint8Array {
  return Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex');
}
