/** Finds the command's file as `execvp` does, with the command's own PATH. No shell is involved. */
import { EnvsealError } from '../errors.ts';
import type { ByteString } from '../system/byte-string.ts';
import type { CStrings } from '../system/c-strings.ts';
import type { System } from '../system/system.ts';

/** What container runtimes use when an image sets none. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Throws `command_not_found` (127) or `not_executable` (126). */
export async function lookUp(
  command: ByteString,
  environ: Pick<CStrings, 'lists'>,
  system: System,
): Promise<ByteString> {
  if (command === '') throw new EnvsealError('command_not_found', 'the command is empty');
  const directories = command.includes('/') ? [undefined] : pathOf(environ).split(':');
  const failures: unknown[] = [];
  for (const directory of directories) {
    const candidate = directory === undefined ? command : `${directory === '' ? '.' : directory}/${command}`;
    try {
      system.checkExecutable(candidate);
      return candidate;
    } catch (error) {
      failures.push(error);
    }
  }
  throw (await import('./exec-errors.ts')).explainLookUp(command, failures);
}

/** The first of two, as `getenv` has it. */
function pathOf({ lists }: Pick<CStrings, 'lists'>): string {
  for (const list of lists)
    for (const entry of list) if (entry.startsWith('PATH=')) return entry.slice('PATH='.length);
  return DEFAULT_PATH;
}
