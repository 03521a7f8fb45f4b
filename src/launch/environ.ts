/** The command's environment, computed from the inherited one and the sealed variables. Pure. */
import { EnvsealError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { VARIABLE_PREFIX } from '../settings.ts';
import type { ByteString } from '../system/system.ts';
import { CREDENTIAL_NAMES } from './credential-names.ts';
import { loadsCode } from './loader-names.ts';
import { matcher, type NameMatcher } from './name-match.ts';

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
  sealed: ReadonlyMap<string, Secret>,
  options: EnvironOptions,
): ByteString[] {
  const chosen = choose(sealed, options);
  refuseUnsafeNames(chosen, options.allowName);
  if (options.strict) keepDeclared(chosen, declaredNames(inherited));
  requireNames(chosen, options.require);

  const kept = inherited.filter(isInheritable(options));
  const preserved = preservedNames(kept, options.preserveEnv);
  for (const name of preserved) chosen.delete(name);
  const environ = kept.filter((entry) => !chosen.has(nameOf(entry)));
  return chosen.size === 0 ? environ : environ.concat(toEntries(chosen));
}

function choose(sealed: ReadonlyMap<string, Secret>, options: EnvironOptions): Map<string, Secret> {
  const chosen = new Map(sealed);
  if (options.only.length === 0 && options.exclude.length === 0) return chosen;
  const isWanted = options.only.length === 0 ? () => true : matcher(options.only);
  const isExcluded = matcher(options.exclude);
  for (const name of sealed.keys()) if (!isWanted(name) || isExcluded(name)) chosen.delete(name);
  return chosen;
}

function refuseUnsafeNames(chosen: ReadonlyMap<string, Secret>, allowed: readonly string[]): void {
  const isAllowed = matcher(allowed);
  const unsafe = [...chosen.keys()].filter((name) => loadsCode(name) && !isAllowed(name));
  if (unsafe.length === 0) return;
  throw new EnvsealError(
    'unsafe_name',
    `a source sets ${unsafe.join(', ')}, which can make programs load code`,
    {
      hint: `remove it from the source, leave it out with --exclude ${unsafe[0]}, or accept it with --allow-name ${unsafe[0]}`,
    },
  );
}

function keepDeclared(chosen: Map<string, Secret>, declared: ReadonlySet<string>): void {
  for (const name of chosen.keys()) if (!declared.has(name)) chosen.delete(name);
  const unfilled = [...declared].filter((name) => !chosen.has(name));
  if (unfilled.length === 0) return;
  throw new EnvsealError('unmet', `no source fills ${unfilled.join(', ')}, which --strict demands`, {
    hint: 'add the variable to a source, or remove its placeholder from the image',
  });
}

function requireNames(chosen: ReadonlyMap<string, Secret>, required: readonly string[]): void {
  const unmet = required.filter((name) => chosen.get(name)?.isEmpty ?? true);
  if (unmet.length === 0) return;
  throw new EnvsealError('unmet', `required and missing or empty in the sources: ${unmet.join(', ')}`, {
    hint: 'add the variable to a source, or drop it from --require',
  });
}

function isInheritable(options: EnvironOptions): (entry: ByteString) => boolean {
  const isLetThrough: NameMatcher = options.pristine ? matcher(options.inherit) : () => true;
  const isScrubbed = options.scrubCredentials ? matcher(CREDENTIAL_NAMES) : () => false;
  return (entry) => {
    const name = nameOf(entry);
    return !name.startsWith(VARIABLE_PREFIX) && isLetThrough(name) && !isScrubbed(name);
  };
}

/** A placeholder is a request to be filled, so it never wins over a sealed value. */
function preservedNames(kept: readonly ByteString[], preserve: boolean | readonly string[]): string[] {
  if (preserve === false) return [];
  const isPreserved = preserve === true ? () => true : matcher(preserve);
  return kept.filter((entry) => isPreserved(nameOf(entry)) && !isPlaceholder(entry)).map(nameOf);
}

function declaredNames(inherited: readonly ByteString[]): Set<string> {
  return new Set(inherited.filter(isPlaceholder).map(nameOf));
}

function isPlaceholder(entry: ByteString): boolean {
  return PLACEHOLDERS.includes(entry.slice(nameOf(entry).length + 1));
}

/** What is before the first `=`; an entry without one is all name, as it is for `getenv`'s callers. */
export function nameOf(entry: ByteString): string {
  const equals = entry.indexOf('=');
  return equals < 0 ? entry : entry.slice(0, equals);
}

/** All at once: encoding thousands of values one by one takes longer than parsing them. No value holds a NUL. */
function toEntries(chosen: ReadonlyMap<string, Secret>): ByteString[] {
  let block = '';
  for (const [name, secret] of chosen) block += `${block === '' ? '' : '\0'}${name}=${secret.reveal()}`;
  return Buffer.from(block, 'utf8').toString('latin1').split('\0');
}
