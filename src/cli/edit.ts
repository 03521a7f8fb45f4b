/** `envseal edit`: the file in an editor, in memory only, and stored when it parses. */
import { diffVariables } from '../envfile/diff.ts';
import type { Changes } from '../envfile/edit.ts';
import { EnvsealError } from '../errors.ts';
import { openPlain } from '../sealing/open.ts';
import type { Secret } from '../secret.ts';
import { changeBytes, unchangeable } from './change-file.ts';
import { checkInput } from './check-input.ts';
import type { Command } from './commands.ts';
import { checkVersioning } from './inspect-bucket.ts';
import { isPlain } from './open-sources.ts';
import { type OpenedFile, openFile, policyOf } from './opened-file.ts';
import { recordAccess } from './record-access.ts';
import { keepAtRest, type PlainFile } from './seal-file.ts';
import { report } from './set.ts';
import { recordChange, storeContent } from './store-change.ts';
import { openWorkspace, parseTarget, readOperands, type Workspace, warn } from './workspace.ts';

const USAGE = 'envseal edit URI';

export const edit: Command = async (context) => {
  const [uri = ''] = readOperands(context.commandLine, { least: 1 }, USAGE);
  const source = parseTarget(uri);
  const workspace = await openWorkspace(context);
  const file = await recordAccess(workspace, 'edit', [source], async ([attempt]) => {
    await checkVersioning(source, workspace);
    return await openFile(source, await policyOf(workspace), workspace, attempt);
  });
  const plain = await toPlain(file);
  const edited = await editUntilItParses(plain, workspace);
  const stored = await recordChange(workspace, source, 'set', async (attempt) => {
    attempt.sealing = file.attempt.sealing;
    attempt.kmsKeys = file.attempt.kmsKeys;
    if (Buffer.from(edited.bytes).equals(plain.bytes)) return undefined;
    const variables = openPlain(edited.bytes, edited.kind, edited.source);
    const bytes = isPlain(file.content)
      ? edited.bytes
      : await changeBytes(file, changesBetween(file.variables, variables));
    const sealed = { bytes, seal: keepAtRest(file.object.sealing) };
    const expected = { revision: file.object.revision };
    return await storeContent(workspace, source, { sealed, variables, before: file, expected }, attempt);
  });
  report(uri, stored, workspace);
  return undefined;
};

/** What the editor gets: the file itself, or a SOPS file as an env file; what changes there is its variables. */
async function toPlain({ content, object, document, source }: OpenedFile): Promise<PlainFile> {
  if (isPlain(content)) return { bytes: object.bytes, kind: content.kind, source };
  if (document === undefined) throw unchangeable(content.kind, source);
  return { bytes: await document.toDotenv(), kind: 'dotenv', source: { ...source, dialect: 'dotenv' } };
}

/** What does not parse is offered again, as it was typed; an empty file gives up. */
async function editUntilItParses(plain: PlainFile, workspace: Workspace): Promise<PlainFile> {
  const { host, deadline } = workspace;
  const { Editing } = await import('../terminal/editor.ts');
  deadline.clear();
  const extension = plain.kind === 'json' ? 'json' : 'env';
  const editing = new Editing({ name: `envseal.${extension}`, host });
  let bytes = plain.bytes;
  try {
    for (;;) {
      bytes = await editing.edit(bytes);
      const edited = { ...plain, bytes };
      if (bytes.length === 0) {
        throw new EnvsealError('malformed', 'the file was emptied, and nothing was stored', {
          hint: 'envseal unset removes variables',
        });
      }
      try {
        checkInput(edited, workspace);
        return edited;
      } catch (error) {
        if (!(error instanceof EnvsealError)) throw error;
        warn(workspace, error);
        // Without a terminal there is nobody to ask.
        await editing.pause('Enter edits it again, ^C gives up: ').catch(() => {
          throw error;
        });
      }
    }
  } finally {
    editing.close();
    deadline.renew();
  }
}

function changesBetween(before: ReadonlyMap<string, Secret>, after: ReadonlyMap<string, Secret>): Changes {
  const { added, changed, removed } = diffVariables(before, after);
  return new Map([
    ...[...added, ...changed].map((name) => [name, after.get(name)] as const),
    ...removed.map((name) => [name, undefined] as const),
  ]);
}
