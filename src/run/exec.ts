import type { Host } from '../host.ts';
import type { ByteString } from '../system/byte-string.ts';
import type { CStrings } from '../system/c-strings.ts';
import { ErrnoError } from '../system/system.ts';

export interface Launch {
  readonly path: ByteString;
  /** At least one string. */
  readonly argv: CStrings;
  readonly environ: CStrings;
}

/** Replaces this process with the command. Throws `not_executable`, `command_not_found` or `too_large`. */
export async function exec({ path, argv, environ }: Launch, { system }: Host): Promise<never> {
  // A signal that our handler has caught and the event loop has not seen yet would be lost.
  system.releaseSignals();
  await new Promise((resolve) => setImmediate(resolve));
  try {
    return system.execve(path, argv, environ);
  } catch (error) {
    // A stop signal came first: its handler ends us.
    if (error instanceof ErrnoError && error.errno === 'EINTR') return await new Promise(() => {});
    const { explainExec } = await import('./exec-errors.ts');
    throw explainExec([...argv.lists][0]?.[0] ?? path, error);
  }
}
