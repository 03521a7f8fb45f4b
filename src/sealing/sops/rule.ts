/**
 * The rule for which values of a SOPS file are to be encrypted:
 * https://github.com/getsops/sops/blob/main/sops.go (`shouldBeEncrypted`).
 */
import type { Leaf } from './model.ts';

/** The fields of the metadata, of which a file has one. */
export const RULES = [
  'unencrypted_suffix',
  'encrypted_suffix',
  'unencrypted_regex',
  'encrypted_regex',
  'unencrypted_comment_regex',
  'encrypted_comment_regex',
] as const;
export type RuleKind = (typeof RULES)[number];

/** Whether a value is to be encrypted. */
export type Rule = (leaf: Pick<Leaf, 'name' | 'comments'>) => boolean;

/**
 * Whether a comment is to be encrypted, by the comments before it that are for the same variable. Names count for
 * nothing here, and a comment that asks for encryption is not encrypted itself.
 */
export function isCommentEncrypted(
  kind: RuleKind,
  rule: Rule,
  comment: string,
  before: readonly string[],
): boolean {
  if (!kind.includes('_comment_')) return kind.startsWith('un');
  return rule({ name: '', comments: kind.startsWith('un') ? [...before, comment] : before });
}

/** `undefined`: an expression that `compileRegex` does not know. */
export async function makeRule(kind: RuleKind, pattern: string): Promise<Rule | undefined> {
  const encrypts = !kind.startsWith('un');
  if (kind.endsWith('_suffix')) return ({ name }) => name.endsWith(pattern) === encrypts;
  const matches = (await import('./re2.ts')).compileRegex(pattern);
  if (matches === undefined) return undefined;
  if (!kind.includes('_comment_')) return ({ name }) => matches(name) === encrypts;
  return ({ comments }) => comments.some(matches) === encrypts;
}
