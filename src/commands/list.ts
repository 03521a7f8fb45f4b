/** `envseal list`: the files of a folder, or the names of the variables of a file. Never a value. */

import { recordAccess } from '../audit/record-access.ts';
import type { Command } from '../cli/command.ts';
import { print, table } from '../cli/output.ts';
import { describeAge } from '../cli/time-ago.ts';
import { EnvsealError } from '../errors.ts';
import type { DetectedKeys } from '../files/detect-keys.ts';
import { openFile, policyOf, sealingKeysOf } from '../files/open-file.ts';
import { openWorkspace, parseReadable, readOperands, type Workspace } from '../files/workspace.ts';
import { isFolder, parseFolder, parseSource } from '../source-uri.ts';
import type { ListedFile } from '../store/contract.ts';

const USAGE = 'envseal list URI, ending in / for a folder';

export const list: Command = async (context) => {
  const [uri = ''] = readOperands(context.commandLine, { least: 1 }, USAGE);
  const workspace = await openWorkspace(context);
  if (isFolder(uri)) await listFolder(uri, workspace);
  else await listVariables(uri, workspace);
  return undefined;
};

async function listFolder(uri: string, workspace: Workspace): Promise<void> {
  const folder = parseFolder(uri);
  const store = await workspace.stores.writable(folder.scheme);
  const files: Row[] = [];
  for await (const file of store.list(folder)) {
    workspace.deadline.renew();
    files.push(await describeFile(file, workspace));
  }
  print(workspace, { uri, files }, () =>
    files.length === 0
      ? `${uri}: no files\n`
      : table(
          workspace,
          ['file', 'size', 'sealing', 'key', 'version', 'age', 'expires'],
          files.map(({ uri, size, sealing, kmsKeys, version, modified, expires }) => [
            uri,
            size,
            sealing ?? 'unknown',
            kmsKeys.join(', '),
            version ?? '',
            describeAge(modified),
            expires ?? '',
          ]),
        ),
  );
}

interface Row {
  readonly uri: string;
  readonly size: number;
  /** `null`: the credentials may list it, but not read it. */
  readonly sealing: string | null;
  readonly kmsKeys: readonly string[];
  readonly version: string | null;
  readonly modified: string | null;
  readonly expires: string | null;
}

/** What the store does not seal can be sealed by itself, which only its bytes say. */
async function describeFile(file: ListedFile, workspace: Workspace): Promise<Row> {
  const { uri, size, sealing, version, modified, metadata } = file;
  const own = sealing?.kind === 'none' ? await detectFile(uri, workspace) : undefined;
  const key = sealing === undefined || sealing.kind === 'none' ? undefined : sealing.key;
  return {
    uri,
    size,
    sealing: own?.sealing ?? sealing?.kind ?? null,
    kmsKeys: own?.kmsKeys ?? (key === undefined ? [] : [key]),
    version: version ?? null,
    modified: modified?.toISOString() ?? null,
    expires: metadata['envseal-expires'] ?? null,
  };
}

async function detectFile(uri: string, { stores, deadline }: Workspace): Promise<DetectedKeys> {
  const { detectKeys } = await import('../files/detect-keys.ts');
  try {
    // An object's name can be one that no URI has.
    const source = parseSource(uri);
    return await detectKeys(await stores.fetch(source), source);
  } catch (error) {
    // Too large, say: one file does not hide the others.
    if (error instanceof EnvsealError && !deadline.signal.aborted)
      return { sealing: 'unreadable', kmsKeys: [] };
    throw error;
  }
}

async function listVariables(uri: string, workspace: Workspace): Promise<void> {
  const source = parseReadable(uri);
  const file = await recordAccess(workspace, 'list', [source], async ([attempt]) =>
    openFile(source, await policyOf(workspace), workspace, attempt),
  );
  const { sealing, version } = file.attempt;
  const kmsKeys = sealingKeysOf(file);
  const names = [...file.variables.keys()];
  const { modified, bytes } = file.object;
  const json = {
    uri,
    sealing,
    kmsKeys,
    version,
    modified: modified?.toISOString() ?? null,
    size: bytes.length,
    names,
  };
  print(workspace, json, () => {
    const facts = [
      `sealed by ${sealing}`,
      ...(kmsKeys.length > 0 ? [`key ${kmsKeys.join(', ')}`] : []),
      ...(version === null ? [] : [`version ${version}`]),
      ...(modified === undefined ? [] : [`${describeAge(json.modified)} old`]),
    ];
    return `${uri}: ${facts.join(', ')}\n${names.map((name) => `  ${name}\n`).join('')}`;
  });
}
