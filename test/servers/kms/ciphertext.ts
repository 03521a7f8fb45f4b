/** A ciphertext blob: two bytes of length, the key's ARN, nonce, ciphertext and tag. AWS's own is opaque. */

export interface Ciphertext {
  readonly keyArn: string;
  readonly sealed: Buffer;
}

const LENGTH_BYTES = 2;

export function pack({ keyArn, sealed }: Ciphertext): Buffer {
  const arn = Buffer.from(keyArn);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(arn.length);
  return Buffer.concat([length, arn, sealed]);
}

/** Undefined when it is no such blob. */
export function unpack(blob: Buffer): Ciphertext | undefined {
  const end = blob.length < LENGTH_BYTES ? 0 : LENGTH_BYTES + blob.readUInt16BE();
  const keyArn = blob.toString('utf8', LENGTH_BYTES, end);
  return keyArn.startsWith('arn:aws:kms:') ? { keyArn, sealed: blob.subarray(end) } : undefined;
}
