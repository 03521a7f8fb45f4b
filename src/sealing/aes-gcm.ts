/**
 * AES-256-GCM, with an IV of any length and the 16-byte tag behind the ciphertext.
 *
 * By WebCrypto, which both runtimes have at hand: at a cold start loading `node:crypto` costs more than opening a
 * hundred values, and AES in JavaScript ten times as much.
 */

import { EnvsealError } from '../errors.ts';
import type { Bytes } from '../system/byte-string.ts';

export const KEY_BYTES = 32;
export const TAG_BYTES = 16;

export interface GcmInput {
  readonly iv: Bytes;
  /** Authenticated, not encrypted. */
  readonly additionalData: Bytes;
}

/** `raw` has `KEY_BYTES`. */
export function importGcmKey(raw: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

export interface GcmSealed extends GcmInput {
  /** The ciphertext and the tag. */
  readonly sealed: Bytes;
}

/** The plaintext, or `undefined` when key, IV, additional data, ciphertext or tag is not what it was sealed with. */
export async function openGcm(key: CryptoKey, sealed: GcmSealed): Promise<Bytes | undefined> {
  const [plaintext] = await openAllGcm(key, [sealed]);
  return plaintext === undefined ? undefined : new Uint8Array(plaintext);
}

/**
 * The same for hundreds at once. Which of them do not open is found out only if one does not: at startup the
 * code is cold.
 */
export async function openAllGcm(
  key: CryptoKey,
  all: readonly GcmSealed[],
): Promise<(ArrayBuffer | undefined)[]> {
  const { subtle } = crypto;
  const opening: Promise<ArrayBuffer>[] = [];
  for (const { iv, additionalData, sealed } of all) {
    opening.push(subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, key, sealed));
  }
  try {
    return await Promise.all(opening);
  } catch {
    return await Promise.all(opening.map((opened) => opened.catch(notAuthentic)));
  }
}

function notAuthentic(error: unknown): undefined {
  if (error instanceof Error && error.name === 'OperationError') return undefined;
  throw new EnvsealError('internal', 'AES-GCM does not work', { cause: error });
}

/** The ciphertext and the tag. */
export async function sealGcm(key: CryptoKey, input: GcmInput, plaintext: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', ...input }, key, plaintext));
}
