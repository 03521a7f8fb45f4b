/**
 * AES-256-GCM by the host: a key is its bytes, and hundreds of values need neither promises nor the code of
 * WebCrypto.
 */
import { EnvsealError } from '../errors.ts';
import { natives } from '../platform/callbacks.ts';
import type { Bytes } from '../system/byte-string.ts';
import type { GcmInput, GcmSealed } from './aes-gcm.ts';

export type { Bytes } from '../system/byte-string.ts';
export type { GcmInput, GcmSealed } from './aes-gcm.ts';
export { KEY_BYTES, TAG_BYTES } from './aes-gcm.ts';

const NAME = 'AES-GCM';

export async function importGcmKey(raw: Bytes): Promise<CryptoKey> {
  return new Uint8Array(raw) as unknown as CryptoKey;
}

export async function openGcm(key: CryptoKey, sealed: GcmSealed): Promise<Bytes | undefined> {
  return open(key, sealed);
}

export async function openAllGcm(
  key: CryptoKey,
  all: readonly GcmSealed[],
): Promise<(ArrayBuffer | undefined)[]> {
  const opened: (ArrayBuffer | undefined)[] = [];
  for (const sealed of all) opened.push(open(key, sealed)?.buffer);
  return opened;
}

export async function sealGcm(
  key: CryptoKey,
  { iv, additionalData }: GcmInput,
  plaintext: Bytes,
): Promise<Bytes> {
  const sealed = natives.seal(NAME, bytesOf(key), iv, additionalData, plaintext);
  if (sealed === undefined) throw new EnvsealError('internal', 'AES-GCM does not work');
  return sealed;
}

function open(key: CryptoKey, { iv, additionalData, sealed }: GcmSealed): Bytes | undefined {
  return natives.open(NAME, bytesOf(key), iv, additionalData, sealed);
}

/** The bytes of a key that `importGcmKey` made. */
function bytesOf(key: CryptoKey): Uint8Array {
  return key as unknown as Uint8Array;
}
