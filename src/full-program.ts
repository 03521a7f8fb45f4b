/**
 * What the container executable leaves to the full program, which runs on Node: rare ways to credentials and places, and
 * the commands of operators. Where that lies beside the executable, it goes on from the start.
 */
import { EnvsealError } from './errors.ts';
import type { Host } from './host.ts';
import { cStrings } from './system/c-strings.ts';
import { ErrnoError } from './system/system.ts';

/** Thrown before anything is sent. */
export class NeedsFullProgram extends Error {
  override readonly name = 'NeedsFullProgram';
  /** What needs it, as a sentence's subject: `envseal push`, `an AWS SSO profile`. */
  readonly what: string;
  constructor(what: string) {
    super(what);
    this.what = what;
  }
}

/**
 * Becomes the full program where an error asks for that. Any other error is returned as it is, and one of ours where the
 * program is not there.
 */
export function continueInFullProgram(error: unknown, { system, argv, environ }: Host): unknown {
  if (!(error instanceof NeedsFullProgram)) return error;
  const path = system.fullProgram();
  let cause: unknown;
  try {
    if (path !== undefined) system.execve(path, cStrings([path, ...argv]), cStrings(environ));
  } catch (refused) {
    cause = refused;
  }
  const isThere = path !== undefined && cause instanceof ErrnoError && system.isReadable(path);
  return new EnvsealError(
    'configuration',
    isThere
      ? `${error.what} needs Node 24 or later, which does not start here`
      : `${error.what} needs the full envseal`,
    {
      hint: 'run it with npx envseal (Node 24 or later), or in the image envseal:cli',
      cause,
    },
  );
}
