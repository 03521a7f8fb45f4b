/**
 * A ciphertext blob: two bytes of length, the key's ARN, nonce, ciphertext and tag. AWS's own is opaque, but begins as
 * this does: in base64 with `AQICAH`, as in every SOPS file with `kms`.
 */

export interface Ciphertext {
  readonly keyArn: string;
  readonly sealed: Buffer;
}

const PREFIX = Buffer.from([1, 2, 2, 0, 0x78]);
const LENGTH_BYTES = 2;

export function pack({ keyArn, sealed }: Ciphertext): Buffer {
  const arn = Buffer.from(keyArn);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(arn.length);
  return Buffer.concat([PREFIX, length, arn, sealed]);
}

/** Undefined when it is not such a blob. */
export function unpack(blob: Buffer): Ciphertext | undefined {
  const start = PREFIX.length + LENGTH_BYTES;
  if (blob.length < start || !blob.subarray(0, PREFIX.length).equals(PREFIX)) return undefined;
  const end = start + blob.readUInt16BE(PREFIX.length);
  const keyArn = blob.toString('utf8', start, end);
  return keyArn.startsWith('arn:aws:kms:') ? { keyArn, sealed: blob.subarray(end) } : undefined;
}
