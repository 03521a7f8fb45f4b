/**
 * What the container executable leaves to the full program, which is the same TypeScript on Node with the official SDKs:
 * rare ways to credentials and places, and the commands of operators. Where that program lies beside the executable, it
 * starts afresh with the same arguments.
 */
import { EnvsealError } from './errors.ts';
import type { Host } from './host.ts';
import { lookUp } from './run/lookup.ts';
import { cStrings } from './system/c-strings.ts';
import { ErrnoError } from './system/system.ts';

const HINT = 'use the full program: the image envseal:cli, or npx envseal with Node 24 or later';

/**
 * Thrown before anything is sent for it, so that the full program can start afresh. Where that program is not at hand,
 * this is the error to report. It stays what it is on its way up: only the edge can act on it.
 */
export class NeedsFullProgram extends EnvsealError {
  /** A noun phrase, such as `AWS SSO profiles` or `envseal push`. */
  readonly what: string;

  constructor(what: string) {
    super('configuration', `the container executable does not support ${what}`, { hint: HINT });
    this.what = what;
  }

  override about(): this {
    return this;
  }

  override final(): this {
    return this;
  }
}

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
    return new EnvsealError('configuration', `${error.what} needs Node, which does not start here`, {
      hint: `put Node 24 or later on the PATH: envseal.mjs beside this executable starts with it`,
      cause,
    });
  }
}
