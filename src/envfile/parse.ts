import { Secret } from '../secret.ts';
import { SecretMap } from '../secret-map.ts';
import { openText } from './cursor.ts';
import { parseDocker } from './docker.ts';
import { parseDotenv } from './dotenv.ts';

/** One assignment of an env file. */
export interface Entry {
  readonly name: string;
  readonly value: Secret;
  /** The line its name is on, from 1. */
  readonly line: number;
}

export type Dialect = 'dotenv' | 'docker';

export interface ParseOptions {
  readonly dialect: Dialect;
  /** The source's URI or path; error messages name it. */
  readonly source: string;
  /** The bytes as text, where they were decoded already: any invalid ones as U+FFFD, and without the BOM. */
  readonly text?: string | undefined;
}

/** Is told of each assignment, in file order. A `Map` is one that has no use for lines. */
export interface Taker {
  /** `assignment` is `NAME=value`, without anything of the dialect. */
  set(name: string, assignment: string, line: number): unknown;
}

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

export function intoEntries(entries: Entry[]): Taker {
  return {
    set(name, assignment, line) {
      entries.push({ name, value: new Secret(assignment.slice(name.length + 1)), line });
    },
  };
}

/** What a process gets of an env file: of the entries with the same name, the last. Throws as `parse` does. */
export function parseVariables(bytes: Uint8Array, options: ParseOptions): SecretMap {
  const assignments = new Map<string, string>();
  parseInto(bytes, options, assignments);
  return new SecretMap(assignments);
}

/** Tells `taker` of each assignment up to where the file ends or goes wrong. Throws as `parse` does. */
export function parseInto(bytes: Uint8Array, { dialect, source, text }: ParseOptions, taker: Taker): void {
  const cursor = openText(bytes, source, text);
  if (dialect === 'docker') parseDocker(cursor, taker);
  else parseDotenv(cursor, taker);
}

/** The same for entries. */
export function lastWins(entries: Iterable<Entry>): SecretMap {
  const variables = new SecretMap();
  for (const { name, value } of entries) variables.set(name, value.reveal());
  return variables;
}
