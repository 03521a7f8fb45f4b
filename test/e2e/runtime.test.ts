/**
 * The runtime inside envseal is not felt: its own variables and files have no power over envseal and reach the command,
 * and its own way of reporting an error never shows.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundle, compile } from '../../scripts/bundle.ts';
import { describeReal } from '../real/available.ts';
import { environOf, runWith } from './child.ts';
import { folder } from './folder.ts';
import { envseal, envsealWords, isBundle, type Outcome, PATH, runWords } from './program.ts';
import { nameOf, trace } from './strace.ts';

const root = join(import.meta.dirname, '../..');
const bun = join(root, 'node_modules/bun/bin/bun.exe');
const SPOKEN = 'console.log("SPOKEN"); console.error("SPOKEN");\n';

/** Answers every request as S3 does for somebody who may not read the object. */
let server: Server;
let connections = 0;
beforeAll(async () => {
  server = createServer((_, response) => {
    response.writeHead(403, { 'content-type': 'application/xml' });
    response.end('<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>');
  });
  server.on('connection', () => {
    connections++;
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => void server.close());

const port = () => (server.address() as { port: number }).port;

/** Asks the server above, which refuses; on the way everything is used that a real start uses. */
async function fetchRefused(env: Readonly<Record<string, string>>): Promise<Outcome> {
  const keys = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'x', AWS_REGION: 'eu-west-1' };
  const source = `s3://snacks/env?endpoint=http://127.0.0.1:${port()}`;
  return await envseal(['run', '-s', source, '--', 'true'], { env: { ...keys, ...env } });
}

/** A name, and a value that may lie in the working directory. */
type Variable = readonly [name: string, valueIn: (cwd: string) => string];

/** Variables with which Bun, JavaScriptCore or mimalloc would do or print something. */
const OF_BUN: readonly Variable[] = [
  ['BUN_BE_BUN', () => '1'],
  ['BUN_OPTIONS', () => '--version'],
  ['BUN_OPTIONS', (cwd) => `--preload=${cwd}/preload.mjs`],
  ['BUN_CONFIG_VERBOSE_FETCH', () => 'curl'],
  // Both would fail aloud, the port being in use, and be seen by the server.
  ['BUN_INSPECT', () => `ws://127.0.0.1:${port()}/debug`],
  ['BUN_INSPECT_CONNECT_TO', () => `tcp://127.0.0.1:${port()}`],
  ['BUN_INSPECT_NOTIFY', () => `tcp://127.0.0.1:${port()}`],
  ['BUN_INSPECT_PRELOAD', (cwd) => `${cwd}/preload.mjs`],
  ['BUN_BYTECODE_ORDER_OUT', (cwd) => `${cwd}/written`],
  ['BUN_BYTECODE_ORDER_NAMES_OUT', (cwd) => `${cwd}/written`],
  ['BUN_BYTECODE_DIGEST_OUT', (cwd) => `${cwd}/written`],
  ['BUN_JSC_dumpOptions', () => '1'],
  ['BUN_JSC_logGC', () => '2'],
  ['BUN_JSC_verboseOSR', () => '1'],
  ['BUN_JSC_useJIT', () => '0'],
  ['BUN_JSC_nonsense', () => 'nonsense'],
  ['JSC_dumpOptions', () => '1'],
  ['JavaScriptCoreUseJIT', () => '0'],
  ['MIMALLOC_VERBOSE', () => '1'],
  ['mimalloc_verbose', () => '1'],
  ['MIMALLOC_SHOW_STATS', () => '1'],
  ['BUN_FEATURE_FLAG_NO_ORPHANS', () => '1'],
];

/** Variables with which Node would. On Node they do: see the last test of this group. */
const OF_NODE: readonly Variable[] = [
  ['NODE_OPTIONS', (cwd) => `--import=${cwd}/preload.mjs`],
  ['NODE_DEBUG', () => '*'],
  ['NODE_EXTRA_CA_CERTS', () => '/nonexistent'],
  ['NODE_TLS_REJECT_UNAUTHORIZED', () => '0'],
  ['NODE_V8_COVERAGE', (cwd) => `${cwd}/written`],
  ['NODE_CHANNEL_FD', () => 'nonsense'],
  ['DEBUG', () => '*'],
];

describe('a variable of the runtime', () => {
  const variables = [...OF_BUN, ...(isBundle ? [] : OF_NODE)];

  test.each(variables)('%s: envseal does not obey it, and the command gets it', async (name, valueIn) => {
    const cwd = folder({ 'preload.mjs': SPOKEN, '.sealed': 'A=1\n' });
    const value = valueIn(cwd);
    expect(await environOf('A=1\n', [], { [name]: value })).toEqual([
      `PATH=${PATH}`,
      `${name}=${value}`,
      'A=1',
    ]);
    // A command of ours ends in the runtime, where it would print or write what it has collected.
    expect(await envseal(['version'], { env: { [name]: value } })).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^envseal \S+\n$/),
      stderr: '',
    });
    expect(readdirSync(cwd).sort()).toEqual(['.sealed', 'preload.mjs']);
  });

  test('while something is fetched', async () => {
    const expected = await fetchRefused({});
    expect(expected).toMatchObject({ status: 77, stdout: '' });
    expect(expected.stderr.split('\n')).toHaveLength(3);
    const cwd = folder({ 'preload.mjs': SPOKEN });
    connections = 0;
    const outcomes = await Promise.all(
      variables.map(([name, valueIn]) => fetchRefused({ [name]: valueIn(cwd) })),
    );
    expect(outcomes).toEqual(variables.map(() => expected));
    expect(connections).toBe(variables.length);
    expect(readdirSync(cwd)).toEqual(['preload.mjs']);
  });

  test.skipIf(isBundle)('a channel to a parent on Node stays the command’s', async () => {
    const cwd = folder({ env: 'A=1\n' });
    const words = [
      '--allow-unsealed',
      '-s',
      './env',
      '--',
      'sh',
      '-c',
      'echo "$NODE_CHANNEL_FD"; head -n 1 <&3',
    ];
    const child = spawn(envsealWords[0] as string, [...envsealWords.slice(1), ...words], {
      cwd,
      env: { PATH, NODE_CHANNEL_FD: '3' },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    (child.stdio[3] as NodeJS.WritableStream).end('{"from":"parent"}\n');
    expect(String(await buffer(child.stdout as NodeJS.ReadableStream))).toBe('3\n{"from":"parent"}\n');
  });

  test.skipIf(isBundle).each(['BUN_JSC_useJIT', 'JavaScriptCoreUseJIT'])(
    '%s takes nothing from what the executable can do: an inherited descriptor stays',
    async (name) => {
      const cwd = folder({ env: 'A=1\n', passed: 'passed\n' });
      const wrapper = [...envsealWords, '--allow-unsealed', '-s', './env', '--', 'cat', '/proc/self/fd/3'];
      const words = ['sh', '-c', '"$@" 3<passed', 'sh', ...wrapper];
      const outcome = await runWords(words, { cwd, env: { [name]: '0' } });
      expect(outcome).toMatchObject({ status: 0, stdout: 'passed\n', stderr: '' });
    },
  );

  const setpriv = '/usr/bin/setpriv';
  test.runIf(existsSync(setpriv))('none makes the kernel kill the command with its parent', async () => {
    const env = { BUN_FEATURE_FLAG_NO_ORPHANS: '1' };
    const { stdout } = await runWith('A=1\n', ['--', setpriv, '--dump'], { env });
    expect(stdout).toContain('Parent death signal: [none]\n');
  });

  test.runIf(isBundle)('on Node, NODE_OPTIONS is obeyed: who sets it may run code in envseal', async () => {
    const cwd = folder({ 'preload.mjs': SPOKEN });
    const NODE_OPTIONS = `--import=${cwd}/preload.mjs`;
    const { stdout } = await runWith('A=1\n', ['--', 'env'], { env: { NODE_OPTIONS } });
    expect(stdout).toBe(`SPOKEN\nPATH=${PATH}\nNODE_OPTIONS=${NODE_OPTIONS}\nA=1\n`);
  });
});

describe('files of the working directory that configure a runtime', () => {
  const configured = () =>
    folder({
      '.sealed': 'A=1\n',
      '.env': 'FROM_DOTENV=1\nENVSEAL_PRISTINE=true\n',
      '.env.local': 'FROM_DOTENV=1\n',
      '.env.production': 'FROM_DOTENV=1\n',
      'bunfig.toml': 'preload = ["./preload.mjs"]\nlogLevel = "debug"\n',
      'preload.mjs': SPOKEN,
      'package.json': '{"broken',
      'tsconfig.json': '{"broken',
      '.npmrc': 'nonsense',
      'node.config.json': '{"nodeOptions":{"import":["./preload.mjs"]}}',
    });

  test('are not obeyed', async () => {
    const cwd = configured();
    const flags = ['--allow-unsealed', '-s', './.sealed'];
    const outcome = await envseal([...flags, '--', 'env'], { cwd, env: { HOME: cwd, XDG_CONFIG_HOME: cwd } });
    expect(outcome).toMatchObject({
      status: 0,
      stdout: `PATH=${PATH}\nHOME=${cwd}\nXDG_CONFIG_HOME=${cwd}\nA=1\n`,
      stderr: '',
    });
  });

  describeReal('strace', 'under strace', () => {
    test('are not even looked at', async () => {
      const cwd = configured();
      const command = [...envsealWords, '--allow-unsealed', '-s', './.sealed', '--', 'true'];
      const traced = await trace(command, { cwd, env: { HOME: cwd, XDG_CONFIG_HOME: cwd } });
      expect(traced.outcome).toMatchObject({ status: 0, stdout: '', stderr: '' });
      const [, ...calls] = traced.calls;
      const named = calls.filter((call) => nameOf(call) !== 'execve');
      const names = named.map((call) => basename(/"([^"]*)"/.exec(call)?.[1] ?? ''));
      expect(new Set(names.filter((name) => readdirSync(cwd).includes(name)))).toEqual(new Set(['.sealed']));
    });
  });

  test('may be out of reach, with the directory itself', async () => {
    const unprivileged =
      process.getuid?.() === 0 ? ['/usr/bin/setpriv', '--bounding-set=-all', '--inh-caps=-all'] : [];
    const there = folder({ '.sealed': 'A=1\n' });
    const closed = folder();
    const words = [...envsealWords, '--allow-unsealed', '-s', `${there}/.sealed`, '--', 'echo', 'started'];
    const script = 'cd "$1" && chmod 0 . && shift && "$@"; status=$?; chmod 700 "$PWD"; exit $status';
    const outcome = await runWords([...unprivileged, 'sh', '-c', script, 'sh', closed, ...words]);
    expect(outcome).toMatchObject({ status: 0, stdout: 'started\n', stderr: '' });
  });
});

describe('an error that nobody caught', () => {
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
    'follows what a library tells a console': 'console.log(CANARY); console.error(error()); throw error()',
    'follows a warning': 'process.emitWarning(CANARY); setTimeout(() => { throw error(); }); await forever',
    'is rejected': 'return Promise.reject(error())',
    'is rejected and forgotten': 'void Promise.reject(error()); await forever',
    'is thrown from a timer': 'setTimeout(() => { throw error(); }); await forever',
    'is thrown from a microtask': 'queueMicrotask(() => { throw error(); }); await forever',
    'is emitted': 'setImmediate(() => new EventEmitter().emit("error", error())); await forever',
    'is a string': 'throw CANARY',
    'is forgotten and a string': 'void Promise.reject(CANARY); await forever',
    'is nothing': 'setTimeout(() => { throw undefined; }); await forever',
    'throws when it is looked at':
      'throw new Proxy({}, { get() { throw CANARY; }, getPrototypeOf() { throw CANARY; } })',
    'has many parts': 'void Promise.any([Promise.reject(error())]); await forever',
    'is a stack that overflows': 'const dive = (text) => dive(text + CANARY) + 1; dive("")',
  };

  const MODULE = `
    import { EventEmitter } from 'node:events';
    const CANARY = ${JSON.stringify(CANARY)};
    const forever = new Promise((resolve) => setTimeout(resolve, 60_000));
    const error = () => Object.assign(new TypeError(CANARY, { cause: new Error(CANARY) }), { input: CANARY, [CANARY]: 1 });
    const failures = { ${Object.entries(FAILURES)
      .map(([name, code]) => `${JSON.stringify(name)}: async () => { ${code}; }`)
      .join(', ')} };
    export const run = ({ host }) => failures[host.variables.FAILURE]();
  `;

  /** envseal, built as ever, but for a `run` that fails. */
  let failing: readonly string[];
  let built: string | undefined;
  beforeAll(async () => {
    built = mkdtempSync(join(tmpdir(), 'envseal-failing-'));
    const plugin = {
      name: 'failing',
      load: (id: string) =>
        id.endsWith('/src/cli/run.ts') ? { code: MODULE, moduleType: 'js' as const } : null,
    };
    await bundle('envseal', join(root, 'src/main.ts'), built, { plugins: [plugin] });
    failing = [process.execPath, join(built, 'envseal.mjs')];
    if (isBundle) return;
    failing = [join(built, 'envseal')];
    compile(join(built, 'envseal.mjs'), join(built, 'envseal'));
  });
  afterAll(() => {
    if (built !== undefined) rmSync(built, { recursive: true, force: true });
  });

  test.each(Object.keys(FAILURES))('%s', async (failure) => {
    expect(await runWords([...failing, '--', 'x'], { env: { FAILURE: failure } })).toEqual(EXPECTED);
  });

  test('is one line of JSON where that is asked for', async () => {
    const env = { FAILURE: 'is thrown from a timer', ENVSEAL_LOG_FORMAT: 'json' };
    const { status, stdout, stderr } = await runWords([...failing, '--', 'x'], { env });
    expect({ status, stdout }).toEqual({ status: 70, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({ code: 'internal', message: 'internal error', exitStatus: 70 });
    expect(stderr).not.toContain(CANARY);
  });
});

describe('closed standard streams', () => {
  const CLOSED = ['<&-', '>&-', '2>&-', '<&- >&-', '<&- 2>&-', '>&- 2>&-', '<&- >&- 2>&-'];
  /** Says which descriptors are open, without opening one before it knows. */
  const LIST = [
    '#!/bin/sh',
    'for fd in 0 1 2 3 4 5 6 7 8 9; do',
    '  [ -e /proc/$$/fd/$fd ] || continue',
    '  [ /proc/$$/fd/$fd -ef /dev/null ] && open="$open $fd=null" || open="$open $fd"',
    'done',
    'echo "$open" >list',
    '',
  ].join('\n');

  async function listed(words: readonly string[], redirections: string): Promise<string> {
    const cwd = folder({ '.sealed': 'A=1\n', 'list.sh': LIST });
    const outcome = await runWords(['sh', '-c', `exec ${redirections}\n"$@"`, 'sh', ...words, './list.sh'], {
      cwd,
    });
    expect(outcome).toMatchObject({ status: 0, stdout: '', stderr: '' });
    return readFileSync(join(cwd, 'list'), 'utf8').trim();
  }

  test.each(CLOSED)('%s: the command has open what a direct start has', async (redirections) => {
    const wrapper = [...envsealWords, '--allow-unsealed', '-s', './.sealed', '--'];
    const direct = await listed([], redirections);
    const wrapped = await listed(wrapper, redirections);
    expect(direct.length).toBeLessThan('0 1 2'.length);
    // Node opens /dev/null in place of what is closed.
    const isOpen = (fd: number) => new RegExp(`\\b${fd}\\b`).test(direct);
    expect(wrapped).toBe(
      isBundle ? [0, 1, 2].map((fd) => (isOpen(fd) ? fd : `${fd}=null`)).join(' ') : direct,
    );
  });

  test.each(CLOSED)('%s: an error has its exit status, and is written nowhere else', async (redirections) => {
    const cwd = folder({ '.sealed': 'A=1\n' });
    const words = [...envsealWords, '--allow-unsealed', '-s', './.sealed', '--require', 'B', '--', 'x'];
    const { status, stdout, stderr } = await runWords(
      ['sh', '-c', `exec ${redirections}\n"$@"`, 'sh', ...words],
      { cwd },
    );
    expect({ status, stdout }).toEqual({ status: 65, stdout: '' });
    expect(stderr.startsWith('envseal: error: ')).toBe(!redirections.includes('2>&-'));
    expect(readdirSync(cwd)).toEqual(['.sealed']);
  });

  test('a full stderr does not hide the exit status', async () => {
    const { status } = await runWords(['sh', '-c', '"$@" 2>/dev/full', 'sh', ...envsealWords, '--', 'x']);
    expect(status).toBe(64);
  });
});

describe('less than usual around it', () => {
  const start = (words: readonly string[]) => {
    const cwd = folder({ '.sealed': 'A=1\n' });
    writeFileSync(join(cwd, 'tool'), '#!/bin/sh\necho "A is $A"\n');
    chmodSync(join(cwd, 'tool'), 0o755);
    return runWords([...words, ...envsealWords, '--allow-unsealed', '-s', './.sealed', '--', './tool'], {
      cwd,
    });
  };

  const withoutProc = ['unshare', '--mount', 'sh', '-c', 'umount -l /proc && exec "$@"', 'sh'];
  let canUnmount = false;
  beforeAll(async () => {
    canUnmount = (await runWords([...withoutProc, 'true']).catch(() => ({ status: 1 }))).status === 0;
  });

  test('without /proc the bundle takes what Node has read; the executable does not start', async (context) => {
    if (!canUnmount) context.skip('needs root, and the right to unmount');
    const outcome = await start(withoutProc);
    if (isBundle) expect(outcome).toMatchObject({ status: 0, stdout: 'A is 1\n', stderr: '' });
    else expect(outcome).toMatchObject({ status: null, signal: 'SIGABRT', stdout: '' });
  });

  test.skipIf(isBundle)('where no memory may be both written and executed', async (context) => {
    const cwd = folder({ '.sealed': 'A=1\n' });
    const argv = [...envsealWords, '--allow-unsealed', '-s', './.sealed', '--', '/usr/bin/env'];
    const order = JSON.stringify({ argv, environ: ['B=2'], forbidsWritableCode: true });
    const outcome = await runWords([bun, join(import.meta.dirname, 'raw-start.ts'), order], { cwd });
    if (outcome.status === 77) context.skip('needs Linux 6.3');
    expect(outcome).toEqual({ status: 0, signal: null, stdout: 'B=2\nA=1\n', stderr: '' });
  });
});
