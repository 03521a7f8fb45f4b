import type { Secret } from '../secret.ts';
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
}

/** Is told of each assignment, in file order. */
export type TakeEntry = (name: string, value: Secret, line: number) => void;

/**
 * Reads an env file. Entries come in file order and a name may come twice.
 *
 * Throws `EnvsealError('malformed')`, and nothing else, with source, line, column and what was expected: never a name,
 * a value or any other text of the file.
 */
export function parse(bytes: Uint8Array, options: ParseOptions): Entry[] {
  const entries: Entry[] = [];
  parseInto(bytes, options, (name, value, line) => entries.push({ name, value, line }));
  return entries;
}

/** What a process gets of an env file: of the entries with the same name, the last. Throws as `parse` does. */
export function parseVariables(bytes: Uint8Array, options: ParseOptions): Map<string, Secret> {
  const variables = new Map<string, Secret>();
  parseInto(bytes, options, (name, value) => variables.set(name, value));
  return variables;
}

/** Tells `take` of each assignment up to where the file ends or goes wrong. Throws as `parse` does. */
export function parseInto(bytes: Uint8Array, { dialect, source }: ParseOptions, take: TakeEntry): void {
  const cursor = openText(bytes, source);
  if (dialect === 'docker') parseDocker(cursor, take);
  else parseDotenv(cursor, take);
}

/** The same for entries. */
export function lastWins(entries: Iterable<Entry>): Map<string, Secret> {
  const variables = new Map<string, Secret>();
  for (const { name, value } of entries) variables.set(name, value);
  return variables;
}
