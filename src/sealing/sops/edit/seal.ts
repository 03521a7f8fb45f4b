/** From variables to a SOPS file that `sops decrypt` opens: the mirror of `openSops`. */
import { isName, NAME_IN_WORDS } from '../../../envfile/name.ts';
import { EnvsealError } from '../../../errors.ts';
import type { Wrap } from '../../../keys/kinds.ts';
import { importGcmKey, KEY_BYTES } from '../../aes-gcm.ts';
import { pathTo, sealText } from '../ciphertext.ts';
import { computeMac } from '../mac.ts';
import { NO_COMMENTS, type Node, type SopsKind } from '../model.ts';
import { isCommentEncrypted, makeRule, type Rule, type RuleKind } from '../rule.ts';
import { checkComment, sealComment } from './comment.ts';
import { type SealingKeys, wrapDataKey, writeKeyFields } from './wrap-data-key.ts';
import { checkValue, isReserved, unwritable } from './writable.ts';
import { type Line, WRITERS } from './writers.ts';

/** The newest sops whose files are like the ones written here. https://github.com/getsops/sops/releases */
const SOPS_VERSION = '3.13.3';

/** `comments`: the lines before the variable, without their `#`. */
export type SopsEntry = readonly [name: string, value: string, comments?: readonly string[]];

export interface SealSopsOptions {
  readonly format: SopsKind;
  readonly keys: SealingKeys;
  readonly wrap: Wrap;
  readonly now: Date;
  /** Default: sops's own, `unencrypted_suffix: _unencrypted`. */
  readonly rule?: { readonly kind: RuleKind; readonly pattern: string };
  /** Leaves values that the rule leaves plain unauthenticated. Default: false. */
  readonly macOnlyEncrypted?: boolean;
  /** The lines behind the last variable, without their `#`. */
  readonly commentsAtEnd?: readonly string[];
}

/**
 * All values are text. Comments are encrypted where the rule says so, as sops does; JSON has none, so there they are left
 * out. Throws `malformed` for a name, value or comment that the format cannot hold, `usage` for groups that do not fit
 * their threshold, and what `wrap` throws.
 */
export async function sealSops(entries: Iterable<SopsEntry>, options: SealSopsOptions): Promise<Uint8Array> {
  const { format, now, keys, wrap, macOnlyEncrypted = false } = options;
  const { kind, pattern } = options.rule ?? { kind: 'unencrypted_suffix', pattern: '_unencrypted' };
  const rule = await makeRule(kind, pattern);
  if (rule === undefined) throw new EnvsealError('usage', `cannot read the ${kind}`);
  const variables = checkEntries(entries, format, rule);
  const atEnd = checkComments(options.commentsAtEnd ?? NO_COMMENTS, format, 'the end of the file');
  const rawKey = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const time = writeTime(now);
  const keyFields = writeKeyFields(await wrapDataKey(rawKey, keys, wrap), keys, time);
  const key = await importGcmKey(rawKey);
  const sealComments = async (comments: readonly string[]): Promise<Line[]> => {
    const isEncrypted = (i: number) =>
      isCommentEncrypted(kind, rule, comments[i] as string, comments.slice(0, i));
    return await Promise.all(
      comments.map(async (text, i) => ({
        text: isEncrypted(i) ? await sealComment(key, text, kind, rule) : text,
      })),
    );
  };
  const sealVariable = async ({ name, value, isEncrypted }: Variable): Promise<Line> => {
    return { name, text: isEncrypted && value !== '' ? await sealText(key, value, pathTo(name)) : value };
  };
  const lines = await Promise.all(
    variables.map(async (variable) => [
      ...(await sealComments(variable.comments)),
      await sealVariable(variable),
    ]),
  );
  const hashed = variables.filter(({ isEncrypted }) => isEncrypted || !macOnlyEncrypted);
  const mac = await computeMac(
    hashed.map(({ value }) => value),
    macOnlyEncrypted,
  );
  const metadata = new Map<string, Node>([
    ...keyFields,
    ['lastmodified', text(time)],
    ['mac', text(await sealText(key, mac, new TextEncoder().encode(time)))],
    [kind, text(pattern)],
    ...(macOnlyEncrypted ? [['mac_only_encrypted', { type: 'bool', text: 'true' }] as const] : []),
    ['version', text(SOPS_VERSION)],
  ]);
  const written = WRITERS[format]([...lines.flat(), ...(await sealComments(atEnd))], metadata);
  return new TextEncoder().encode(written);
}

/** As the metadata have it, in whole seconds. */
export function writeTime(now: Date): string {
  return `${now.toISOString().slice(0, 19)}Z`;
}

interface Variable {
  readonly name: string;
  readonly value: string;
  readonly comments: readonly string[];
  readonly isEncrypted: boolean;
}

function checkEntries(entries: Iterable<SopsEntry>, format: SopsKind, rule: Rule): Variable[] {
  const variables: Variable[] = [];
  const names = new Set<string>();
  for (const [name, value, given = NO_COMMENTS] of entries) {
    const ordinal = variables.length + 1;
    if (!isName(name)) throw unwritable(`variable ${ordinal}`, `expected ${NAME_IN_WORDS}`);
    if (isReserved(name, format)) throw unwritable(name, 'sops reserves such names');
    if (names.has(name)) throw unwritable(name, 'it appears twice');
    const comments = checkComments(given, format, name);
    const isEncrypted = rule({ name, comments });
    checkValue(name, value, isEncrypted, format);
    names.add(name);
    variables.push({ name, value, comments, isEncrypted });
  }
  return variables;
}

function checkComments(comments: readonly string[], format: SopsKind, subject: string): readonly string[] {
  if (format === 'json') return NO_COMMENTS;
  for (const comment of comments) checkComment(comment, subject);
  return comments;
}

function text(value: string): Node {
  return { type: 'str', text: value };
}
