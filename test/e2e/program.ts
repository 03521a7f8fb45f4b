/** Runs the built program as a container would: an environment of its own, and nothing of ours. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { skipFor } from '../skip.ts';

const FULL = 'dist/envseal.mjs';
/** Without cargo only the full program is built. */
const built = existsSync('dist/envseal') ? 'dist/envseal' : FULL;
const program = resolve(process.env.ENVSEAL_BIN ?? built);

/** Whether the program is the bundle on Node, which promises less (docs/images.md, "On Node"). */
export const isBundle = program.endsWith('.mjs');

/** Options of tests of what only one of the two does. */
export const containerOnly = skipFor(isBundle && 'concerns the container executable alone');
export const bundleOnly = skipFor(!isBundle && 'concerns the bundle on Node alone');

/** The words that start envseal. */
export const envsealWords: readonly string[] = isBundle
  ? [process.execPath, program]
  : [linkedAlone(program)];

/** The words that start the full program: it has the operators' commands, with which tests of a start prepare it. */
export const operatorWords: readonly string[] = isBundle ? envsealWords : [process.execPath, resolve(FULL)];

export const PATH = '/usr/local/bin:/usr/bin:/bin';

/**
 * The PATH of a container that also has the full program and its Node. With this PATH, `envseal` starts the
 * executable that lies beside the full program; with any other, one that lies alone. A test that needs the
 * full program sets it.
 */
export const PATH_WITH_NODE = `${dirname(process.execPath)}:${PATH}`;

/** The words that start envseal in such an environment. */
export function wordsFor(env: Readonly<Record<string, string>> = {}): readonly string[] {
  return env.PATH === PATH_WITH_NODE && !isBundle ? [program] : envsealWords;
}

/** The same file where nothing lies beside it. Workers may do this at the same time. */
function linkedAlone(path: string): string {
  const link = join(dirname(path), 'alone', 'envseal');
  if (existsSync(link) && statSync(link).ino === statSync(path).ino) return link;
  mkdirSync(dirname(link), { recursive: true });
  const fresh = `${link}-${process.pid}`;
  linkSync(path, fresh);
  renameSync(fresh, link);
  // It stays where both are the same file already.
  rmSync(fresh, { force: true });
  return link;
}

export interface Outcome {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly outcome: Promise<Outcome>;
}

/** Starts any command. The environment is PATH and `env`, nothing else. */
export function startWords(words: readonly string[], options: RunOptions = {}): Running {
  const [file = '', ...args] = words;
  const child = spawn(file, args, {
    env: { PATH, ...options.env },
    cwd: options.cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('latin1').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const outcome = new Promise<Outcome>((settle, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => settle({ status, signal, ...output }));
  });
  return { child, outcome };
}

/** Runs any command to its end. */
export async function runWords(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return await startWords(words, options).outcome;
}

/** Runs envseal with arguments. */
export async function envseal(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return await runWords([...wordsFor(options.env), ...args], options);
}

/** Runs a command of operators with arguments, whichever program is tried. */
export async function operate(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return await runWords([...operatorWords, ...args], options);
}

/** What `env` printed, or `/proc/self/environ` holds. */
export function readEnviron(text: string, separator: '\n' | '\0' = '\n'): Record<string, string> {
  const lines = text.split(separator).filter((line) => line !== '');
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]));
}
