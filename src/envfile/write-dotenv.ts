import { EnvsealError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { isName, NAME_IN_WORDS } from './name.ts';

/**
 * Characters that every reader takes literally: sh, Compose and the dotenv libraries. So no `#`, `~`, `$`,
 * quote or space.
 */
const PLAIN = /^[A-Za-z0-9_.,:/@%+=-]*$/;

/**
 * Writes entries in the default dialect, one after another; `parse` reads back the same names and values, for every
 * string without NUL. Each value gets the plainest form that holds it, of these the one that most other readers share:
 *
 * - as it stands; else in single quotes, with line feeds as they are;
 * - with a `'` or a CR in it: in double quotes, `\r` for CR (an editor or git may change a raw one);
 * - with a backtick too: in joined pieces, because sh runs backticks between double quotes.
 *
 * Throws `malformed` for a name outside the pattern, a NUL, or half a surrogate pair (which UTF-8 cannot hold).
 */
export function format(entries: Iterable<readonly [name: string, value: string]>): string {
  let text = '';
  let ordinal = 0;
  for (const [name, value] of entries) {
    ordinal += 1;
    if (!isName(name)) throw unwritable(ordinal, NAME_IN_WORDS);
    if (value.includes('\0')) throw unwritable(ordinal, 'a value without NUL');
    if (!value.isWellFormed()) throw unwritable(ordinal, 'a value without unpaired surrogates');
    text += `${name}=${quote(value)}\n`;
  }
  return text;
}

/** The same for variables that were opened. */
export function formatVariables(variables: ReadonlyMap<string, Secret>): string {
  return format([...variables].map(([name, value]) => [name, value.reveal()] as const));
}

/** The value alone, in the form that `format` gives it. */
export function quote(value: string): string {
  if (PLAIN.test(value)) return value;
  if (!/['\r]/.test(value)) return `'${value}'`;
  if (!value.includes('`')) return doubleQuote(value);
  return `'${value.replace(/['\r]+/g, (run) => `'${doubleQuote(run)}'`)}'`;
}

function doubleQuote(value: string): string {
  return `"${value.replace(/[\\"$]/g, '\\$&').replaceAll('\r', '\\r')}"`;
}

/** It does not say the name: one that is not a name could be a value. */
function unwritable(ordinal: number, expected: string): EnvsealError {
  return new EnvsealError(
    'malformed',
    `cannot write variable ${ordinal} of the env file: expected ${expected}`,
  );
}
