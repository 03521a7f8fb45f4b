/** Starts a program with exactly the strings and the rules that it is given. Needs `available('python3')`. */
import { join } from 'node:path';
import { type Outcome, type RunOptions, runWords } from './program.ts';

export interface RawStart {
  /** The first is the path of the program. Each character is a byte. */
  readonly argv: readonly string[];
  readonly environ: readonly string[];
  /** That no memory may be both written and executed, as with systemd's MemoryDenyWriteExecute. */
  readonly forbidsWritableCode?: boolean;
  /** System calls that answer EPERM. */
  readonly refusedCalls?: readonly number[];
  /** So do all from this number on, as where a runtime's profile is older than the kernel. */
  readonly refusedFrom?: number;
}

/** Status of a start for which the kernel lacks a rule. */
export const NO_SUCH_RULE = 77;

export async function rawStart(start: RawStart, options: RunOptions = {}): Promise<Outcome> {
  const program = join(import.meta.dirname, 'raw-start.py');
  return await runWords(['/usr/bin/env', 'python3', program, JSON.stringify(start)], {
    ...options,
    env: { PATH: process.env.PATH ?? '', ...options.env },
  });
}
