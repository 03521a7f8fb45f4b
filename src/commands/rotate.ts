/** `envseal rotate`: files sealed again, with a new data key or for other keys, many at the same time. */

import type { Command } from '../cli/command.ts';
import { print, table } from '../cli/output.ts';
import type { Warning } from '../cli/report.ts';
import { EnvsealError } from '../errors.ts';
import { type Rotated, rotateFile } from '../files/rotate-file.ts';
import { isUnversioned, unversioned } from '../files/versioning.ts';
import { openWorkspace, readOperands, type Workspace, warn } from '../files/workspace.ts';
import { isFolder, parseFolder } from '../source-uri.ts';
import { Progress } from '../terminal/progress.ts';
import { openTerminal } from '../terminal/terminal.ts';

const USAGE = 'envseal rotate URI…, ending in / for a folder';

export const rotate: Command = async (context) => {
  const uris = readOperands(context.commandLine, { least: 1, most: 10_000 }, USAGE);
  const workspace = await openWorkspace(context);
  const { flags, host } = workspace;
  const startedAt = new Date();
  const before = flags.before === undefined ? undefined : parseTime(flags.before);
  const files = await findFiles(uris, workspace);
  const terminal = openTerminal(host.variables);
  const progress = new Progress({
    write: (text) => host.system.write(2, text),
    isTerminal: terminal.canRedraw(2),
    columns: () => terminal.columns(2),
    total: files.length,
    label: 'rotate',
  });
  const results: Rotated[] = new Array(files.length);
  const hint = howToResume(uris, startedAt, workspace);
  // Without the time, a second run would rotate the finished files again.
  const forget = host.onStop(async () => {
    progress.clear();
    warn(workspace, stopped(results, hint));
  });
  await inParallel(files, flags.jobs, async (uri, index) => {
    results[index] = await rotateFile(uri, { before, workspace });
    workspace.deadline.renew();
    progress.advance();
  });
  forget();
  progress.clear();
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  print(workspace, { startedAt: startedAt.toISOString(), files: results.map(toJson) }, () =>
    describe(results, workspace),
  );
  warnUnversioned(results, workspace);
  const [first] = failed;
  const undelivered = results.find(
    ({ error, outcome }) => error !== undefined && outcome !== 'failed',
  )?.error;
  if (first?.error === undefined && undelivered !== undefined) throw undelivered;
  if (first?.error === undefined) return undefined;
  throw new EnvsealError(
    first.error.code,
    `${failed.length} of ${results.length} files were not rotated: ${first.error.message}`,
    {
      hint: `${first.error.hint ?? ''}${first.error.hint === undefined ? '' : '; '}then ${hint}`,
      cause: first.error,
    },
  );
};

function stopped(results: readonly Rotated[], hint: string): Warning {
  const counts = countOutcomes(results).join(', ') || 'none was rotated';
  return { code: 'signal', message: `stopped at ${results.length} files: ${counts}`, hint };
}

function warnUnversioned(results: readonly Rotated[], workspace: Workspace): void {
  const one = results.find(
    ({ uri, outcome, version }) => outcome === 'rotated' && isUnversioned(uri, version ?? undefined),
  );
  if (one !== undefined) warn(workspace, unversioned(one.uri));
}

async function findFiles(uris: readonly string[], { stores, deadline }: Workspace): Promise<string[]> {
  const found = new Set<string>();
  for (const uri of uris) {
    if (!isFolder(uri)) found.add(uri);
    else {
      const folder = parseFolder(uri);
      for await (const file of (await stores.writable(folder.scheme)).find(folder)) {
        found.add(file.uri);
        deadline.renew();
      }
    }
  }
  return [...found];
}

async function inParallel<T>(
  items: readonly T[],
  jobs: number,
  action: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) await action(items[index] as T, index);
  };
  await Promise.all(Array.from({ length: Math.min(jobs, items.length) }, worker));
}

function parseTime(text: string): Date {
  const time = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)
    ? new Date(text)
    : undefined;
  if (time !== undefined && !Number.isNaN(time.getTime())) return time;
  throw new EnvsealError('usage', 'invalid --before time', {
    hint: 'use a time such as 2026-01-31 or 2026-01-31T12:00:00Z',
  });
}

/** With other keys, a second run skips what has them already; with the same ones only the time shows it. */
function howToResume(uris: readonly string[], startedAt: Date, { flags }: Workspace): string {
  if (flags['kms-key'].length + flags.age.length > 0)
    return 'run it again: files that are done are left alone';
  return `continue with envseal rotate --before ${flags.before ?? startedAt.toISOString()} ${uris.length > 3 ? '…' : uris.join(' ')}`;
}

function toJson({ error, ...result }: Rotated): object {
  return error === undefined ? result : { ...result, code: error.code, message: error.message };
}

function describe(results: readonly Rotated[], workspace: Workspace): string {
  if (results.length === 0) return 'no files\n';
  const rows = results.map(({ uri, outcome, sealing, kmsKeys, version, error }) => [
    uri,
    outcome,
    sealing ?? '',
    kmsKeys.join(', '),
    version ?? '',
    error?.message ?? '',
  ]);
  const counts = countOutcomes(results).join(', ');
  return `${table(workspace, ['file', 'outcome', 'sealing', 'key', 'version', ''], rows)}${counts}\n`;
}

/** Results can have gaps: what is not done yet. */
function countOutcomes(results: readonly Rotated[]): string[] {
  return (['rotated', 'would rotate', 'left alone', 'failed'] as const)
    .map((outcome) => [outcome, results.filter((result) => result.outcome === outcome).length] as const)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${count} ${outcome}`);
}
