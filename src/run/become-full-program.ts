/** The full program in the place of this one. */
import { EnvsealError } from '../errors.ts';
import type { Host } from '../host.ts';
import { NeedsFullProgram } from '../needs-full-program.ts';
import { cStrings } from '../system/c-strings.ts';
import { ErrnoError } from '../system/system.ts';
import { lookUp } from './lookup.ts';

/**
 * Becomes the full program where an error asks for that and the program is there. Returns any other error as it is, and
 * one that says what is missing where it is there and does not start.
 */
export async function continueInFullProgram(
  error: unknown,
  { system, argv, environ }: Host,
): Promise<unknown> {
  if (!(error instanceof NeedsFullProgram)) return error;
  const path = system.fullProgram();
  if (path === undefined || !system.isReadable(path)) return error;
  try {
    // Not by its first line: where there is no Node, that ends in words and a status of another program's.
    const variables = cStrings(environ);
    const node = await lookUp('node', variables, system);
    return system.execve(node, cStrings(['node', path, ...argv]), variables);
  } catch (cause) {
    // A stop signal came first: its handler ends us.
    if (cause instanceof ErrnoError && cause.errno === 'EINTR') return await new Promise(() => {});
    return new EnvsealError('configuration', `${error.what} needs Node, which cannot be started here`, {
      hint: `put Node 24 or later on the PATH: envseal.mjs beside this executable starts with it`,
      cause,
    });
  }
}
