import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface Finished {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Debian puts runc and debootstrap in the last two, and a user's PATH often does not look there. */
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;

/** Runs a program to its end, whatever comes of it. Throws when it does not start or is killed. */
export async function run(
  program: string,
  args: readonly string[],
  { env = {}, input = '' }: Surroundings = {},
): Promise<Finished> {
  const child = spawn(program, args, { env: { ...process.env, PATH, ...env } });
  const status = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) =>
      code === null ? reject(new Error(`${program} was ended by ${signal}`)) : resolve(code),
    );
  });
  // Not every program reads it before it ends.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
  return { status: await status, stdout: await stdout, stderr: await stderr };
}

/** Runs a program that has to succeed, and returns its stdout. */
export async function mustRun(
  program: string,
  args: readonly string[],
  surroundings?: Surroundings,
): Promise<string> {
  const { status, stdout, stderr } = await run(program, args, surroundings);
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: exit ${status}\n${stderr}`);
  return stdout;
}
