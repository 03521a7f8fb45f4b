/**
 * `crypto.subtle`, as much of it as the product uses: what is left out throws NotSupportedError. Errors have the names that
 * Node gives them. <https://w3c.github.io/webcrypto/>, <https://wicg.github.io/webcrypto-modern-algos/>
 */
import { joinBytes } from '../../system/join-bytes.ts';
import { isSameBytes } from '../../system/same-bytes.ts';
import { bytesOfSource } from '../buffer-source.ts';
import { natives } from '../callbacks.ts';
import type { AeadName, HashName } from '../natives.ts';
import { type Algorithm, algorithmNamed, fail, hashOf, unsupported } from './algorithm.ts';
import { bytesOfKey, type CryptoKey, makeKey } from './crypto-key.ts';
import { type ImportedKey, importers, keyPkcs8 } from './key-formats.ts';

type Source = BufferSource;
interface AeadAlgorithm {
  readonly name: string;
  readonly iv: Source;
  readonly additionalData?: Source;
  readonly tagLength?: number;
}
interface DeriveAlgorithm {
  readonly name: string;
  readonly public?: CryptoKey;
  readonly hash?: Algorithm;
  readonly salt?: Source;
  readonly info?: Source;
}

const TAG_BITS = 128;
const POINT_BITS = 256;
/** RFC 7748, 4.1: the point that a public key is a multiple of. */
const BASE_POINT = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 9 : 0));
const HASH_BYTES: Readonly<Record<HashName, number>> = {
  'SHA-1': 20,
  'SHA-256': 32,
  'SHA-384': 48,
  'SHA-512': 64,
};
/** RFC 5869, 2.3. */
const MAX_HKDF_BLOCKS = 255;
const NOTHING = new Uint8Array(0);

export const subtle = {
  async digest(algorithm: Algorithm, data: Source): Promise<ArrayBuffer> {
    return natives.digest(hashOf(algorithm), bytesOfSource(data)).buffer;
  },

  async importKey(
    format: string,
    data: Source,
    algorithm: Algorithm,
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKey> {
    const name = algorithmNamed(algorithm, Object.keys(importers));
    const importKey = importers[name]?.[format];
    if (importKey === undefined) throw unsupported(`${name} keys as ${format}`);
    const imported = importKey(new Uint8Array(bytesOfSource(data)), algorithm);
    return toKey({ name, ...imported }, extractable, usages);
  },

  async exportKey(format: string, key: CryptoKey): Promise<ArrayBuffer> {
    if (key.algorithm.name !== 'X25519') throw unsupported('exporting such keys');
    if (!key.extractable) throw fail('InvalidAccessError', 'the key is not extractable');
    if (format === 'raw' && key.type === 'public') return bytesOfKey(key).slice().buffer;
    if (format === 'pkcs8' && key.type === 'private') return keyPkcs8(bytesOfKey(key)).buffer;
    throw format === 'raw' || format === 'pkcs8'
      ? fail('InvalidAccessError', 'another type of key')
      : unsupported(format);
  },

  async generateKey(
    algorithm: Algorithm,
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<{ publicKey: CryptoKey; privateKey: CryptoKey }> {
    const name = algorithmNamed(algorithm, ['X25519']);
    const secret = natives.random(POINT_BITS / 8);
    const point = natives.x25519(secret, BASE_POINT) as Uint8Array<ArrayBuffer>;
    const either: readonly KeyUsage[] = ['deriveBits', 'deriveKey'];
    const [privateParts, publicParts] = [
      { name, type: 'private', bytes: secret, allowed: either, needsUsage: true },
      { name, type: 'public', bytes: point, allowed: [] },
    ] as const;
    return { privateKey: toKey(privateParts, extractable, usages), publicKey: toKey(publicParts, true, []) };
  },

  async encrypt(algorithm: AeadAlgorithm, key: CryptoKey, data: Source): Promise<ArrayBuffer> {
    return aead(algorithm, key, 'encrypt', data);
  },

  async decrypt(algorithm: AeadAlgorithm, key: CryptoKey, data: Source): Promise<ArrayBuffer> {
    return aead(algorithm, key, 'decrypt', data);
  },

  async sign(algorithm: Algorithm, key: CryptoKey, data: Source): Promise<ArrayBuffer> {
    const name = use(algorithm, ['HMAC', 'RSASSA-PKCS1-v1_5'], key, 'sign');
    if (name === 'HMAC') return mac(key, data).buffer;
    const signed = natives.signRs256(bytesOfKey(key), bytesOfSource(data));
    if (signed === undefined) throw fail('OperationError', 'cannot sign');
    return signed.buffer;
  },

  async verify(algorithm: Algorithm, key: CryptoKey, signature: Source, data: Source): Promise<boolean> {
    use(algorithm, ['HMAC'], key, 'verify');
    return isSameBytes(mac(key, data), bytesOfSource(signature));
  },

  async deriveBits(
    algorithm: DeriveAlgorithm,
    key: CryptoKey,
    length: number | null = null,
  ): Promise<ArrayBuffer> {
    const name = use(algorithm, ['HKDF', 'X25519'], key, 'deriveBits');
    return name === 'HKDF' ? hkdf(algorithm, key, length) : agree(algorithm, key, length);
  },
};

function toKey(
  { name, type, bytes, allowed, needsUsage, ...more }: ImportedKey & { readonly name: string },
  extractable: boolean,
  usages: readonly KeyUsage[],
): CryptoKey {
  if (usages.some((usage) => !allowed.includes(usage)) || (needsUsage && usages.length === 0)) {
    throw fail('SyntaxError', `not usages of such a ${name} key`);
  }
  if (name === 'HKDF' && extractable) throw fail('SyntaxError', 'an HKDF key cannot be extractable');
  return makeKey({ type, extractable, algorithm: { name, ...more }, usages: [...new Set(usages)], bytes });
}

/** Checks that the key is for this algorithm and use, and gives the algorithm's name. */
function use(algorithm: Algorithm, names: readonly string[], key: CryptoKey, usage: KeyUsage): string {
  const name = algorithmNamed(algorithm, names);
  if (key.algorithm.name !== name) throw fail('InvalidAccessError', 'a key of another algorithm');
  if (!key.usages.includes(usage)) throw fail('InvalidAccessError', `not a key to ${usage}`);
  return name;
}

function aead(
  algorithm: AeadAlgorithm,
  key: CryptoKey,
  usage: 'encrypt' | 'decrypt',
  data: Source,
): ArrayBuffer {
  const name = use(algorithm, ['AES-GCM', 'ChaCha20-Poly1305'], key, usage) as AeadName;
  const { iv, additionalData = NOTHING, tagLength = TAG_BITS } = algorithm;
  if (tagLength !== TAG_BITS) throw unsupported('shorter tags');
  const turn = usage === 'encrypt' ? natives.seal : natives.open;
  const result = turn(
    name,
    bytesOfKey(key),
    bytesOfSource(iv),
    bytesOfSource(additionalData),
    bytesOfSource(data),
  );
  if (result === undefined) throw fail('OperationError', `cannot ${usage}`);
  return result.buffer;
}

function mac(key: CryptoKey, data: Source): Uint8Array<ArrayBuffer> {
  return natives.hmac(key.algorithm.hash?.name as HashName, bytesOfKey(key), bytesOfSource(data));
}

/** RFC 5869. */
function hkdf(algorithm: DeriveAlgorithm, key: CryptoKey, length: number | null): ArrayBuffer {
  const { salt, info, hash } = algorithm;
  if (salt === undefined || info === undefined || hash === undefined)
    throw new TypeError('hash, salt and info are missing');
  const name = hashOf(hash);
  const bytes = HASH_BYTES[name];
  if (length === null || length % 8 !== 0 || length / 8 > MAX_HKDF_BLOCKS * bytes) {
    throw fail('OperationError', 'cannot derive so many bits');
  }
  const extracted = natives.hmac(name, bytesOfSource(salt), bytesOfKey(key));
  const derived = new Uint8Array(length / 8);
  let block: Uint8Array<ArrayBuffer> = NOTHING;
  for (let at = 0; at < derived.length; at += bytes) {
    block = natives.hmac(
      name,
      extracted,
      joinBytes([block, bytesOfSource(info), Uint8Array.of(at / bytes + 1)]),
    );
    derived.set(block.subarray(0, derived.length - at), at);
  }
  return derived.buffer;
}

function agree({ public: other }: DeriveAlgorithm, key: CryptoKey, length: number | null): ArrayBuffer {
  if (other?.type !== 'public' || other.algorithm.name !== 'X25519' || key.type !== 'private') {
    throw fail('InvalidAccessError', 'not keys of two sides');
  }
  const shared = natives.x25519(bytesOfKey(key), bytesOfKey(other));
  if (shared === undefined || (length ?? 0) > POINT_BITS) throw fail('OperationError', 'cannot derive bits');
  if (length === null || length === POINT_BITS) return shared.buffer;
  if (length % 8 !== 0) throw unsupported('a length that is not in bytes');
  return shared.slice(0, length / 8).buffer;
}
