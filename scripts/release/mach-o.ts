/** Whether the signature in a program for macOS is that of its bytes. */
import { createHash } from 'node:crypto';

const LC_CODE_SIGNATURE = 0x1d;
const CSMAGIC_CODEDIRECTORY = 0xfade0c02;

/**
 * Compares the hash of every page with that in the first code directory. `absent` where there is no signature.
 * https://github.com/apple-oss-distributions/xnu/blob/main/osfmk/kern/cs_blobs.h
 */
export function checkSignature(program: Buffer): 'fits' | 'does not fit' | 'absent' {
  const signature = findSignature(program);
  if (signature === undefined) return 'absent';
  const directory = signature + program.readUInt32BE(signature + 16);
  if (program.readUInt32BE(directory) !== CSMAGIC_CODEDIRECTORY) return 'does not fit';
  const field = (index: number) => program.readUInt32BE(directory + 4 * index);
  const [hashes, pages, limit] = [directory + field(4), field(7), field(8)];
  const hashBytes = program.readUInt8(directory + 36);
  const pageBytes = 2 ** program.readUInt8(directory + 39);
  for (let page = 0; page < pages; page++) {
    const bytes = program.subarray(page * pageBytes, Math.min((page + 1) * pageBytes, limit));
    const found = createHash('sha256').update(bytes).digest().subarray(0, hashBytes);
    const at = hashes + page * hashBytes;
    if (!found.equals(program.subarray(at, at + hashBytes))) return 'does not fit';
  }
  return limit >= signature ? 'fits' : 'does not fit';
}

/** Where it starts: `mach_header_64` is followed by its load commands. */
function findSignature(program: Buffer): number | undefined {
  const count = program.readUInt32LE(16);
  for (let at = 32, left = count; left > 0; left--, at += program.readUInt32LE(at + 4))
    if (program.readUInt32LE(at) === LC_CODE_SIGNATURE) return program.readUInt32LE(at + 8);
  return undefined;
}
