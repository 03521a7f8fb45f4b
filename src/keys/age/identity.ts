/**
 * An age identity: X25519 by our own code, in a fifth of the time that a cold start of `age-encryption` takes; the
 * post-quantum ones, which are rare, by that library.
 */

import type { Bytes } from '../../system/byte-string.ts';
import { toHex } from '../../system/bytes.ts';
import { decodeBech32 } from './bech32.ts';
import { agree, deriveKey, openChaCha, TAG_BYTES } from './crypto.ts';
import { broken, decodeBase64, openAgeFile, type Stanza } from './file.ts';

export interface AgeIdentity {
  isFor(recipient: string): Promise<boolean>;
  /** What an age file for it holds. Throws `corrupt`. */
  open(armored: string): Promise<Uint8Array>;
}

const KEY_BYTES = 32;
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
  readonly #scalar: Bytes;
  /** Asked for at once, because it is always needed: on Node it is computed on another thread. */
  readonly #publicKey: Promise<Bytes>;

  constructor(scalar: Bytes) {
    this.#scalar = scalar;
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
    const shared = await agree(this.#scalar, point);
    if (shared === undefined) throw broken('its share is not a valid key');
    return shared;
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
