/**
 * KMS ciphertexts as they are in a file: binary, as base64, and as the two halves of a berglas object. Pure.
 */

import { fromCanonicalBase64 } from '../system/base64.ts';
import type { Bytes } from '../system/byte-string.ts';
import { TAG_BYTES } from './aes-gcm.ts';

export type Cloud = 'aws' | 'google';

export interface BerglasFile {
  /** The data key, by Cloud KMS. */
  readonly wrapped: Bytes;
  /** Nonce, ciphertext and tag. */
  readonly sealed: Bytes;
}

export const BERGLAS_NONCE_BYTES = 12;

/**
 * Header, the 32 bytes that stand for the key, and a tag. The published ones have 125 and more; those of external key
 * stores are described nowhere, so KMS itself is the one to refuse what was cut.
 */
const MIN_AWS_BYTES = 5 + 32 + TAG_BYTES;

/**
 * The cloud whose KMS made a ciphertext; `undefined` for anything else, text included: all of them have a NUL.
 *
 * The formats are opaque by contract. This is what all published ones have in common:
 * https://awsteele.com/blog/2020/11/29/cursory-kms-research.html
 * https://registry.terraform.io/providers/hashicorp/aws/latest/docs/ephemeral-resources/kms_secrets
 * https://github.com/aws/aws-sdk-ruby/issues/1173 (until about 2017)
 * https://registry.terraform.io/providers/hashicorp/google/latest/docs/data-sources/kms_secret
 */
export function cloudOf(bytes: Uint8Array): Cloud | undefined {
  if (bytes[0] === 0x01) return isAws(bytes, 0) && bytes.length >= MIN_AWS_BYTES ? 'aws' : undefined;
  if (bytes[0] !== 0x0a) return undefined;
  const second = secondField(bytes);
  if (second === -1) return undefined;
  if (bytes[1] === 0x20) return isAws(bytes, second) ? 'aws' : undefined;
  const isGoogle = (bytes[1] === 0x24 || bytes[1] === 0x25) && bytes[2] === 0;
  return isGoogle ? 'google' : undefined;
}

/** `01 01 02 00 78`, `01 02 02 00 78` and `01 02 03 00 78` are known. */
function isAws(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0x01 &&
    (bytes[at + 1] === 0x01 || bytes[at + 1] === 0x02) &&
    (bytes[at + 2] ?? 0xff) <= 0x09 &&
    bytes[at + 3] === 0x00 &&
    bytes[at + 4] === 0x78
  );
}

/** Where the content of field 2 starts, in protobuf of fields 1 and 2 and nothing more; -1 when it is not that. */
function secondField(bytes: Uint8Array): number {
  let at = 2 + (bytes[1] ?? 0);
  if (bytes[at] !== 0x12) return -1;
  let length = 0;
  for (let shift = 0; shift <= 28; shift += 7) {
    at += 1;
    const byte = bytes[at] ?? 0;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return length > 0 && at + 1 + length === bytes.length ? at + 1 : -1;
  }
  return -1;
}

/**
 * The bytes of a text that is base64 and nothing else: as `base64` writes it, wrapped or not, in the standard alphabet or
 * the one for URLs, padded or not at all. White space counts for nothing, as for `atob`.
 */
export function decodeBase64File(text: string): Bytes | undefined {
  let packed = pack(text);
  if (/[-_]/.test(packed)) {
    if (/[+/]/.test(packed)) return undefined;
    packed = packed.replaceAll('-', '+').replaceAll('_', '/');
  }
  if (!packed.endsWith('=')) packed = packed.padEnd(Math.ceil(packed.length / 4) * 4, '=');
  return packed === '' ? undefined : fromCanonicalBase64(packed);
}

/**
 * `BASE64(wrapped data key):BASE64(nonce, ciphertext and tag)`, by Go's `base64.StdEncoding`, which skips line breaks.
 * `undefined` when it is not that; which KMS wrapped the key is not looked at.
 * https://github.com/GoogleCloudPlatform/berglas/blob/main/pkg/berglas/writer.go
 */
export function splitBerglas(text: string): BerglasFile | undefined {
  const colon = text.indexOf(':');
  if (colon === -1) return undefined;
  const wrapped = fromCanonicalBase64(pack(text.slice(0, colon)));
  const sealed = fromCanonicalBase64(pack(text.slice(colon + 1)));
  if (wrapped === undefined || wrapped.length === 0) return undefined;
  if (sealed === undefined || sealed.length < BERGLAS_NONCE_BYTES + TAG_BYTES) return undefined;
  return { wrapped, sealed };
}

function pack(text: string): string {
  return text.replace(/[ \t\r\n]+/g, '');
}
