/**
 * `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`, the form of every encrypted value and of the MAC.
 * https://github.com/getsops/sops/blob/main/aes/cipher.go
 */
import { decodeStrictly } from '../../system/base64.ts';
import { toBase64 } from '../../system/bytes.ts';
import { type Bytes, type GcmSealed, sealGcm, TAG_BYTES } from '../aes-gcm.ts';
import type { ScalarType } from './tree.ts';

/** sops makes IVs of 32 bytes, where 12 are usual. */
const IV_BYTES = 32;

const encoder = new TextEncoder();

const PREFIX = 'ENC[AES256_GCM,';
const BASE64 = '[A-Za-z0-9+/]+={0,2}';
const CIPHERTEXT = new RegExp(
  `^ENC\\[AES256_GCM,data:(${BASE64}),iv:(${BASE64}),tag:(${BASE64}),type:([a-z]+)\\]$`,
);

export interface Ciphertext extends GcmSealed {
  readonly type: string;
}

/** What anything that sops encrypted starts with. */
export function looksEncrypted(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** `undefined` for any text that sops would not write, also where it would still read it. */
export function parseCiphertext(text: string, additionalData: Bytes): Ciphertext | undefined {
  const match = CIPHERTEXT.exec(text);
  if (match === null) return undefined;
  try {
    const data = decodeStrictly(match[1] as string);
    const iv = decodeStrictly(match[2] as string);
    const tag = decodeStrictly(match[3] as string);
    if (iv.length !== IV_BYTES || tag.length !== TAG_BYTES) return undefined;
    const sealed = new Uint8Array(data.length + TAG_BYTES);
    sealed.set(data);
    sealed.set(tag, data.length);
    return { iv, additionalData, sealed, type: match[4] as string };
  } catch {
    return undefined;
  }
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
