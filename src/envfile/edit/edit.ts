/** Changes variables in an env file and leaves every other byte of it as it is. Pure. */
import { EnvsealError } from '../../errors.ts';
import type { Secret } from '../../secret.ts';
import { type Differences, diffVariables, hasDifferences } from '../diff.ts';
import type { ParseOptions } from '../entry.ts';
import { isName, NAME_IN_WORDS } from '../name.ts';
import { lastWins, parseVariables } from '../parse.ts';
import { parseJson } from '../parse-json.ts';
import { quote } from '../write-dotenv.ts';
import { editJson } from './json.ts';
import { editLines } from './lines.ts';

export interface EnvFileForm extends ParseOptions {
  /** JSON has no dialects. */
  readonly kind: 'dotenv' | 'json';
}

type Variables = ReadonlyMap<string, Secret>;

/** `undefined` removes a variable. */
export type Changes = ReadonlyMap<string, Secret | undefined>;

/**
 * Sets and removes variables. All else stays byte for byte: comments, order, blank lines, BOM, line endings, `export`,
 * indentation, the spaces around `=` and a comment behind a changed value.
 *
 * A changed variable stays where it is; of several with its name the last, which wins, is changed, and removing removes
 * all of them. A new one comes last. What has its value already is not touched, and without any change the result is
 * `bytes` itself. Removing an absent name changes nothing: the caller knows whether that is an error.
 *
 * Throws `malformed` for a file that cannot be parsed, as the parser does, and for what cannot be written: a bad name,
 * NUL, half a surrogate pair, and in the docker dialect a value of several lines. Throws `internal` if the result would
 * not have the requested values.
 */
export function editEnvFile(bytes: Uint8Array, changes: Changes, form: EnvFileForm): Uint8Array {
  const before = readVariables(bytes, form);
  const wanted = applyChanges(before, changes);
  const differences = diffVariables(before, wanted);
  if (!hasDifferences(differences)) return bytes;
  const values = writeValues(differences, wanted, form);
  const edit = form.kind === 'json' ? editJson : editLines;
  const result = new TextEncoder().encode(edit(bytes, differences, values, form));
  expectSame(result, wanted, form);
  return result;
}

function readVariables(bytes: Uint8Array, form: EnvFileForm): Variables {
  return form.kind === 'json' ? lastWins(parseJson(bytes, form)) : parseVariables(bytes, form);
}

function applyChanges(before: Variables, changes: Changes): Variables {
  const wanted = new Map(before);
  for (const [name, value] of changes) {
    if (value === undefined) wanted.delete(name);
    else wanted.set(name, value);
  }
  return wanted;
}

/** What the edit sets, by name and as it is written. */
function writeValues(
  { added, changed }: Differences,
  wanted: Variables,
  form: EnvFileForm,
): Map<string, string> {
  const names = [...added, ...changed];
  return new Map(names.map((name) => [name, writeValue(name, wanted.get(name)?.reveal() ?? '', form)]));
}

function writeValue(name: string, value: string, { source, kind, dialect }: EnvFileForm): string {
  // An invalid name could be a value, so the message does not show it.
  if (!isName(name)) throw unwritable(`a variable in ${source}`, NAME_IN_WORDS);
  const subject = `${name} in ${source}`;
  if (value.includes('\0')) throw unwritable(subject, 'a value without NUL');
  if (!value.isWellFormed()) throw unwritable(subject, 'a value without unpaired surrogates');
  if (kind === 'json') return JSON.stringify(value);
  if (dialect === 'dotenv') return quote(value);
  if (!value.includes('\n') && !value.endsWith('\r')) return value;
  const hint = 'the docker dialect has no quotes: keep a multi-line value in a dotenv or JSON file';
  throw unwritable(subject, 'a single-line value', hint);
}

function unwritable(subject: string, expected: string, hint?: string): EnvsealError {
  const details = hint === undefined ? {} : { hint };
  return new EnvsealError('malformed', `cannot set ${subject}: expected ${expected}`, details);
}

/** Costs as much as reading the file, and no mistake above can lose a variable. */
function expectSame(result: Uint8Array, wanted: Variables, form: EnvFileForm): void {
  if (readsAs(result, wanted, form)) return;
  throw new EnvsealError(
    'internal',
    `self-check failed: the changed ${form.source} does not have the requested values`,
    {
      hint: 'nothing was changed; edit the file by hand, and report this as a bug',
    },
  );
}

function readsAs(bytes: Uint8Array, wanted: Variables, form: EnvFileForm): boolean {
  try {
    return !hasDifferences(diffVariables(readVariables(bytes, form), wanted));
  } catch {
    return false;
  }
}
