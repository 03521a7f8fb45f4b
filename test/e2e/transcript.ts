/** A run as a test writes it down: the variables that the command got, or the two lines and the status of a refusal. */
import { expect } from 'vitest';
import { envseal, type Outcome, PATH, readEnviron } from './program.ts';

/** In every value of every source, so that a value shows wherever it gets out. */
export const CANARY = 'canary';

export type Env = Readonly<Record<string, string>>;

/** What `envseal` prints when it starts no command. */
export interface Refusal {
  readonly status: number | null;
  readonly error: string;
  readonly hint: string;
}

/**
 * Opens sources. Returns the variables that the command got on top of its inherited environment, which has to be there
 * to the letter, without what is for envseal.
 */
export async function opened(args: readonly string[], env: Env = {}): Promise<Record<string, string>> {
  const { stdout, ...rest } = await envseal([...args, '--', 'cat', '/proc/self/environ'], { env });
  expect(rest).toEqual({ status: 0, signal: null, stderr: '' });
  const environ = readEnviron(stdout, '\0');
  const own = Object.entries({ PATH, ...env }).filter(([name]) => !name.startsWith('ENVSEAL_'));
  const inherited = Object.fromEntries(own);
  expect(environ).toEqual({ ...environ, ...inherited });
  return Object.fromEntries(Object.entries(environ).filter(([name]) => !(name in inherited)));
}

/** Is refused: the command does not start, stdout stays empty, and stderr has the two lines at most, and no value. */
export async function refused(args: readonly string[], env: Env = {}): Promise<Refusal> {
  return toRefusal(await envseal([...args, '--', 'cat', '/proc/self/environ'], { env }));
}

function toRefusal({ status, stdout, stderr }: Outcome): Refusal {
  expect(stdout).toBe('');
  expect(stderr).not.toContain(CANARY);
  const lines = /^envseal: error: (.+)\n(?:envseal: hint: (.+)\n)?$/.exec(stderr);
  return { status, error: lines?.[1] ?? stderr, hint: lines?.[2] ?? '' };
}
