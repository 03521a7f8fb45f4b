import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

/**
 * Starts a script of this folder that prints `ready` and runs until its stdin is closed. The kernel closes it when
 * this process ends, however it ends. Throws with the script's stderr when it ends before it is ready.
 *
 * @returns what closes stdin, and waits until the script has ended; it may be called again
 */
export async function startHeld(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<() => Promise<void>> {
  const child = spawn('bash', [join(import.meta.dirname, script), ...args], {
    env: { ...process.env, ...env },
  });
  const ended = once(child, 'close');
  const stderr = text(child.stderr);
  const stop = async () => {
    child.stdin.destroy();
    await ended;
  };
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'ready') return stop;
  }
  await ended;
  throw new Error(`${script} ended before it was ready: ${await stderr}`);
}

/**
 * Below the range from which Linux picks the ports of outgoing connections: one of those cannot take it in
 * the meantime.
 */
const LOWEST_PORT = 20_000;
const PORT_LIMIT = 32_768;

export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST_PORT, PORT_LIMIT);
    if (await canListen(port)) return port;
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
