/** Starts another envseal that outlives us, as a child: the command that takes our place inherits it and did not start it. */
import { spawn } from 'node:child_process';
import { ErrnoError } from '../system.ts';

/** Resolves when all of the input is on its way, with what ends the other one. Throws ErrnoError. */
export async function detach(input: string): Promise<() => void> {
  const [script = ''] = process.argv.slice(1);
  const child = spawn(process.execPath, [script, 'deliver-events'], {
    env: {},
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
  return () => void child.kill('SIGKILL');
}
