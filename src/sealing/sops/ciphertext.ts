/**
 * `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`, the form of every encrypted value and of the MAC.
 * https://github.com/getsops/sops/blob/main/aes/cipher.go
 */
import { fromCanonicalBase64 } from '../../system/base64.ts';
import type { Bytes } from '../../system/byte-string.ts';
import { toBase64 } from '../../system/bytes.ts';
import { type GcmSealed, sealGcm, TAG_BYTES } from '../aes-gcm.ts';
import type { ScalarType } from './model.ts';

/** sops makes IVs of 32 bytes, where 12 are usual. */
const IV_BYTES = 32;

const encoder = new TextEncoder();

const PREFIX = 'ENC[AES256_GCM,';
const DATA = `${PREFIX}data:`;
const IV = ',iv:';
const TAG = ',tag:';
const TYPE = ',type:';
/** As base64. */
const IV_CHARACTERS = 44;
const TAG_CHARACTERS = 24;

export interface Ciphertext extends GcmSealed {
  readonly type: string;
}

/** What anything that sops encrypted starts with. */
export function looksEncrypted(text: string): boolean {
  return text.startsWith(PREFIX);
}

/**
 * `undefined` for any text that sops would not write, also where it would still read it. Taken apart from its end, where
 * all lengths are known: an expression would look at each character of hundreds of values.
 */
export function parseCiphertext(text: string, additionalData: Bytes): Ciphertext | undefined {
  const typeAt = text.lastIndexOf(TYPE);
  const tagAt = typeAt - TAG_CHARACTERS - TAG.length;
  const ivAt = tagAt - IV_CHARACTERS - IV.length;
  if (ivAt <= DATA.length || !text.startsWith(DATA)) return undefined;
  if (!text.startsWith(TAG, tagAt) || !text.startsWith(IV, ivAt) || !text.endsWith(']')) return undefined;
  const type = text.slice(typeAt + TYPE.length, -1);
  const data = fromCanonicalBase64(text.slice(DATA.length, ivAt));
  const iv = fromCanonicalBase64(text.slice(ivAt + IV.length, tagAt));
  const tag = fromCanonicalBase64(text.slice(tagAt + TAG.length, typeAt));
  if (!/^[a-z]+$/.test(type) || data === undefined || iv?.length !== IV_BYTES || tag?.length !== TAG_BYTES)
    return undefined;
  const sealed = new Uint8Array(data.length + TAG_BYTES);
  sealed.set(data);
  sealed.set(tag, data.length);
  return { iv, additionalData, sealed, type };
}

/** The mirror of parsing and opening, for text. */
export async function sealText(
  key: CryptoKey,
  text: string,
  additionalData: Bytes,
  type: ScalarType | 'comment' = 'str',
): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const sealed = await sealGcm(key, { iv, additionalData }, encoder.encode(text));
  const data = toBase64(sealed.subarray(0, -TAG_BYTES));
  return `${PREFIX}data:${data},iv:${toBase64(iv)},tag:${toBase64(sealed.subarray(-TAG_BYTES))},type:${type}]`;
}

/** What binds a value to its name: the path to it, each of its keys with a colon behind. */
export function pathTo(name: string): Bytes {
  return encoder.encode(`${name}:`);
}
