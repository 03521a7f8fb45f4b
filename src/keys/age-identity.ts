/**
 * An age identity: X25519 by WebCrypto, in a fifth of the time that a cold start of `age-encryption` takes; the
 * post-quantum ones, which are rare, by that library.
 */

import type { Bytes } from '../sealing/aes-gcm.ts';
import { toHex } from '../system/bytes.ts';
import { broken, decodeBase64, deriveKey, openAgeFile, type Stanza } from './age-file.ts';
import { decodeBech32 } from './bech32.ts';
import { openChaCha, TAG_BYTES } from './chacha.ts';

export interface AgeIdentity {
  isFor(recipient: string): Promise<boolean>;
  /** What an age file for it holds. Throws `corrupt`. */
  open(armored: string): Promise<Uint8Array>;
}

const KEY_BYTES = 32;
/** What is before the 32 bytes of a private key in PKCS #8. https://www.rfc-editor.org/rfc/rfc8410#section-7 */
const PKCS8_PREFIX = [0x30, 46, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 34, 4, 32];
/** The point that a public key is a multiple of. https://www.rfc-editor.org/rfc/rfc7748#section-4.1 */
const BASE_POINT = Uint8Array.of(9, ...new Array(KEY_BYTES - 1).fill(0));

const FILE_KEY_BYTES = 16;

/** `undefined` for what is not `AGE-SECRET-KEY-1…` or `AGE-SECRET-KEY-PQ-1…`. */
export function parseAgeIdentity(text: string): AgeIdentity | undefined {
  const scalar = decodeBech32('AGE-SECRET-KEY-', text);
  if (scalar?.length === KEY_BYTES) return new X25519Identity(scalar);
  const isHybrid = decodeBech32('AGE-SECRET-KEY-PQ-', text)?.length === KEY_BYTES;
  return isHybrid ? new HybridIdentity(text) : undefined;
}

/** https://github.com/C2SP/C2SP/blob/main/age.md#the-x25519-recipient-type */
class X25519Identity implements AgeIdentity {
  readonly #privateKey: Promise<CryptoKey>;
  /** Computed on another thread from the start, because it is always asked for. */
  readonly #publicKey: Promise<Bytes>;

  constructor(scalar: Bytes) {
    const pkcs8 = Uint8Array.of(...PKCS8_PREFIX, ...scalar);
    this.#privateKey = crypto.subtle.importKey('pkcs8', pkcs8, 'X25519', false, ['deriveBits']);
    this.#publicKey = this.#multiply(BASE_POINT);
  }

  async isFor(recipient: string): Promise<boolean> {
    const bytes = decodeBech32('age', recipient);
    return bytes !== undefined && toHex(bytes) === toHex(await this.#publicKey);
  }

  open(armored: string): Promise<Uint8Array> {
    return openAgeFile(armored, (stanzas) => this.#unwrap(stanzas));
  }

  async #unwrap(stanzas: readonly Stanza[]): Promise<Bytes | undefined> {
    for (const { type, args, body } of stanzas) {
      if (type !== 'X25519') continue;
      const share = args.length === 1 ? decodeBase64(args[0] as string) : undefined;
      if (share?.length !== KEY_BYTES || body.length !== FILE_KEY_BYTES + TAG_BYTES) {
        throw broken('its header is not whole');
      }
      const salt = Uint8Array.of(...share, ...(await this.#publicKey));
      const key = await deriveKey(await this.#multiply(share), salt, 'age-encryption.org/v1/X25519');
      const fileKey = await openChaCha(key, new Uint8Array(12), body);
      if (fileKey !== undefined) return fileKey;
    }
    return undefined;
  }

  async #multiply(point: Bytes): Promise<Bytes> {
    const publicKey = await crypto.subtle.importKey('raw', point, 'X25519', false, []);
    const algorithm = { name: 'X25519', public: publicKey };
    try {
      return new Uint8Array(await crypto.subtle.deriveBits(algorithm, await this.#privateKey, 256));
    } catch (error) {
      // A point of small order, which gives the same secret to everyone.
      if (error instanceof Error && error.name === 'OperationError') throw broken('its share is not a key');
      throw error;
    }
  }
}

class HybridIdentity implements AgeIdentity {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  async isFor(recipient: string): Promise<boolean> {
    if (!recipient.startsWith('age1pq1')) return false;
    const { identityToRecipient } = await import('age-encryption');
    return (await identityToRecipient(this.#text)) === recipient;
  }

  async open(armored: string): Promise<Uint8Array> {
    const { armor, Decrypter } = await import('age-encryption');
    const decrypter = new Decrypter();
    decrypter.addIdentity(this.#text);
    try {
      return await decrypter.decrypt(armor.decode(armored));
    } catch {
      throw broken('it was changed or cut short');
    }
  }
}
