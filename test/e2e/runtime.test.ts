/**
 * The runtime inside envseal is not felt: variables and files that steer a runtime, a libc or a TLS library have no power
 * over envseal, and reach the command.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { basename, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeReal } from '../real/available.ts';
import { CA_FILE, startS3 } from '../servers/start.ts';
import { skipFor } from '../skip.ts';
import { BARE, KEYS, store } from './aws.ts';
import { environOf, runWith } from './child.ts';
import { folder } from './folder.ts';
import { bundleOnly, containerOnly, envseal, envsealWords, type Outcome, PATH, runWords } from './program.ts';
import { nameOf, trace } from './strace.ts';
import { CANARY, opened } from './transcript.ts';

const SPOKEN = 'console.log("SPOKEN"); console.error("SPOKEN");\n';

/** Answers every request as S3 does for a caller who may not read the object. */
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
const REFUSED_KEYS = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'x', AWS_REGION: 'eu-west-1' };
/** By its name, which has to be looked up. */
const refusedWords = () => ['-s', `s3://snacks/env?endpoint=http://localhost:${port()}`, '--', 'true'];

/** Asks the server above, which refuses; on the way everything is used that a real start uses. */
async function fetchRefused(env: Readonly<Record<string, string>>): Promise<Outcome> {
  return await envseal(refusedWords(), { env: { ...REFUSED_KEYS, ...env } });
}

/** A name, and a value that may lie in the working directory. */
type Variable = readonly [name: string, valueIn: (cwd: string) => string];

/** Variables with which a Rust program, its libc, its resolver or its TLS would do something else. */
const OF_HOST: readonly Variable[] = [
  ['GLIBC_TUNABLES', () => 'glibc.malloc.hugetlb=1'],
  ['GLIBC_TUNABLES', () => 'glibc.malloc.perturb=165'],
  ['MALLOC_ARENA_MAX', () => '1'],
  ['MALLOC_PERTURB_', () => '165'],
  ['MALLOC_CHECK_', () => '3'],
  ['MALLOC_TOP_PAD_', () => '1048576'],
  ['MALLOC_TRACE', (cwd) => `${cwd}/written`],
  ['RES_OPTIONS', () => 'debug attempts:9 timeout:1'],
  ['LOCALDOMAIN', () => 'example.invalid'],
  ['HOSTALIASES', (cwd) => `${cwd}/aliases`],
  ['RESOLV_HOST_CONF', (cwd) => `${cwd}/aliases`],
  ['RUST_BACKTRACE', () => 'full'],
  ['RUST_LIB_BACKTRACE', () => '1'],
  ['RUST_LOG', () => 'trace'],
  ['RUST_MIN_STACK', () => '1'],
  ['SSLKEYLOGFILE', (cwd) => `${cwd}/written`],
  ['LD_LIBRARY_PATH', (cwd) => cwd],
  ['LD_BIND_NOW', () => '1'],
  ['LOCPATH', (cwd) => cwd],
  ['GCONV_PATH', (cwd) => cwd],
  ['NLSPATH', (cwd) => cwd],
  ['TZ', (cwd) => `:${cwd}/aliases`],
  ['TMPDIR', (cwd) => `${cwd}/absent`],
];

/** These do something to most commands too: the loader of their libraries obeys them. */
const OF_LOADER: readonly Variable[] = [
  ['LD_PRELOAD', (cwd) => `${cwd}/preload.so`],
  ['LD_AUDIT', (cwd) => `${cwd}/preload.so`],
  ['LD_DEBUG', () => 'all'],
  ['LD_SHOW_AUXV', () => '1'],
  ['LD_TRACE_LOADED_OBJECTS', () => '1'],
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

describe('a variable of the runtime', containerOnly, () => {
  const variables = [...OF_HOST, ...OF_NODE];
  const planted = () =>
    folder({ '.sealed': 'A=1\n', 'preload.mjs': SPOKEN, aliases: 'localhost example.invalid\n' });
  const FILES = ['.sealed', 'aliases', 'preload.mjs'];

  test.each(variables)('%s: the command gets it', async (name, valueIn) => {
    const value = valueIn(planted());
    expect(await environOf('A=1\n', [], { [name]: value })).toEqual([
      `PATH=${PATH}`,
      `${name}=${value}`,
      'A=1',
    ]);
  });

  test.each([...variables, ...OF_LOADER])('%s: envseal does not obey it', async (name, valueIn) => {
    const cwd = planted();
    const env = { [name]: valueIn(cwd) };
    // A command of ours ends in the runtime, where it would print or write what it has collected.
    expect(await envseal(['version'], { cwd, env })).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^envseal \S+\n$/),
      stderr: '',
    });
    connections = 0;
    const expected = await fetchRefused({});
    expect(expected).toMatchObject({ status: 77, stdout: '' });
    expect(await fetchRefused(env)).toEqual(expected);
    expect(connections).toBe(2);
    expect(readdirSync(cwd).sort()).toEqual(FILES);
  });

  test('SSLKEYLOGFILE gets nothing of a TLS connection', async () => {
    await using s3 = await startS3({ tls: true });
    await store(s3, 'snacks/env', `A=${CANARY}\n`);
    const cwd = planted();
    const env = { AWS_ENDPOINT_URL_S3: s3.url, SSL_CERT_FILE: CA_FILE, SSLKEYLOGFILE: `${cwd}/written` };
    expect(await opened(['-s', 's3://snacks/env'], { ...BARE, ...KEYS, ...env })).toEqual({ A: CANARY });
    expect(readdirSync(cwd).sort()).toEqual(FILES);
  });

  describeReal('strace', 'under strace', () => {
    /** All calls up to the command's start, without what differs from one start to the next. */
    async function calls(env: Readonly<Record<string, string>>): Promise<string[]> {
      const log = join(folder(), 'log');
      const words = [...envsealWords, '--allow-unsealed', '-s', './.sealed', '--', '/bin/true'];
      const outcome = await runWords(['strace', '-o', log, ...asFlags(env), ...words], {
        cwd: planted(),
      });
      // Where the loader refuses the command: what envseal did counts.
      expect(outcome.stderr).not.toContain('envseal:');
      const lines = readFileSync(log, 'utf8').split('\n');
      const start = lines.findLastIndex((line) => line.startsWith('execve("/bin/true"'));
      expect(start).toBeGreaterThan(10);
      // Where the heap begins is chance, and so how often it grows.
      const own = lines.slice(1, start + 1).filter((line) => !line.startsWith('brk('));
      return own.map(withoutChance);
    }

    /** strace itself is not to obey them. */
    const asFlags = (env: Readonly<Record<string, string>>) =>
      Object.entries(env).flatMap(([name, value]) => ['-E', `${name}=${value}`]);

    const withoutChance = (line: string) =>
      line
        .replace(/ +=/, ' =')
        .replaceAll(/0x[0-9a-f]+/g, 'ADDRESS')
        .replace(/^getrandom\(".*?"/, 'getrandom("…"')
        .replaceAll(/tv_n?sec=\d+/g, 'TIME')
        .replace(/st_mtime=.*?}/, '}')
        .replace(/\/\* \d+ vars \*\//, 'ENVIRON')
        .replace(/^(getpid|gettid|set_tid_address)\((.*)\) = \d+$/, '$1($2)');

    test.each([...OF_HOST, ...OF_LOADER, ...OF_NODE])(
      '%s: to the kernel a start is the same',
      async (name, valueIn) => {
        const without = await calls({ OTHER: 'x' });
        expect(await calls({ [name]: valueIn(folder()) })).toEqual(without);
      },
    );

    /** The names of files and addresses that a fetch asks the kernel for. */
    async function asked(env: Readonly<Record<string, string>>): Promise<Set<string>> {
      const all = { ...REFUSED_KEYS, ...env };
      const { calls } = await trace(['env', ...asAssignments(all), ...envsealWords, ...refusedWords()]);
      const own = calls.slice(calls.findLastIndex((call) => nameOf(call) === 'execve') + 1);
      return new Set(own.flatMap((call) => /"([^"]*)"|sin_port=htons\(\d+\)/.exec(call)?.[0] ?? []));
    }

    const asAssignments = (env: Readonly<Record<string, string>>) =>
      Object.entries(env).map(([name, value]) => `${name}=${value}`);

    test.each(['RES_OPTIONS', 'LOCALDOMAIN', 'HOSTALIASES', 'RESOLV_HOST_CONF', 'LOCPATH', 'GCONV_PATH'])(
      '%s: a name is looked up in the same places',
      async (name) => {
        const [, valueIn] = OF_HOST.find(([known]) => known === name) as Variable;
        // The command is looked up while there is time, or never.
        const files = (all: Set<string>) =>
          [...all].filter((text) => /^"\/|^sin_port/.test(text) && !text.endsWith('/true"')).sort();
        expect(files(await asked({ [name]: valueIn(planted()) }))).toEqual(files(await asked({})));
      },
    );
  });

  test('a channel to a parent on Node stays the command’s', async () => {
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
});

const setpriv = '/usr/bin/setpriv';
test(
  'the kernel does not kill the command with its parent',
  skipFor(!existsSync(setpriv) && 'needs setpriv'),
  async () => {
    const { stdout } = await runWith('A=1\n', ['--', setpriv, '--dump']);
    expect(stdout).toContain('Parent death signal: [none]\n');
  },
);

test('on Node, NODE_OPTIONS is obeyed: who sets it may run code in envseal', bundleOnly, async () => {
  const cwd = folder({ 'preload.mjs': SPOKEN });
  const NODE_OPTIONS = `--import=${cwd}/preload.mjs`;
  const { stdout } = await runWith('A=1\n', ['--', 'env'], { env: { NODE_OPTIONS } });
  expect(stdout).toBe(`SPOKEN\nPATH=${PATH}\nNODE_OPTIONS=${NODE_OPTIONS}\nA=1\n`);
});

describe('files of the working directory that configure a runtime', () => {
  const configured = () =>
    folder({
      '.sealed': 'A=1\n',
      '.env': 'FROM_DOTENV=1\nENVSEAL_PRISTINE=true\n',
      '.env.local': 'FROM_DOTENV=1\n',
      '.env.production': 'FROM_DOTENV=1\n',
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
