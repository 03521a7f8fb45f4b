/** Runs a program in a terminal of its own, as a person would see it. Needs `available('python3')`. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { PATH } from './program.ts';

export interface Step {
  /** What has to be on the screen first, after what the step before has waited for. */
  readonly waitFor?: string;
  /** Changes the window: columns and rows. */
  readonly resize?: readonly [columns: number, rows: number];
  /** Types it; `\x03` is Ctrl-C. */
  readonly send?: string;
  /** Goes to the program alone, as from `kill`. */
  readonly signal?: NodeJS.Signals;
}

export interface TerminalOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly columns?: number;
  readonly rows?: number;
  readonly steps?: readonly Step[];
  readonly timeoutSeconds?: number;
}

export interface TerminalOutcome {
  /** All that was written to the terminal, control sequences included; what was typed too, where it was echoed. */
  readonly screen: string;
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether the terminal's modes, such as echo, are what they were. */
  readonly isRestored: boolean;
}

const PROGRAM = join(import.meta.dirname, 'pty.py');

/** The first word is a path. Throws, with the screen, when a step or the end is not reached in time. */
export async function runInTerminal(
  words: readonly string[],
  options: TerminalOptions = {},
): Promise<TerminalOutcome> {
  const { env = {}, cwd = '/', columns = 80, rows = 24, steps = [], timeoutSeconds = 180 } = options;
  const script = {
    words,
    env: { PATH, TERM: 'xterm-256color', ...env },
    cwd,
    columns,
    rows,
    steps,
    timeoutSeconds,
  };
  const { stuckAt, ...outcome } = JSON.parse(await python(JSON.stringify(script)));
  if (stuckAt === undefined) return outcome;
  throw new Error(`${words[0]} did not come to ${JSON.stringify(stuckAt)}: ${JSON.stringify(outcome)}`);
}

async function python(input: string): Promise<string> {
  const child = spawn('python3', [PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(input);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject));
  return output;
}
