/** The command's environment, computed from the inherited one and the sealed variables. Pure. */

import { isLoaderName, mayHaveLoaderName } from '../envfile/loader-names.ts';
import { matcher, type NameMatcher } from '../envfile/name-glob.ts';
import { EnvsealError } from '../errors.ts';
import { VARIABLE_PREFIX } from '../own-variables.ts';
import type { SecretMap } from '../secret-map.ts';
import type { ByteString } from '../system/byte-string.ts';
import { type CStrings, cStrings } from '../system/c-strings.ts';
import { CREDENTIAL_NAMES } from './credential-names.ts';

export interface EnvironOptions {
  readonly pristine: boolean;
  readonly inherit: readonly string[];
  /** `true`: every inherited variable wins; a list: these do. */
  readonly preserveEnv: boolean | readonly string[];
  readonly only: readonly string[];
  readonly exclude: readonly string[];
  readonly require: readonly string[];
  readonly strict: boolean;
  readonly allowName: readonly string[];
  readonly scrubCredentials: boolean;
}

/** In `--strict`, what a variable is declared as in the image so that it must be filled; the second is chamber's. */
const PLACEHOLDERS = ['envseal', 'chamberme'];

/**
 * Entries `NAME=value` for execve: what is inherited, in its order and byte for byte, then what is sealed. Throws
 * `unmet` for `--require` and `--strict`, `unsafe_name` for a name that makes programs load code.
 */
export function buildEnviron(
  inherited: readonly ByteString[],
  sealed: SecretMap,
  options: EnvironOptions,
): CStrings {
  let chosen = choose(sealed, options);
  if (options.strict) chosen = declaredOnly(chosen, declaredNames(inherited));
  const kept = inheritedEntries(inherited, options);
  const preserved = preservedEntries(kept, options.preserveEnv);
  requireNames(chosen, preserved, options.require);
  if (preserved.length > 0) chosen = without(chosen, new Set(preserved.map(nameOf)));
  if (mayHaveLoaderName(chosen)) refuseUnsafeNames(chosen.keys(), options.allowName);
  return cStrings(withoutNames(kept, chosen), chosen.assignments());
}

function choose(sealed: SecretMap, { only, exclude }: EnvironOptions): SecretMap {
  if (only.length === 0 && exclude.length === 0) return sealed;
  const isWanted = only.length === 0 ? () => true : matcher(only);
  const isExcluded = matcher(exclude);
  return sealed.filter((name) => isWanted(name) && !isExcluded(name));
}

function without(variables: SecretMap, names: ReadonlySet<string>): SecretMap {
  return variables.filter((name) => !names.has(name));
}

function refuseUnsafeNames(names: Iterable<string>, allowed: readonly string[]): void {
  const isAllowed = matcher(allowed);
  const unsafe = [...names].filter((name) => isLoaderName(name) && !isAllowed(name));
  if (unsafe.length === 0) return;
  throw new EnvsealError(
    'unsafe_name',
    `a source sets ${unsafe.join(', ')}, which can make programs load code`,
    {
      hint: `remove it from the source, leave it out with --exclude ${unsafe[0]}, or accept it with --allow-name ${unsafe[0]}`,
    },
  );
}

function declaredOnly(chosen: SecretMap, declared: ReadonlySet<string>): SecretMap {
  const unfilled = [...declared].filter((name) => !chosen.has(name));
  if (unfilled.length === 0) return chosen.filter((name) => declared.has(name));
  throw new EnvsealError('unmet', `no source fills ${unfilled.join(', ')}, which --strict requires`, {
    hint: 'add the variable to a source, or remove its placeholder from the image',
  });
}

/** A preserved variable wins over the source's, so it is what has to be there. */
function requireNames(
  chosen: SecretMap,
  preserved: readonly ByteString[],
  required: readonly string[],
): void {
  if (required.length === 0) return;
  const unmet = required.filter((name) => {
    const entry = preserved.find((candidate) => nameOf(candidate) === name);
    return entry === undefined ? (chosen.get(name)?.isEmpty ?? true) : entry.length <= name.length + 1;
  });
  if (unmet.length === 0) return;
  throw new EnvsealError('unmet', `required, but missing or empty in the sources: ${unmet.join(', ')}`, {
    hint: 'add the variable to a source, or drop it from --require',
  });
}

function inheritedEntries(inherited: readonly ByteString[], options: EnvironOptions): ByteString[] {
  const isLetThrough: NameMatcher = options.pristine ? matcher(options.inherit) : () => true;
  const isScrubbed = options.scrubCredentials ? matcher(CREDENTIAL_NAMES) : () => false;
  const kept: ByteString[] = [];
  for (const entry of inherited) {
    const name = nameOf(entry);
    if (!name.startsWith(VARIABLE_PREFIX) && isLetThrough(name) && !isScrubbed(name)) kept.push(entry);
  }
  return kept;
}

function withoutNames(entries: readonly ByteString[], names: ReadonlyMap<string, unknown>): ByteString[] {
  const rest: ByteString[] = [];
  for (const entry of entries) if (!names.has(nameOf(entry))) rest.push(entry);
  return rest;
}

/** A placeholder is a request to be filled, and an entry without `=` no variable: neither wins over a sealed value. */
function preservedEntries(kept: readonly ByteString[], preserve: boolean | readonly string[]): ByteString[] {
  if (preserve === false) return [];
  const isPreserved = preserve === true ? () => true : matcher(preserve);
  return kept.filter((entry) => entry.includes('=') && isPreserved(nameOf(entry)) && !isPlaceholder(entry));
}

function declaredNames(inherited: readonly ByteString[]): Set<string> {
  const names = inherited.filter(isPlaceholder).map(nameOf);
  return new Set(names.filter((name) => !name.startsWith(VARIABLE_PREFIX)));
}

function isPlaceholder(entry: ByteString): boolean {
  return PLACEHOLDERS.includes(entry.slice(nameOf(entry).length + 1));
}

/** What is before the first `=`; an entry without one is all name, as it is for `getenv`'s callers. */
export function nameOf(entry: ByteString): string {
  const equals = entry.indexOf('=');
  return equals < 0 ? entry : entry.slice(0, equals);
}
