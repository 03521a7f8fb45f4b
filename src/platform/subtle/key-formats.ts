/** Keys as `importKey` takes them. Each reader throws DataError for bytes that are not such a key. */
import { natives } from '../callbacks.ts';
import { type Algorithm, fail, hashOf } from './algorithm.ts';

export interface ImportedKey {
  readonly type: KeyType;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What such a key may be for. */
  readonly allowed: readonly KeyUsage[];
  /** Whether it must be for something. */
  readonly needsUsage?: boolean;
  /** In bits. */
  readonly length?: number;
  readonly hash?: { readonly name: string };
}

type Reader = (bytes: Uint8Array<ArrayBuffer>, algorithm: Algorithm) => ImportedKey;

/** RFC 8410, 7: a key of X25519 as PKCS #8 is this and its 32 bytes. */
const X25519_PREFIX = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20);
const X25519_BYTES = 32;

export function keyPkcs8(secret: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(X25519_PREFIX.length + secret.length);
  bytes.set(X25519_PREFIX);
  bytes.set(secret, X25519_PREFIX.length);
  return bytes;
}

function secret(lengths: readonly number[], allowed: readonly KeyUsage[]): Reader {
  return (bytes) => {
    if (!lengths.includes(bytes.length)) throw broken();
    return { type: 'secret', bytes, allowed, needsUsage: true, length: bytes.length * 8 };
  };
}

function withHash(algorithm: Algorithm): { readonly name: string } {
  const { hash } = algorithm as { hash?: Algorithm };
  if (hash === undefined) throw new TypeError('the hash is missing');
  return { name: hashOf(hash) };
}

const readHmac: Reader = (bytes, algorithm) => {
  const hash = withHash(algorithm);
  const { length } = algorithm as { length?: number };
  if (bytes.length === 0 || (length !== undefined && length !== bytes.length * 8)) throw broken();
  return {
    type: 'secret',
    bytes,
    allowed: ['sign', 'verify'],
    needsUsage: true,
    length: bytes.length * 8,
    hash,
  };
};

const readHkdf: Reader = (bytes) => ({
  type: 'secret',
  bytes,
  allowed: ['deriveBits', 'deriveKey'],
  needsUsage: true,
});

const readPoint: Reader = (bytes) => {
  if (bytes.length !== X25519_BYTES) throw broken();
  return { type: 'public', bytes, allowed: [] };
};

const readX25519: Reader = (bytes) => {
  const isWhole = bytes.length === X25519_PREFIX.length + X25519_BYTES;
  if (!isWhole || X25519_PREFIX.some((byte, i) => byte !== bytes[i])) throw broken();
  const key = bytes.slice(X25519_PREFIX.length);
  return { type: 'private', bytes: key, allowed: ['deriveBits', 'deriveKey'], needsUsage: true };
};

const readRsa: Reader = (bytes, algorithm) => {
  const hash = withHash(algorithm);
  if (hash.name !== 'SHA-256') throw fail('NotSupportedError', 'RSA with another hash: not supported');
  if (!natives.isRsaKey(bytes)) throw broken();
  return { type: 'private', bytes, allowed: ['sign'], needsUsage: true, hash };
};

const aead: readonly KeyUsage[] = ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'];
const readAes = secret([16, 24, 32], aead);

/** By algorithm and format. */
export const importers: Readonly<Record<string, Readonly<Record<string, Reader>>>> = {
  'AES-GCM': { raw: readAes, 'raw-secret': readAes },
  'ChaCha20-Poly1305': { 'raw-secret': secret([32], aead) },
  HMAC: { raw: readHmac, 'raw-secret': readHmac },
  HKDF: { raw: readHkdf, 'raw-secret': readHkdf },
  X25519: { raw: readPoint, 'raw-public': readPoint, pkcs8: readX25519 },
  'RSASSA-PKCS1-v1_5': { pkcs8: readRsa },
};

/** Nothing of the key is in it. */
function broken(): DOMException {
  return fail('DataError', 'not a key of this algorithm');
}
