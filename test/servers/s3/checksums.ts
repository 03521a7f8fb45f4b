/**
 * Checksums of whole objects.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { S3Error } from './errors.ts';

export interface Checksum {
  /** As in the header: `crc32`, `sha256`, … */
  readonly algorithm: string;
  readonly base64: string;
}

const HEADER = /^x-amz-checksum-(crc32|crc32c|crc64nvme|sha1|sha256)$/;

const ALGORITHMS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  crc32: (bytes) => bigEndian(crc32(bytes)),
  crc32c: (bytes) => bigEndian(crc32c(bytes)),
  crc64nvme,
  sha1: (bytes) => createHash('sha1').update(bytes).digest(),
  sha256: (bytes) => createHash('sha256').update(bytes).digest(),
};

export function checksum(algorithm: string, bytes: Buffer): Checksum {
  return { algorithm, base64: ALGORITHMS[algorithm]?.(bytes).toString('base64') ?? '' };
}

/** The checksum the writer sent, verified; CRC64NVME when none was sent, as S3 has done since December 2024. */
export function verifiedChecksum(headers: Readonly<Record<string, string>>, bytes: Buffer): Checksum {
  verifyMd5(headers['content-md5'], bytes);
  const [sent, second] = Object.keys(headers).filter((name) => HEADER.test(name));
  if (sent === undefined) return checksum('crc64nvme', bytes);
  if (second !== undefined)
    throw new S3Error(
      'InvalidRequest',
      {},
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  const computed = checksum(sent.replace(HEADER, '$1'), bytes);
  const given = headers[sent] ?? '';
  if (given.length !== computed.base64.length)
    throw new S3Error('InvalidRequest', {}, `Value for ${sent} header is invalid.`);
  if (given !== computed.base64) throw badDigest(computed.algorithm.toUpperCase());
  return computed;
}

export function checksumHeaders({ algorithm, base64 }: Checksum): Record<string, string> {
  return { [`x-amz-checksum-${algorithm}`]: base64, 'x-amz-checksum-type': 'FULL_OBJECT' };
}

function verifyMd5(given: string | undefined, bytes: Buffer): void {
  if (given === undefined) return;
  if (Buffer.from(given, 'base64').length !== 16) throw new S3Error('InvalidDigest');
  if (given !== createHash('md5').update(bytes).digest('base64')) throw badDigest('Content-MD5');
}

function badDigest(what: string): S3Error {
  return new S3Error('BadDigest', {}, `The ${what} you specified did not match the calculated checksum.`);
}

/** Castagnoli, reflected: https://www.rfc-editor.org/rfc/rfc3720#appendix-B.4 */
const CRC32C = table(0n, 0x82f63b78n);
/** https://reveng.sourceforge.io/crc-catalogue/17plus.htm#crc.cat.crc-64-nvme */
const CRC64NVME = table(0x9a6c9329n, 0xac4bc9b5n);

function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC32C.low[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}

/** In two halves of 32 bits, because bitwise operators have no more. */
function crc64nvme(bytes: Buffer): Buffer {
  let [high, low] = [0xffffffff, 0xffffffff];
  for (const byte of bytes) {
    const index = (low ^ byte) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ (CRC64NVME.low[index] ?? 0);
    high = (high >>> 8) ^ (CRC64NVME.high[index] ?? 0);
  }
  return Buffer.concat([bigEndian(~high >>> 0), bigEndian(~low >>> 0)]);
}

function table(high: bigint, low: bigint): { high: Uint32Array; low: Uint32Array } {
  const polynomial = (high << 32n) | low;
  const rows = Array.from({ length: 256 }, (_, byte) => {
    let crc = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ polynomial : crc >> 1n;
    return crc;
  });
  return {
    high: Uint32Array.from(rows, (crc) => Number(crc >> 32n)),
    low: Uint32Array.from(rows, (crc) => Number(crc & 0xffffffffn)),
  };
}

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
