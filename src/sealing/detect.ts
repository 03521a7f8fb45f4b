/**
 * Detection of what a source is, from its bytes alone: no name and no header of a store decides, and anything
 * that envseal does not open is refused, because ciphertext must not reach the command as the value of a
 * variable. Pure.
 */
import { NAME_PATTERN } from '../envfile/name.ts';
import { EnvsealError } from '../errors.ts';
import type { AssignmentLists } from '../secret-map.ts';
import { isText } from '../system/text-search.ts';
import { DOTENVX, type Likeness, looksLike } from './describe-unknown.ts';
import { type BerglasFile, type Cloud, cloudOf, decodeBase64File, splitBerglas } from './kms-blob.ts';
import { DOTENVX_KEY, decode, MIN_BASE64, mayBeSopsOrDotenvx, startsAsDotenv } from './plain.ts';
import { detectSopsText, isObject } from './sops/detect.ts';
import type { SopsKind } from './sops/model.ts';

export type Detected = ({ readonly kind: 'dotenv' | 'json' } & Decoded & Read) | Sealed;

interface Read {
  /** In the default dialect, where it came with the look at the bytes. */
  readonly plain?: AssignmentLists;
}

interface Decoded {
  /**
   * What the bytes are as text, without a BOM and with U+FFFD for what is invalid, for the reader that
   * follows.
   */
  readonly text?: string;
}

type Sealed =
  | ({ readonly kind: 'sops'; readonly sops: SopsKind } & Decoded)
  | {
      readonly kind: 'kms';
      /** `undefined` for a ciphertext that only `format=kms` says to be one. */
      readonly cloud: Cloud | undefined;
      readonly ciphertext: Uint8Array;
    }
  | ({ readonly kind: 'berglas' } & BerglasFile);

export type PinnedFormat = Detected['kind'];

interface Options {
  /** The source's URI or path; error messages name it. */
  readonly source: string;
}

const WORDS: Readonly<Record<Sealed['kind'], string>> = {
  sops: 'a SOPS file',
  kms: 'a KMS ciphertext',
  berglas: 'a berglas object',
};

const BASE64_START = new RegExp(`^[ \\t\\r\\n]*(?:[A-Za-z0-9+/_-][ \\t\\r\\n]*){${MIN_BASE64}}`);
/** The answer of a KMS with the longest ciphertext, of 64 KiB, is a little shorter. */
const MAX_ANSWER = 100_000;

/**
 * Throws `malformed`, which says what the file looks like and nothing that is in it. Text that is none of the others is
 * `dotenv`: its parser has the line and the column of what is wrong.
 */
export function detect(bytes: Uint8Array, { source }: Options): Detected {
  const text = decode(bytes);
  const mayBeOther = mayBeSopsOrDotenvx(text);
  const sealed = detectCiphertext(bytes, text) ?? (mayBeOther ? detectSopsFile(text, source) : undefined);
  if (sealed !== undefined) return sealed;
  if (isObject(text)) {
    refuseAnswer(text, source);
    return { kind: 'json', text };
  }
  // Padding makes an assignment of some base64.
  const isDotenv = startsAsDotenv(text) && !mayBeBase64(text);
  const likeness = isDotenv ? undefined : looksLike(bytes);
  if (likeness !== undefined) throw unlike(source, likeness);
  if (mayBeOther && isDotenvx(text)) throw unlike(source, DOTENVX);
  return { kind: 'dotenv', text };
}

/**
 * The same for a source whose URI says the format. It takes ciphertext that no rule above knows, and env files that only
 * look like something else; it never takes a sealed file for one that is not.
 */
export function asFormat(bytes: Uint8Array, format: PinnedFormat, { source }: Options): Detected {
  const text = decode(bytes);
  if (format === 'kms') return asKms(bytes, text, source);
  if (format === 'berglas') {
    const file = splitBerglas(text);
    if (file === undefined) throw otherThan(source, WORDS.berglas, format);
    return { kind: 'berglas', ...file };
  }
  const sealed = detectCiphertext(bytes, text) ?? detectSopsFile(text, source);
  if (format === 'sops') {
    if (sealed?.kind !== 'sops') throw otherThan(source, WORDS.sops, format);
    return sealed;
  }
  if (sealed !== undefined) throw otherThan(source, `${format}; it is ${WORDS[sealed.kind]}`, format);
  return { kind: format, text };
}

function detectCiphertext(bytes: Uint8Array, text: string): Sealed | undefined {
  const cloud = cloudOf(bytes);
  if (cloud !== undefined) return { kind: 'kms', cloud, ciphertext: bytes };
  return mayBeBase64(text) ? detectText(text) : undefined;
}

function detectSopsFile(text: string, source: string): Sealed | undefined {
  const sops = detectSopsText(text, { source });
  return sops && { kind: 'sops', sops, text };
}

/** An env file has a `=` sooner, unless the name of its first variable is longer than any. */
function mayBeBase64(text: string): boolean {
  const equals = text.indexOf('=');
  return (equals === -1 || equals >= MIN_BASE64) && BASE64_START.test(text);
}

function detectText(text: string): Sealed | undefined {
  const file = splitBerglas(text);
  if (file !== undefined && cloudOf(file.wrapped) === 'google') return { kind: 'berglas', ...file };
  const ciphertext = decodeBase64File(text);
  const cloud = ciphertext && cloudOf(ciphertext);
  return ciphertext && cloud && { kind: 'kms', cloud, ciphertext };
}

/** Text that is not base64 cannot be a ciphertext; for anything else, only the KMS itself knows. */
function asKms(bytes: Uint8Array, text: string, source: string): Detected {
  const ciphertext = isText(text) ? decodeBase64File(text) : bytes;
  if (ciphertext !== undefined) return { kind: 'kms', cloud: cloudOf(ciphertext), ciphertext };
  refuseAnswer(text, source);
  throw otherThan(source, `${WORDS.kms}; it is text`, 'kms');
}

/** What a KMS answers, stored whole: as variables it would be ciphertext. */
function refuseAnswer(text: string, source: string): void {
  if (text.length > MAX_ANSWER) return;
  if (text.includes('CiphertextBlob') && /"CiphertextBlob"[ \t\r\n]*:[ \t\r\n]*"(?:AQ|Ci)/.test(text)) {
    const hint = 'store the ciphertext alone: aws kms encrypt … --query CiphertextBlob --output text';
    throw unlike(source, { what: 'the whole output of aws kms encrypt', hint });
  }
  if (text.includes('/cryptoKeyVersions/') && /"ciphertext"[ \t\r\n]*:[ \t\r\n]*"Ci[QU]A/.test(text)) {
    const hint = 'store the value of ciphertext alone, or use gcloud kms encrypt';
    throw unlike(source, { what: 'the whole response from Cloud KMS', hint });
  }
}

/** By its public key and a value: either alone may be there for another reason. */
function isDotenvx(text: string): boolean {
  const key = new RegExp(`^[ \\t]*(?:export[ \\t]+)?${DOTENVX_KEY}(?:_[A-Za-z0-9_]+)?[ \\t]*=`, 'm');
  const value = new RegExp(`^[ \\t]*(?:export[ \\t]+)?${NAME_PATTERN}[ \\t]*=[ \\t]*["'\`]?encrypted:`, 'm');
  return key.test(text) && value.test(text);
}

function unlike(source: string, { what, hint }: Likeness): EnvsealError {
  return new EnvsealError('malformed', `${source} is not an env file; it looks like ${what}`, { hint });
}

function otherThan(source: string, what: string, format: PinnedFormat): EnvsealError {
  return new EnvsealError('malformed', `${source} is not ${what}`, { hint: `remove format=${format}` });
}
