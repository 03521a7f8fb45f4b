/**
 * The JSON files that Google's tools read credentials from. They hold keys, so nothing of their text gets into a message
 * but words of a known form; and as a key is at times put where its path belongs, neither does what looks like no path.
 * https://google.aip.dev/auth/4110
 */
import { EnvsealError } from '../../errors.ts';
import { toByteString } from '../../system/bytes.ts';
import { ErrnoError, type System } from '../../system/system.ts';
import type { TokenSources } from './token.ts';

export const CREDENTIAL_TYPES = [
  'service_account',
  'authorized_user',
  'external_account',
  'external_account_authorized_user',
  'impersonated_service_account',
] as const;

export type CredentialType = (typeof CREDENTIAL_TYPES)[number];
export type CredentialFields = Readonly<Record<string, unknown>>;

export interface CredentialFile {
  readonly type: CredentialType;
  readonly fields: CredentialFields;
  /** What it is called in messages. */
  readonly name: string;
}

const MAX_FILE_BYTES = 64 * 1024;

/**
 * The file that the variable, which is set, names: a path, or in GOOGLE_CREDENTIALS the JSON itself. Throws
 * `credentials`.
 */
export function findCredentialFile(variable: string, { variables, system }: TokenSources): CredentialFile {
  const value = variables[variable] as string;
  if (variable !== 'GOOGLE_CREDENTIALS' || !value.trimStart().startsWith('{'))
    return readCredentialFile(variable, value, system);
  return parseCredentials(value, variable);
}

/** Throws `credentials`. */
export function readCredentialFile(variable: string, path: string, system: System): CredentialFile {
  return parseCredentials(readFileOf(variable, path, system), nameFile(variable, path));
}

/** Throws `credentials`. */
export function readFileOf(variable: string, path: string, system: System): string {
  try {
    const bytes = system.readFile(toByteString(path), MAX_FILE_BYTES);
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  } catch (error) {
    const reason = error instanceof ErrnoError ? error.errno : 'EIO';
    throw new EnvsealError('credentials', `cannot read ${nameFile(variable, path)}: ${reason}`, {
      hint: `set ${variable} to ${variable === 'GOOGLE_CREDENTIALS' ? 'the JSON of a credential file, or to its path' : 'the path of a file in the container'}`,
      cause: error,
    });
  }
}

/** Throws `credentials` unless the fields have a type that we know. */
export function checkType(fields: unknown, name: string): CredentialFile {
  const isObject = typeof fields === 'object' && fields !== null;
  const type = isObject
    ? CREDENTIAL_TYPES.find((known) => known === (fields as CredentialFields).type)
    : null;
  if (type) return { type, fields: fields as CredentialFields, name };
  throw new EnvsealError('credentials', `${name} does not hold Google credentials of a known type`, {
    hint: `its "type" must be one of ${CREDENTIAL_TYPES.join(', ')}`,
  });
}

function parseCredentials(text: string, name: string): CredentialFile {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    // The parser's own error quotes the text.
    throw new EnvsealError('credentials', `${name} is not JSON`, {
      hint: 'use the JSON file as Google created it, without base64',
    });
  }
  return checkType(fields, name);
}

function nameFile(variable: string, path: string): string {
  return variable === 'gcloud' ? path : `${showPath(path)} of ${variable}`;
}

/** A path, unless it could be something else. */
export function showPath(path: string): string {
  const isPath = /^\.{0,2}\//.test(path) || /\.\w{1,5}$/.test(path);
  return isPath && path.length < 256 && /^[^\s"{}]+$/.test(path) ? path : 'the file';
}

/** The source of an external account's own token; without fields if the file names none. */
export function sourceIn({ credential_source: source }: CredentialFields): CredentialFields {
  return typeof source === 'object' && source !== null ? (source as CredentialFields) : {};
}

/** The string of a field, where it is an address. */
export function emailOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.+-]{1,64}@[\w.-]{1,190}$/.test(value) ? value : undefined;
}
