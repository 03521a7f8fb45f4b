import { Secret } from '../secret.ts';
import type { Dialect } from '../source-uri.ts';

/** One assignment of an env file. */
export interface Entry {
  readonly name: string;
  readonly value: Secret;
  /** The line its name is on, from 1. */
  readonly line: number;
}

export interface ParseOptions {
  readonly dialect: Dialect;
  /** The source's URI or path; error messages name it. */
  readonly source: string;
  /** The bytes as text, where they were decoded already: any invalid ones as U+FFFD, and without the BOM. */
  readonly text?: string | undefined;
}

/** Called for each assignment, in file order. A `Map` is one that ignores the lines. */
export interface AssignmentHandler {
  /** `assignment` is `NAME=value`, without anything of the dialect. */
  set(name: string, assignment: string, line: number): unknown;
}

export function intoEntries(entries: Entry[]): AssignmentHandler {
  return {
    set(name, assignment, line) {
      entries.push({ name, value: new Secret(assignment.slice(name.length + 1)), line });
    },
  };
}
