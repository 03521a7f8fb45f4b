/** A bug ends in two lines and 70, on whatever way it comes, and in nothing of what it is about. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildHost, compileBytecode, type HostTarget, link, TARGETS } from '../../scripts/build/host.ts';
import { bundleForHost } from '../../scripts/build/host-bundle.ts';
import { bundle } from '../../scripts/build/node-bundle.ts';
import { isBundle, runWords } from './program.ts';

const root = join(import.meta.dirname, '../..');
const RUN = '/src/run/run-command.ts';

/** Failures that only Node has. */
const OF_NODE = {
  'follows a warning': 'process.emitWarning(CANARY); setTimeout(() => { throw error(); }); await forever',
  'is emitted':
    'const { EventEmitter } = await import("node:events"); setImmediate(() => new EventEmitter().emit("error", error())); await forever',
} as const;

const OF_HOST = {
  'is thrown by what reads a file': 'host.system.readFile(CANARY + "\\0", 1)',
  'comes for want of memory': 'const all = []; for (;;) all.push(CANARY + all.length)',
} as const;

describe('an uncaught error', () => {
  const CANARY = 'xQ7Zj0Kw9Vb3Gy';
  const EXPECTED = {
    status: 70,
    signal: null,
    stdout: '',
    stderr: [
      'envseal: error: internal error',
      'envseal: hint: this is a bug: report it with the version and the command, without any values',
      '',
    ].join('\n'),
  };

  /** Ways to fail that put the canary wherever a runtime looks when it reports an error. */
  const FAILURES: Readonly<Record<string, string>> = {
    'is thrown': 'throw error()',
    'has the input of a call': 'new URL(CANARY)',
    'is rejected': 'return Promise.reject(error())',
    'is rejected and forgotten': 'void Promise.reject(error()); await forever',
    'is thrown from a timer': 'setTimeout(() => { throw error(); }); await forever',
    'is thrown from a microtask': 'queueMicrotask(() => { throw error(); }); await forever',
    'is thrown by what waits for an abort':
      'const stop = new AbortController(); stop.signal.addEventListener("abort", () => { throw error(); }); setTimeout(() => stop.abort()); await forever',
    'is a string': 'throw CANARY',
    'is forgotten and a string': 'void Promise.reject(CANARY); await forever',
    'is nothing': 'setTimeout(() => { throw undefined; }); await forever',
    'throws when it is looked at':
      'throw new Proxy({}, { get() { throw CANARY; }, getPrototypeOf() { throw CANARY; } })',
    'has many parts': 'void Promise.any([Promise.reject(error())]); await forever',
    'follows what a library logs': 'console.log(CANARY); console.error(error()); throw error()',
    'is a stack that overflows': 'const dive = (text) => dive(text + CANARY) + 1; dive("")',
    ...(isBundle ? OF_NODE : OF_HOST),
  };

  const MODULE = `
    const CANARY = ${JSON.stringify(CANARY)};
    const forever = new Promise((resolve) => setTimeout(resolve, 60_000));
    const error = () => Object.assign(new TypeError(CANARY, { cause: new Error(CANARY) }), { input: CANARY, [CANARY]: 1 });
    const failures = { ${Object.entries(FAILURES)
      .map(([name, code]) => `${JSON.stringify(name)}: async () => { ${code}; }`)
      .join(', ')} };
    export const run = ({ host }) => failures[host.variables.FAILURE](host);
  `;

  const failing = {
    name: 'failing',
    load: (id: string) => (id.endsWith(RUN) ? { code: MODULE, moduleType: 'js' as const } : null),
  };

  /** envseal, built as ever, but for a `run` that fails. */
  let words: readonly string[];
  let built: string | undefined;
  beforeAll(async () => {
    built = mkdtempSync(join(tmpdir(), 'envseal-failing-'));
    words = isBundle ? await buildForNode(built) : await buildForHost(built);
  }, 600_000);
  afterAll(() => {
    if (built !== undefined) rmSync(built, { recursive: true, force: true });
  });

  async function buildForNode(folder: string): Promise<readonly string[]> {
    await bundle('envseal', join(root, 'src/main.ts'), folder, { plugins: [failing] });
    return [process.execPath, join(folder, 'envseal.mjs')];
  }

  /** The host itself is there already. */
  async function buildForHost(folder: string): Promise<readonly string[]> {
    const modules = await bundleForHost(folder, { plugins: [failing] });
    const target = TARGETS[process.arch] as HostTarget;
    const library = buildHost({ target, profile: 'release' });
    const executable = join(folder, 'envseal');
    link(library, compileBytecode(library, modules, folder), executable, target);
    return [executable];
  }

  test.each(Object.keys(FAILURES))('%s', async (failure) => {
    expect(await runWords([...words, '--', 'x'], { env: { FAILURE: failure } })).toEqual(EXPECTED);
  });

  test('is one line of JSON where that is asked for', async () => {
    const env = { FAILURE: 'is thrown from a timer', ENVSEAL_LOG_FORMAT: 'json' };
    const { status, stdout, stderr } = await runWords([...words, '--', 'x'], { env });
    expect({ status, stdout }).toEqual({ status: 70, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({ code: 'internal', message: 'internal error', exitStatus: 70 });
    expect(stderr).not.toContain(CANARY);
  });
});
