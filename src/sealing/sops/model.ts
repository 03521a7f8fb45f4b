/**
 * The model shared by the three formats of a SOPS file: variables in file order, and the metadata.
 * https://github.com/getsops/sops/blob/main/sops.go
 */
import { EnvsealError } from '../../errors.ts';

export type SopsKind = 'dotenv' | 'json' | 'yaml';

export type ScalarType = 'str' | 'int' | 'float' | 'bool' | 'time';

/** `text` is as the file writes it, escapes resolved. */
export interface Scalar {
  readonly type: ScalarType;
  readonly text: string;
}

/** A value of the metadata. */
export type Node = Scalar | null | readonly Node[] | Section;
export type Section = ReadonlyMap<string, Node>;

/** One variable. */
export interface Leaf extends Scalar {
  /** Passes `isName`, and no other leaf of the file has it. */
  readonly name: string;
  /** The comments before it, and the one on its line: rules can depend on them, the MAC does not cover them. */
  readonly comments: readonly string[];
}

export interface SopsFile {
  readonly leaves: readonly Leaf[];
  readonly metadata: Section;
}

/** The key of the metadata in JSON and YAML, and with `_` the prefix of its lines in a dotenv file. */
export const METADATA_KEY = 'sops';

/** Metadata is a list of groups of lists of keys with a context; what is deeper is not SOPS. */
export const MAX_DEPTH = 8;

export const NO_COMMENTS: readonly string[] = [];

export function isScalar(node: Node | undefined): node is Scalar {
  return node !== null && node !== undefined && 'type' in node;
}

const BROKEN_HINT = 'store the file again, as sops wrote it';

/** `what` says what is wrong, without any text of the file but names. */
export function broken(source: string, what: string, hint = BROKEN_HINT): EnvsealError {
  return new EnvsealError('malformed', `${source} is a broken SOPS file: ${what}`, { hint });
}

export function tampered(source: string, what: string): EnvsealError {
  return new EnvsealError('corrupt', `${source} does not match what was sealed: ${what}`, {
    hint: 'bytes were changed, or parts of two files were mixed: investigate, and seal the file again',
  });
}

export function duplicate(source: string, name: string): EnvsealError {
  return broken(source, `${name} appears twice`, 'keep one of the two, with sops edit');
}

export function nested(source: string, name: string, what: string): EnvsealError {
  const hint = 'an env file is flat: put an array or an object into a string, and "" for an empty value';
  return broken(source, `${name} is ${what}, not a variable`, hint);
}
