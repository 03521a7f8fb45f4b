/** What a command gets from envseal, reported by the command itself. */
import { expect } from 'vitest';
import { folder } from './folder.ts';
import { envseal, type Outcome, type RunOptions } from './program.ts';

/** Runs envseal on an env file with this text. */
export async function runWith(
  text: string | Uint8Array,
  words: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const cwd = folder({ '.sealed': text });
  return await envseal(['run', '--allow-unsealed', '--source', './.sealed', ...words], { cwd, ...options });
}

/** The command's whole environment, in order, as the kernel has it; each byte is one character. */
export async function environOf(
  text: string | Uint8Array,
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const outcome = await runWith(text, [...flags, '--', '/bin/cat', '/proc/self/environ'], { env });
  expect(outcome).toMatchObject({ status: 0, stderr: '' });
  return outcome.stdout === '' ? [] : outcome.stdout.replace(/\0$/, '').split('\0');
}

/** The exit status and what envseal says; stdout stays empty. */
export async function refusalOf(
  text: string | Uint8Array,
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { status, stdout, stderr } = await runWith(text, [...flags, '--', 'echo', 'started'], { env });
  expect(stdout).toBe('');
  return `${stderr}exit ${status}`;
}

/** The two lines of an error and the exit status, as `refusalOf` gives them. */
export function lines(status: number, error: string, hint?: string): string {
  return `envseal: error: ${error}\n${hint === undefined ? '' : `envseal: hint: ${hint}\n`}exit ${status}`;
}
