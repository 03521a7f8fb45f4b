import { SecretMap } from '../secret-map.ts';
import { openText } from './cursor.ts';
import { parseDocker } from './docker.ts';
import { parseDotenv } from './dotenv.ts';
import { type AssignmentHandler, type Entry, intoEntries, type ParseOptions } from './entry.ts';

/**
 * Reads an env file. Entries come in file order and a name may come twice.
 *
 * Throws `EnvsealError('malformed')`, and nothing else, with source, line, column and what was expected: never a name,
 * a value or any other text of the file.
 */
export function parse(bytes: Uint8Array, options: ParseOptions): Entry[] {
  const entries: Entry[] = [];
  parseInto(bytes, options, intoEntries(entries));
  return entries;
}

/** The variables of an env file: of entries with the same name, the last. Throws as `parse` does. */
export function parseVariables(bytes: Uint8Array, options: ParseOptions): SecretMap {
  const assignments = new Map<string, string>();
  parseInto(bytes, options, assignments);
  return new SecretMap(assignments);
}

/** Calls `handler` for each assignment up to the file's end or first error. Throws as `parse` does. */
export function parseInto(
  bytes: Uint8Array,
  { dialect, source, text }: ParseOptions,
  handler: AssignmentHandler,
): void {
  const cursor = openText(bytes, source, text);
  if (dialect === 'docker') parseDocker(cursor, handler);
  else parseDotenv(cursor, handler);
}

/** The same for entries. */
export function lastWins(entries: Iterable<Entry>): SecretMap {
  const variables = new SecretMap();
  for (const { name, value } of entries) variables.set(name, value.reveal());
  return variables;
}
