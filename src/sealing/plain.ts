/**
 * The test that nearly every source passes: an env file as it stands. A startup then loads nothing of
 * `detect.ts`.
 */
import { NAME_PATTERN } from '../envfile/name.ts';
import { readPlainFile } from '../envfile/plain-file.ts';
import type { AssignmentLists } from '../secret-map.ts';
import { includesAny } from '../system/text-search.ts';

/** No known ciphertext is shorter in base64, and padding comes last. */
export const MIN_BASE64 = 50;

export const DOTENVX_KEY = 'DOTENV_PUBLIC_KEY';
/** One of these is in every file of sops and of dotenvx, and in nearly no other. */
const SOPS_OR_DOTENVX = ['ENC[AES256_GCM,', 'sops', DOTENVX_KEY];

/** Whether text starts as an env file does. Some base64 does, too. */
export function startsAsDotenv(text: string): boolean {
  dotenvStart ??= new RegExp(
    `^(?:[ \\t\\r]*(?:#[^\\n]*)?\\n)*[ \\t]*(?:export[ \\t]+)?${NAME_PATTERN}[ \\t]*=`,
  );
  return dotenvStart.test(text);
}

/**
 * The first line that is not a comment is an assignment of the default dialect: nothing else starts like that. Compiled
 * when a file is not plain.
 */
let dotenvStart: RegExp | undefined;

export function mayBeSopsOrDotenvx(text: string): boolean {
  return includesAny(text, SOPS_OR_DOTENVX);
}

/** Bytes that are not UTF-8 come as U+FFFD; its BOM does not come at all. */
export function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

const EQUALS = 0x3d;

/**
 * An env file of plain lines that can be nothing else; `undefined`: look further. No ciphertext that `detect` knows starts
 * with a name, and none in base64 has a `=` so early.
 */
export function plainFile(bytes: Uint8Array): AssignmentLists | undefined {
  const equals = bytes.indexOf(EQUALS);
  const file = equals > 0 && equals < MIN_BASE64 ? readPlainFile(bytes, SOPS_OR_DOTENVX) : undefined;
  return file?.names.length === 0 ? undefined : file;
}

/**
 * The text of an env file that can be nothing else; `undefined`: `detect` has to look. No ciphertext that it knows
 * starts with a name, and none in base64 has a `=` so early.
 */
export function plainText(bytes: Uint8Array): string | undefined {
  const text = decode(bytes);
  const equals = text.indexOf('=');
  const isPlain = equals > 0 && equals < MIN_BASE64 && startsAsDotenv(text) && !mayBeSopsOrDotenvx(text);
  return isPlain ? text : undefined;
}
