/**
 * The objects of berglas in a bucket of Cloud Storage: AES-256-GCM under a data key that Cloud KMS wraps. Pure, given the
 * KMS.
 *
 * The data key is bound to the object's name, as the additional data of the KMS; the key to ask is in the object's
 * metadata, `berglas-kms-key`. The same since its first version, of 2019.
 * https://github.com/GoogleCloudPlatform/berglas/blob/main/pkg/berglas/read.go
 */
import { EnvsealError } from '../errors.ts';
import type { Bytes } from '../system/byte-string.ts';
import { toBase64 } from '../system/bytes.ts';
import { importGcmKey, KEY_BYTES, openGcm, sealGcm } from './aes-gcm.ts';
import { BERGLAS_NONCE_BYTES } from './kms-blob.ts';

const NO_ADDITIONAL_DATA: Bytes = new Uint8Array();

export interface OpenBerglasOptions {
  /** The source's URI or path; error messages name it. */
  readonly source: string;
  /** As it was created: without bucket and generation. */
  readonly objectName: string;
  /** Throws as `Unwrap` of `keys/kinds.ts` does. */
  readonly unwrap: (wrapped: Uint8Array, additionalData: Uint8Array) => Promise<Uint8Array>;
}

/**
 * The env file. Throws `corrupt` for what does not authenticate, also for an object under another name than its own, and
 * what `unwrap` throws.
 */
export async function openBerglas(
  { wrapped, sealed }: { readonly wrapped: Uint8Array; readonly sealed: Uint8Array },
  { source, objectName, unwrap }: OpenBerglasOptions,
): Promise<Uint8Array> {
  const dataKey = await unwrap(wrapped, new TextEncoder().encode(objectName)).catch((error: unknown) => {
    throw isCorrupt(error) ? moved(source, error) : error;
  });
  if (dataKey.length !== KEY_BYTES) throw tampered(source, 'its data key has the wrong length');
  const bytes = new Uint8Array(sealed);
  const iv = bytes.subarray(0, BERGLAS_NONCE_BYTES);
  const key = await importGcmKey(new Uint8Array(dataKey));
  const input = { iv, additionalData: NO_ADDITIONAL_DATA, sealed: bytes.subarray(BERGLAS_NONCE_BYTES) };
  const plaintext = await openGcm(key, input);
  if (plaintext === undefined) throw tampered(source, 'it does not authenticate with its data key');
  return plaintext;
}

export interface SealBerglasOptions {
  /** The name that the object will have in its bucket. */
  readonly objectName: string;
  readonly wrap: (dataKey: Uint8Array, additionalData: Uint8Array) => Promise<Uint8Array>;
}

/** The mirror: what `berglas access` opens, in an object with the metadata that it looks for. */
export async function sealBerglas(
  plaintext: Uint8Array,
  { objectName, wrap }: SealBerglasOptions,
): Promise<Uint8Array> {
  const dataKey = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const iv = crypto.getRandomValues(new Uint8Array(BERGLAS_NONCE_BYTES));
  const wrapped = await wrap(dataKey, new TextEncoder().encode(objectName));
  const key = await importGcmKey(dataKey);
  const ciphertext = await sealGcm(
    key,
    { iv, additionalData: NO_ADDITIONAL_DATA },
    new Uint8Array(plaintext),
  );
  const sealed = new Uint8Array(iv.length + ciphertext.length);
  sealed.set(iv);
  sealed.set(ciphertext, iv.length);
  return new TextEncoder().encode(`${toBase64(wrapped)}:${toBase64(sealed)}`);
}

function isCorrupt(error: unknown): boolean {
  return error instanceof EnvsealError && error.code === 'corrupt';
}

function tampered(source: string, what: string): EnvsealError {
  return new EnvsealError('corrupt', `${source} does not match what was sealed: ${what}`, {
    hint: 'bytes were changed, or parts of two objects were mixed: investigate, and create the secret again',
  });
}

/** Renaming is what people do; https://github.com/GoogleCloudPlatform/berglas#faq has it too. */
function moved(source: string, cause: unknown): EnvsealError {
  const message = `${source} does not match what was sealed: its data key does not open under the name of the object`;
  const hint = 'berglas binds a secret to its name: copy it back to the name that it was created with';
  return new EnvsealError('corrupt', message, { hint, cause });
}
