/** Starts a process that outlives us as a child, which the command that takes our place inherits and did not start. */
import { spawn } from 'node:child_process';
import { type ByteString, type Detached, ErrnoError } from './system.ts';

/** Resolves when all of the input is on its way. Throws ErrnoError. */
export async function detach({ path, argv, environ, input }: Detached): Promise<void> {
  const [name = '', ...args] = argv.map(asText);
  const env = Object.fromEntries(environ.map((entry) => asText(entry).split(/=(.*)/s).slice(0, 2)));
  const child = spawn(asText(path), args, {
    argv0: name,
    env,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await new Promise<void>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(new ErrnoError(error.code ?? 'EIO'));
    child.on('error', fail);
    child.stdin.on('error', fail);
    child.stdin.end(input, () => resolve());
  });
  child.unref();
}

function asText(bytes: ByteString): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
