/**
 * Changes variables of a SOPS file with its own data key. Only the changed values, `mac` and `lastmodified` differ
 * afterwards: every other value keeps its very ciphertext, and all else its bytes.
 *
 * As `sops set` does, this leaves `version` as it is. https://github.com/getsops/sops/blob/main/cmd/sops/set.go
 */
import { isName, NAME_IN_WORDS } from '../../../envfile/name.ts';
import { EnvsealError } from '../../../errors.ts';
import type { Secret } from '../../../secret.ts';
import { pathTo, sealText } from '../ciphertext.ts';
import type { Metadata } from '../metadata.ts';
import { type Leaf, NO_COMMENTS, type SopsKind } from '../model.ts';
import { type OpenedSopsFile, type OpenedValue, type ReadSops, readSops } from '../open.ts';
import type { Layout } from './layout.ts';
import { layOut } from './layouts.ts';
import { stamp } from './stamp.ts';
import { applyEdits, type Edit, type Span } from './text-edit.ts';
import { verifySops } from './verify.ts';
import { checkValue, isReserved, unwritable } from './writable.ts';

/** `undefined` removes a variable; to remove one that is not there changes nothing. */
export type Changes = ReadonlyMap<string, Secret | undefined>;

export interface ChangeOptions {
  readonly kind: SopsKind;
  /** The source's URI or path, for messages. */
  readonly source: string;
  readonly now: Date;
  /** New values may stay plain where the file's rule says so. Nothing authenticates the rule. */
  readonly allowPlain: boolean;
}

/** What a variable is to be; the very value of the file where that stays. */
type Wanted = Pick<OpenedValue, 'type' | 'mac' | 'value'>;

/**
 * `undefined` where nothing is to change. Throws `malformed`, naming the variable, for what the format cannot hold,
 * `unsealed` for a new value that the rule leaves plain, and `too_large`.
 */
export async function changeSops(
  opened: OpenedSopsFile,
  changes: Changes,
  options: ChangeOptions,
): Promise<Uint8Array | undefined> {
  const { kind, source, now } = options;
  const { key } = opened;
  const wanted = wantedOf(opened, changes, kind);
  if (wanted === undefined) return undefined;
  const { text, file, metadata } = await outlineOf(opened, wanted, options);
  const layout = await layOut(text, kind);
  const old = new Map(opened.values.map((value) => [value.name, value]));
  const edits: Edit[] = [];
  const hashed: string[] = [];
  for (const [i, { name, comments }] of file.leaves.entries()) {
    const value = wanted.get(name) as Wanted;
    const isEncrypted = metadata.rule({ name, comments });
    if (isEncrypted || !metadata.macOnlyEncrypted) hashed.push(value.mac);
    const before = old.get(name);
    if (before === value && before.isEncrypted === isEncrypted) continue;
    if (before === value && !isEncrypted) throw declassified(name, source);
    // A plain value that was there was authenticated so; of a new or an empty one, only the rule says that it is plain.
    const isNew = before === undefined || before.value === '';
    if (!isEncrypted && isNew && !options.allowPlain && value.value !== '') throw leftPlain(name, source);
    checkValue(name, value.value, isEncrypted, kind);
    const isSealed = isEncrypted && value.value !== '';
    const written = isSealed ? await sealText(key, value.mac, pathTo(name), value.type) : value.value;
    edits.push(layout.write(layout.values[i] as Span, written));
  }
  edits.push(...(await stamp(layout, hashed, metadata, { key, now })));
  const bytes = new TextEncoder().encode(applyEdits(text, edits));
  await verifySops(bytes, wanted, { kind, source, key });
  return bytes;
}

/** All variables as they are to be; `undefined` where that is how they are. */
function wantedOf(
  { values }: OpenedSopsFile,
  changes: Changes,
  kind: SopsKind,
): Map<string, Wanted> | undefined {
  const wanted = new Map<string, Wanted>(values.map((value) => [value.name, value]));
  let isChanged = false;
  for (const [name, secret] of changes) {
    const before = wanted.get(name);
    const value = secret?.reveal();
    if (before?.value === value) continue;
    isChanged = true;
    if (value === undefined) wanted.delete(name);
    else {
      if (before === undefined) checkNewName(name, kind);
      wanted.set(name, { type: 'str', mac: value, value });
    }
  }
  return isChanged ? wanted : undefined;
}

/** An invalid name could be a value, so it is not shown. */
function checkNewName(name: string, kind: SopsKind): void {
  if (!isName(name)) throw unwritable('a new variable', `expected ${NAME_IN_WORDS}`);
  if (isReserved(name, kind)) throw unwritable(name, 'sops reserves such names');
}

/** The file with the variables that are wanted, the new ones still empty: rules can depend on what stands before them. */
async function outlineOf(
  opened: OpenedSopsFile,
  wanted: ReadonlyMap<string, Wanted>,
  { kind, source }: ChangeOptions,
): Promise<ReadSops> {
  const { leaves } = opened.file;
  const removed = new Set(leaves.flatMap(({ name }, i) => (wanted.has(name) ? [] : [i])));
  const names = new Set(leaves.map(({ name }) => name));
  const added = [...wanted.keys()].filter((name) => !names.has(name));
  if (removed.size === 0 && added.length === 0) return opened;
  const layout = await layOut(opened.text, kind);
  const edits = removed.size > 0 ? removeVariables(layout, removed, opened) : [];
  if (added.length > 0) edits.push(layout.add(added));
  const bytes = new TextEncoder().encode(applyEdits(opened.text, edits));
  return await readSops(bytes, kind, source);
}

/** Comments stay, but for those by which the rule takes a variable for one to encrypt or not: the next would get them. */
function removeVariables(layout: Layout, removed: ReadonlySet<number>, { file, metadata }: ReadSops): Edit[] {
  const edits = layout.remove(removed);
  const isGone = ({ start }: Span) => edits.some((edit) => edit.start <= start && start < edit.end);
  const deciding = layout.comments.filter(
    (comment) =>
      removed.has(comment.variable) &&
      !isGone(comment) &&
      isDecided(file.leaves[comment.variable] as Leaf, metadata),
  );
  return [...edits, ...deciding.map((comment) => layout.removeComment(comment))];
}

function isDecided({ comments }: Leaf, { rule, ruleKind }: Metadata): boolean {
  if (!ruleKind.includes('_comment_')) return false;
  return rule({ name: '', comments }) !== rule({ name: '', comments: NO_COMMENTS });
}

function leftPlain(name: string, source: string): EnvsealError {
  return new EnvsealError('unsealed', `the rule of ${source} leaves ${name} in plain text`, {
    hint: 'someone may have changed the rule: investigate; if intended, add --allow-unsealed',
  });
}

function declassified(name: string, source: string): EnvsealError {
  return new EnvsealError('internal', `changing ${source} would leave ${name} in plain text`, {
    hint: 'nothing was written; make the change with sops edit, and report this bug',
  });
}
