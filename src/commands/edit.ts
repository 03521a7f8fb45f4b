/** `envseal edit`: the file in an editor, in memory only, and stored when it parses. */

import { recordAccess } from '../audit/record-access.ts';
import type { ChangeAttempt } from '../audit/record-changes.ts';
import type { Command } from '../cli/command.ts';
import { diffVariables } from '../envfile/diff.ts';
import { type Changes, editEnvFile } from '../envfile/edit/edit.ts';
import { matcher } from '../envfile/name-glob.ts';
import { EnvsealError } from '../errors.ts';
import { changeContent, unchangeable } from '../files/change-variables.ts';
import { checkInput } from '../files/lint-file.ts';
import { type OpenedFile, openFile, policyOf, sealingKeysOf } from '../files/open-file.ts';
import { printStored } from '../files/print-stored.ts';
import { keepAtRest, type PlainFile } from '../files/seal-file.ts';
import { recordChange, type Stored, storeContent } from '../files/store-file.ts';
import { checkVersioning } from '../files/versioning.ts';
import { openWorkspace, parseTarget, readOperands, type Workspace, warn } from '../files/workspace.ts';
import { VARIABLE_PREFIX } from '../own-variables.ts';
import { CREDENTIAL_NAMES } from '../run/credential-names.ts';
import { isPlain } from '../run/open-object.ts';
import { openPlain } from '../sealing/open-plain.ts';
import type { Secret } from '../secret.ts';
import type { Source } from '../source-uri.ts';
import { Editing } from '../terminal/editor.ts';

const USAGE = 'envseal edit URI';

export const edit: Command = async (context) => {
  const [uri = ''] = readOperands(context.commandLine, { least: 1 }, USAGE);
  const source = parseTarget(uri);
  const workspace = await openWorkspace(context);
  const file = await openToEdit(source, workspace);
  const plain = await toPlain(file);
  const extension = plain.kind === 'json' ? 'json' : 'env';
  const editing = new Editing({
    name: `envseal.${extension}`,
    host: workspace.host,
    environment: withoutCredentials(workspace.host.variables),
  });
  try {
    const edited = await editUntilItParses(plain, editing, workspace);
    printStored(uri, await storeWithRetry({ file, edited }, editing, workspace), workspace);
  } finally {
    editing.close();
  }
  return undefined;
};

/** Each time that values are shown is an access. */
async function openToEdit(source: Source, workspace: Workspace): Promise<OpenedFile> {
  return await recordAccess(workspace, 'edit', [source], async ([attempt]) => {
    await checkVersioning(source, workspace);
    return await openFile(source, await policyOf(workspace), workspace, attempt);
  });
}

/** What the editor gets: the file itself, or a SOPS file as an env file; what changes there is its variables. */
async function toPlain({ content, object, document, source }: OpenedFile): Promise<PlainFile> {
  if (isPlain(content)) return { bytes: object.bytes, kind: content.kind, source };
  if (document === undefined) throw unchangeable(content.kind, source);
  return { bytes: await document.toDotenv(), kind: 'dotenv', source: { ...source, dialect: 'dotenv' } };
}

/** An editor runs what its plugins say: it needs no way to what opens files. */
function withoutCredentials(variables: Workspace['host']['variables']): Workspace['host']['variables'] {
  const isOurs = matcher([`${VARIABLE_PREFIX}*`, ...CREDENTIAL_NAMES]);
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !isOurs(name)));
}

/** What does not parse is offered again, as it was typed; an empty file gives up. No timeout runs. */
async function editUntilItParses(
  plain: PlainFile,
  editing: Editing,
  workspace: Workspace,
): Promise<PlainFile> {
  workspace.deadline.clear();
  for (let { bytes } = plain; ; ) {
    bytes = await editing.edit(bytes);
    if (bytes.length === 0) {
      throw new EnvsealError('malformed', 'the edited file is empty; nothing was stored', {
        hint: 'to remove variables, use envseal unset',
      });
    }
    try {
      checkInput({ ...plain, bytes }, workspace);
      workspace.deadline.renew();
      return { ...plain, bytes };
    } catch (error) {
      await offerAgain(error, 'press Enter to edit it again, ^C to give up: ', editing, workspace);
    }
  }
}

/** Without a terminal there is no one to ask, and the error ends the command. */
async function offerAgain(
  error: unknown,
  question: string,
  editing: Editing,
  workspace: Workspace,
): Promise<void> {
  if (!(error instanceof EnvsealError)) throw error;
  warn(workspace, error);
  await editing.pause(question).catch(() => {
    throw error;
  });
}

/** What the person saved, and the file that it is to replace. */
interface Draft {
  file: OpenedFile;
  edited: PlainFile;
}

/** If the text cannot be stored, it is offered again, so that no input is lost. Each try is an event. */
async function storeWithRetry(
  draft: Draft,
  editing: Editing,
  workspace: Workspace,
): Promise<Stored | undefined> {
  for (;;) {
    let isDone = false;
    try {
      return await recordChange(workspace, draft.file.source, 'set', async (attempt) => {
        const stored = await storeEdited(draft, attempt, workspace);
        isDone = true;
        return stored;
      });
    } catch (error) {
      if (isDone) throw error;
      await offerAgain(error, 'press Enter to open your text again, ^C to give up: ', editing, workspace);
      draft.edited = await editUntilItParses(draft.edited, editing, workspace);
    }
  }
}

/**
 * If someone else changed the file in between, both changes are merged; if they collide, the user decides.
 */
async function storeEdited(
  draft: Draft,
  attempt: ChangeAttempt,
  workspace: Workspace,
): Promise<Stored | undefined> {
  for (;;) {
    const { file, edited } = draft;
    attempt.sealing = file.attempt.sealing;
    attempt.kmsKeys = sealingKeysOf(file);
    try {
      return await storeOnce(file, edited, attempt, workspace);
    } catch (error) {
      if (!(error instanceof EnvsealError) || error.code !== 'conflict') throw error;
      const theirs = await openToEdit(file.source, workspace);
      draft.file = theirs;
      const merged = await merge(file, edited, theirs);
      if (merged === undefined) throw meeting(error, file, theirs);
      draft.edited = merged;
    }
  }
}

async function storeOnce(
  file: OpenedFile,
  edited: PlainFile,
  attempt: ChangeAttempt,
  workspace: Workspace,
): Promise<Stored | undefined> {
  if (Buffer.from(edited.bytes).equals((await toPlain(file)).bytes)) return undefined;
  const variables = variablesOf(edited);
  const sealed = isPlain(file.content)
    ? { bytes: edited.bytes, seal: keepAtRest(file.object.sealing), kind: file.content.kind }
    : await changeContent(file, changesBetween(file.variables, variables), workspace);
  if (Buffer.from(sealed.bytes).equals(file.object.bytes)) return undefined;
  const expected = { revision: file.object.revision };
  const content = { sealed, variables, before: file, expected };
  return await storeContent(workspace, file.source, content, attempt);
}

/** The text to store in place of `theirs`; `undefined` if the user has to decide. */
async function merge(base: OpenedFile, mine: PlainFile, theirs: OpenedFile): Promise<PlainFile | undefined> {
  const [plainBase, plainTheirs] = [await toPlain(base), await toPlain(theirs)];
  const changes = changesBetween(base.variables, variablesOf(mine));
  // What is there as it was typed may be our own, stored by a try that got no answer.
  const isMeeting = [...changes].some(([name, value]) => {
    const there = theirs.variables.get(name)?.reveal();
    return there !== base.variables.get(name)?.reveal() && there !== value?.reveal();
  });
  const isOnlyVariables = Buffer.from(apply(changes, plainBase)).equals(mine.bytes);
  if (isMeeting || !isOnlyVariables) return undefined;
  return { ...plainTheirs, bytes: apply(changes, plainTheirs) };
}

function meeting(conflict: EnvsealError, base: OpenedFile, theirs: OpenedFile): EnvsealError {
  const { added, changed, removed } = diffVariables(base.variables, theirs.variables);
  const names = [...added, ...changed, ...removed].join(', ') || 'no variable';
  return new EnvsealError('conflict', `${conflict.message}, and changed ${names}`, {
    hint: 'your next save overwrites those changes',
    cause: conflict,
  });
}

function variablesOf({ bytes, kind, source }: PlainFile): ReadonlyMap<string, Secret> {
  return openPlain(bytes, kind, source);
}

function apply(changes: Changes, { bytes, kind, source: { uri, dialect } }: PlainFile): Uint8Array {
  return editEnvFile(bytes, changes, { source: uri, kind, dialect });
}

function changesBetween(before: ReadonlyMap<string, Secret>, after: ReadonlyMap<string, Secret>): Changes {
  const { added, changed, removed } = diffVariables(before, after);
  return new Map([
    ...[...added, ...changed].map((name) => [name, after.get(name)] as const),
    ...removed.map((name) => [name, undefined] as const),
  ]);
}
