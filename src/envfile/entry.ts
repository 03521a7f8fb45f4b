import { Secret } from '../secret.ts';

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

export function intoEntries(entries: Entry[]): Taker {
  return {
    set(name, assignment, line) {
      entries.push({ name, value: new Secret(assignment.slice(name.length + 1)), line });
    },
  };
}
