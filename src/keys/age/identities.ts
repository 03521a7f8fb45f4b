/**
 * The search for age identities, in the places where sops looks.
 * https://getsops.io/docs/usage/identities/age/ and https://github.com/getsops/sops/blob/main/age/keysource.go
 */
import { EnvsealError } from '../../errors.ts';
import { toByteString } from '../../system/bytes.ts';
import { ErrnoError, type System } from '../../system/system.ts';
import { type AgeIdentity, parseAgeIdentity } from './identity.ts';

export interface AgeContext {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly system: System;
}

export interface AgeIdentities {
  readonly identities: readonly AgeIdentity[];
  /** What was there and could not be used. As with sops, it matters only where nothing else opens the file. */
  readonly problems: readonly EnvsealError[];
}

const MAX_IDENTITIES_BYTES = 64 * 1024;
const MAKE_ONE = 'envseal keygen --out FILE creates one';
export const NO_IDENTITY_HINT = `set SOPS_AGE_KEY or SOPS_AGE_KEY_FILE; ${MAKE_ONE}`;

interface Text {
  readonly text: string;
  /** For people: the variable or the path. */
  readonly origin: string;
}

const PLACES = [fromVariable, fromNamedFile, fromCommand, fromDefaultFile];

/** The problems are `credentials`. */
export function readAgeIdentities(context: AgeContext): AgeIdentities {
  const identities: AgeIdentity[] = [];
  const problems: EnvsealError[] = [];
  for (const find of PLACES) {
    try {
      const found = find(context);
      if (found !== undefined) readText(found, identities, problems);
    } catch (error) {
      if (!(error instanceof EnvsealError)) throw error;
      problems.push(error);
    }
  }
  return { identities, problems };
}

function fromVariable({ variables }: AgeContext): Text | undefined {
  const text = variables.SOPS_AGE_KEY;
  return text ? { text, origin: 'SOPS_AGE_KEY' } : undefined;
}

function fromNamedFile({ variables, system }: AgeContext): Text | undefined {
  const path = variables.SOPS_AGE_KEY_FILE;
  if (!path) return undefined;
  // The error would name the path.
  if (/AGE-(SECRET-KEY|PLUGIN)-/i.test(path)) {
    throw unusable('SOPS_AGE_KEY_FILE holds an identity, not a path', 'put it into SOPS_AGE_KEY');
  }
  return readFile(path, system);
}

/** A container's startup is not the place for another program, and the image needs no shell. */
function fromCommand({ variables }: AgeContext): undefined {
  if (!variables.SOPS_AGE_KEY_CMD) return undefined;
  throw unusable(
    'SOPS_AGE_KEY_CMD is set, but envseal does not run a command for an identity',
    'set SOPS_AGE_KEY to what it prints, or SOPS_AGE_KEY_FILE to a file that holds it',
  );
}

/** https://pkg.go.dev/os#UserConfigDir */
function fromDefaultFile({ variables, system }: AgeContext): Text | undefined {
  const { XDG_CONFIG_HOME, HOME } = variables;
  const folder = XDG_CONFIG_HOME || (HOME && `${HOME}/.config`);
  if (!folder?.startsWith('/')) return undefined;
  try {
    return readFile(`${folder}/sops/age/keys.txt`, system);
  } catch (error) {
    const { cause } = error as EnvsealError;
    const isAbsent = cause instanceof ErrnoError && ['ENOENT', 'ENOTDIR'].includes(cause.errno);
    if (isAbsent) return undefined;
    throw error;
  }
}

function readFile(path: string, system: System): Text {
  try {
    const bytes = system.readFile(toByteString(path), MAX_IDENTITIES_BYTES + 1);
    if (bytes.length <= MAX_IDENTITIES_BYTES) {
      return { text: toByteString(bytes), origin: path };
    }
  } catch (error) {
    const reason = error instanceof ErrnoError ? error.errno : 'EIO';
    const hint = `check the path, and that this user may read the file; ${MAKE_ONE}`;
    throw unusable(`cannot read age identities in ${path}: ${reason}`, hint, error);
  }
  throw unusable(`${path} is over ${MAX_IDENTITIES_BYTES} bytes`, NO_IDENTITY_HINT);
}

/** One for each line. As in sops, those in a variable may share one, because not all that sets variables can break lines. */
function readText(found: Text, identities: AgeIdentity[], problems: EnvsealError[]): void {
  for (const [index, line] of found.text.split('\n').entries()) {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) continue;
    for (const word of content.split(/\s+/)) {
      const identity = parseAgeIdentity(word);
      if (identity === undefined) problems.push(explain(word, index + 1, found));
      else identities.push(identity);
    }
  }
}

/** Why a word is not an identity; without any of it, because it could be half of one. */
function explain(word: string, line: number, { text, origin }: Text): EnvsealError {
  if (/^\s*(age-encryption\.org\/|-----BEGIN AGE ENCRYPTED FILE-----)/.test(text)) {
    return unusable(
      `${origin} is encrypted with a passphrase, which cannot be entered when a container starts`,
      'decrypt it with age --decrypt, and keep it where only this container can read it',
    );
  }
  if (/^\s*-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    return unusable(`${origin} holds an ssh key, which envseal cannot use`, NO_IDENTITY_HINT);
  }
  if (word.startsWith('AGE-PLUGIN-')) {
    return unusable(
      `line ${line} of ${origin} is for an age plugin, which envseal does not run`,
      NO_IDENTITY_HINT,
    );
  }
  return unusable(
    `line ${line} of ${origin} is not an age identity`,
    `an identity is AGE-SECRET-KEY-1… and 58 more characters; ${MAKE_ONE}`,
  );
}

function unusable(message: string, hint: string, cause?: unknown): EnvsealError {
  return new EnvsealError('credentials', message, { hint, cause });
}
