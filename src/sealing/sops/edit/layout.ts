/**
 * Positions of the parts of a SOPS file in its text, so that changing one leaves every other byte as it is.
 */
import type { Node } from '../model.ts';
import type { Edit, Span } from './text-edit.ts';

export interface CommentPlace extends Span {
  /** Behind the `#`. */
  readonly text: string;
  /** Index of the variable that it stands before or beside; for those behind the last one the number of variables. */
  readonly variable: number;
}

/** Fields of the metadata. */
export type Fields = readonly (readonly [name: string, Node])[];

export interface Layout {
  readonly text: string;
  /** The values, as many as there are leaves and in their order. */
  readonly values: readonly Span[];
  /** All but those within the metadata, which sops drops. Their spans are without the `#`. */
  readonly comments: readonly CommentPlace[];
  /** The scalars of the metadata, by `keyOf` their path. */
  readonly scalars: ReadonlyMap<string, Span>;
  /** Writes a scalar in the style of the one there. */
  write(span: Span, text: string): Edit;
  /** Takes variables out, with what is on their lines. */
  remove(variables: ReadonlySet<number>): Edit[];
  /** Takes a comment out, with its line where it has one alone. */
  removeComment(comment: CommentPlace): Edit;
  /** Puts new variables with an empty value before the metadata. */
  add(names: readonly string[]): Edit;
  /** Replaces fields of the metadata: `old` may name absent ones. */
  replaceFields(old: ReadonlySet<string>, fields: Fields): Edit[];
}

/** `[0` for the first entry of a list. */
export function keyOf(path: readonly string[]): string {
  return path.join('\0');
}
