/** Starts a program with exactly the strings that it is given, duplicates included. Needs `available('python3')`. */
import { join } from 'node:path';
import { type Outcome, type RunOptions, runWords } from './program.ts';

export interface RawStart {
  /** The first is the path of the program. Each character is a byte. */
  readonly argv: readonly string[];
  readonly environ: readonly string[];
  /** That no memory may be both written and executed, as systemd's MemoryDenyWriteExecute. Status 77: needs Linux 6.3. */
  readonly forbidsWritableCode?: boolean;
}

export async function rawStart(start: RawStart, options: RunOptions = {}): Promise<Outcome> {
  const program = join(import.meta.dirname, 'raw-start.py');
  return await runWords(['/usr/bin/env', 'python3', program, JSON.stringify(start)], {
    ...options,
    env: { PATH: process.env.PATH ?? '', ...options.env },
  });
}
