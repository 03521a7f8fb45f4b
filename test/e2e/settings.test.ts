/** Flags, variables and errors, as a user sees them; help is in a file of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { environOf, lines, refusalOf, runWith } from './child.ts';
import { folder } from './folder.ts';
import { envseal, envsealWords, PATH, type RunOptions, runWords } from './program.ts';

const RUN_HINT = 'the container command goes after --: envseal run [FLAGS] -- COMMAND [ARGUMENT…]';

/** What envseal says and its exit status. The error's text is UTF-8; stdout stays empty. */
async function refusal(words: readonly string[], options: RunOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await envseal(words, options);
  expect(stdout).toBe('');
  return `${Buffer.from(stderr, 'latin1').toString('utf8')}exit ${status}`;
}

describe('how a command is written', () => {
  const file = () => folder({ env: 'SEALED=yes\n', other: 'OTHER=yes\n' });
  const flags = ['--allow-unsealed', '-s', './env'];

  test.each([
    ['run', ['run', ...flags, '--', 'env']],
    ['its alias', ['exec', ...flags, '--', 'env']],
    ['no name', [...flags, '--', 'env']],
    ['a name behind the flags', [...flags, 'run', '--', 'env']],
  ])('%s', async (_, words) => {
    const outcome = await envseal(words, { cwd: file() });
    expect(outcome).toMatchObject({ status: 0, stdout: `PATH=${PATH}\nSEALED=yes\n`, stderr: '' });
  });

  test('nothing but variables and --', async () => {
    const env = { ENVSEAL_SOURCE: './env', ENVSEAL_ALLOW_UNSEALED: 'true' };
    const outcome = await envseal(['--', 'env'], { cwd: file(), env });
    expect(outcome).toMatchObject({ status: 0, stdout: `PATH=${PATH}\nSEALED=yes\n`, stderr: '' });
  });

  test('several sources, in flags', async () => {
    const outcome = await envseal(['--allow-unsealed', '-s./env', '--source=./other', '--', 'env'], {
      cwd: file(),
    });
    expect(outcome.stdout).toBe(`PATH=${PATH}\nSEALED=yes\nOTHER=yes\n`);
  });

  test.each(['./env ./other', './env,./other', '\n  ./env,\n  ./other\n'])(
    'several in a variable: %j',
    async (text) => {
      const env = { ENVSEAL_SOURCE: text, ENVSEAL_ALLOW_UNSEALED: '1' };
      const outcome = await envseal(['--', 'env'], { cwd: file(), env });
      expect(outcome.stdout).toBe(`PATH=${PATH}\nSEALED=yes\nOTHER=yes\n`);
    },
  );

  test('a flag may hold a comma and a space where the variable may not', async () => {
    const cwd = folder({ 'a, b': 'A=1\n' });
    const outcome = await envseal(['--allow-unsealed', '-s', './a, b', '--', 'env'], { cwd });
    expect(outcome.stdout).toBe(`PATH=${PATH}\nA=1\n`);
  });
});

describe('a flag wins over its variable', () => {
  test.each<[string, string[], Record<string, string>, string[]]>([
    ['a source', ['--source', './.sealed'], { ENVSEAL_SOURCE: './nonexistent' }, ['A=1', 'B=2']],
    ['a switch, off', ['--pristine=false'], { ENVSEAL_PRISTINE: 'true' }, [`PATH=${PATH}`, 'A=1', 'B=2']],
    ['a switch, on', ['--pristine'], { ENVSEAL_PRISTINE: 'false' }, ['A=1', 'B=2']],
    ['a list', ['--only', 'A'], { ENVSEAL_ONLY: 'B' }, ['A=1']],
    ['a number', ['--timeout', '5'], { ENVSEAL_TIMEOUT: 'soon' }, ['A=1', 'B=2']],
    ['a choice', ['--log-format', 'text'], { ENVSEAL_LOG_FORMAT: 'xml' }, ['A=1', 'B=2']],
  ])('%s', async (_, flags, env, expected) => {
    const entries = await environOf('A=1\nB=2\n', flags, env);
    expect(entries.filter((entry) => expected[0]?.startsWith('PATH') || !entry.startsWith('PATH'))).toEqual(
      expected,
    );
  });
});

describe('what is wrong with the command line: 64', () => {
  test.each<[string[], string, string | undefined]>([
    [['--pristine'], 'no command given', 'envseal run -- COMMAND, or envseal help'],
    [['rnu', '--', 'env'], 'unknown command rnu', 'did you mean run?'],
    [['exce', '--', 'env'], 'unknown command exce', 'did you mean exec?'],
    [['./api'], 'unknown command ./api', 'the container command goes after --: envseal run -- COMMAND'],
    [
      ['constructor'],
      'unknown command constructor',
      'the container command goes after --: envseal run -- COMMAND',
    ],
    [['run', './api'], 'unexpected argument before --', RUN_HINT],
    [['run', '-s', './e', 'npm', '--', 'start'], 'unexpected argument before --', RUN_HINT],
    [
      ['run', '-s', './env'],
      'no command to run',
      'envseal run -- COMMAND [ARGUMENT…]; in an image with ENTRYPOINT ["envseal", "run", "--"], set CMD',
    ],
    [
      ['run', '-s', './env', '--'],
      'no command to run',
      'envseal run -- COMMAND [ARGUMENT…]; in an image with ENTRYPOINT ["envseal", "run", "--"], set CMD',
    ],
    [['--', 'env'], 'no source to open', 'set ENVSEAL_SOURCE=s3://BUCKET/KEY, or give --source'],
    [['--sorce', 'x', '--', 'env'], 'unknown flag --sorce', 'did you mean --source?'],
    [['--password=hunter2', '--', 'env'], 'unknown flag --password', 'envseal help run lists the flags'],
    [['--toString', 'x', '--', 'env'], 'unknown flag --toString', 'envseal help run lists the flags'],
    [['-x', '--', 'env'], 'unknown flag -x', 'envseal help run lists the flags'],
    [
      ['--source', '--', 'env'],
      '--source needs a value',
      '--source URI: an env file to open; later ones win',
    ],
    [
      ['-s', './e', '--only', '', '--', 'env'],
      '--only is empty',
      expect.stringMatching(/^--only NAME\|GLOB: /),
    ],
    [
      ['--pristine=maybe', '--', 'env'],
      '--pristine must be true or false',
      expect.stringMatching(/^--pristine: /),
    ],
    [
      ['--timeout', '0', '--', 'env'],
      '--timeout must be a number of seconds from 0.1 to 3600',
      '--timeout SECONDS: time limit for everything before the hand-over (0.1 to 3600)',
    ],
    [
      ['--log-format=xml', '--', 'env'],
      '--log-format must be one of text, json',
      '--log-format: errors as two lines of text or as one line of JSON',
    ],
    [
      ['-s', 'env', '--', 'env'],
      'the source env is of an unknown kind',
      'use s3://BUCKET/KEY, gs://BUCKET/OBJECT, file:///PATH or ./PATH',
    ],
  ])('%j', async (words, message, hint) => {
    const said = await refusal(words);
    const [error, hintLine] = said.split('\n');
    expect([error, hintLine?.replace('envseal: hint: ', ''), said.split('\n').length]).toEqual([
      `envseal: error: ${message}`,
      hint,
      3,
    ]);
    expect(said).toMatch(/exit 64$/);
  });

  test('an argument that is not UTF-8', async () => {
    const words = ['sh', '-c', 'exec "$@" "$(printf "\\377")" -- env', 'sh', ...envsealWords];
    const { status, stderr } = await runWords(words);
    expect(`${stderr}exit ${status}`).toBe(lines(64, 'an argument before -- is not UTF-8'));
  });
});

describe('what is wrong with the variables: 78', () => {
  test.each([
    ['ENVSEAL_SORCE', 'x', 'unknown variable ENVSEAL_SORCE', 'did you mean ENVSEAL_SOURCE?'],
    [
      'ENVSEAL_FOO',
      'hunter2',
      'unknown variable ENVSEAL_FOO',
      'envseal help run lists the variables; remove this one',
    ],
    [
      'ENVSEAL_STRICT',
      'perhaps',
      'ENVSEAL_STRICT must be true or false',
      '--strict: fill only variables declared as NAME=envseal, and fail when one stays unfilled',
    ],
    [
      'ENVSEAL_TIMEOUT',
      '3601',
      'ENVSEAL_TIMEOUT must be a number of seconds from 0.1 to 3600',
      '--timeout SECONDS: time limit for everything before the hand-over (0.1 to 3600)',
    ],
    [
      'ENVSEAL_LOG_FORMAT',
      'xml',
      'ENVSEAL_LOG_FORMAT must be one of text, json',
      '--log-format: errors as two lines of text or as one line of JSON',
    ],
  ])('%s=%s', async (name, value, message, hint) => {
    expect(await refusalOf('A=1\n', [], { [name]: value })).toBe(lines(78, message, hint));
  });

  test('an unknown variable is an error before anything is opened', async () => {
    expect(await refusal(['-s', './nonexistent', '--', 'env'], { env: { ENVSEAL_X: '' } })).toMatch(
      /exit 78$/,
    );
  });
});

describe('names and URIs of any characters keep the two lines', () => {
  const evil = 'a\nenvseal: error: forged\r\x1b[2J\x07\u2028\u202e\x9bz';
  const shown = 'a?envseal: error: forged??[2J????z';

  test.each<[string, string[], Record<string, string>, string]>([
    ['a source', ['-s', `s3://${evil}`, '--', 'x'], {}, `the source s3://${shown} names no object`],
    ['a file', ['--allow-unsealed', '-s', `./${evil}`, '--', 'x'], {}, `./${shown}: no such file`],
    ['a command of ours', [evil], {}, `unknown command ${shown}`],
    ['a flag', [`--${evil}`], {}, `unknown flag --${shown}`],
    [
      'a variable',
      ['-s', './x', '--', 'x'],
      { [`ENVSEAL_${evil}`]: '1' },
      `unknown variable ENVSEAL_${shown}`,
    ],
    ['help', ['help', evil], {}, `no help on ${shown}`],
  ])('%s', async (_, words, env, message) => {
    const said = await refusal(words, { env });
    expect(said.split('\n')).toHaveLength(3);
    expect(said.split('\n')[0]).toBe(`envseal: error: ${message}`);
    const json = await refusal(words, { env: { ...env, ENVSEAL_LOG_FORMAT: 'json' } });
    expect(json.split('\n')).toHaveLength(2);
    expect(JSON.parse(json.split('\n')[0] ?? '')).toMatchObject({ message });
  });

  test('a required name, a sealed one that loads code, a command', async () => {
    const words = ['--allow-unsealed', '-s', './env'];
    const cwd = folder({ env: 'A=1\n' });
    const required = await refusal([...words, '--require', 'B\x1b[2J', '--', 'x'], { cwd });
    expect(required.split('\n')[0]).toBe(
      'envseal: error: required, but missing or empty in the sources: B?[2J',
    );
    const command = await refusal([...words, '--', evil], { cwd });
    expect(command.split('\n')[0]).toBe(`envseal: error: command not found: ${shown}`);
  });
});

describe('--log-format json', () => {
  test.each<[string, string[], Record<string, string>, object]>([
    [
      'by flag',
      ['--log-format', 'json', '-s', './none', '--', 'x'],
      {},
      { code: 'not_found', exitStatus: 66 },
    ],
    [
      'by variable',
      ['-s', './none', '--', 'x'],
      { ENVSEAL_LOG_FORMAT: 'json' },
      { code: 'not_found', exitStatus: 66 },
    ],
    ['an unknown flag', ['--log-format=json', '--nonsense'], {}, { code: 'usage', exitStatus: 64 }],
    ['an unknown flag before it', ['--nonsense', '--log-format=json'], {}, { code: 'usage', exitStatus: 64 }],
    ['an unknown command', ['nonsense', '--log-format', 'json'], {}, { code: 'usage', exitStatus: 64 }],
    [
      'an unknown variable',
      ['--log-format=json', '-s', './e', '--', 'x'],
      { ENVSEAL_X: '1' },
      { code: 'configuration' },
    ],
    [
      'a bad number',
      ['-s', './e', '--', 'x'],
      { ENVSEAL_LOG_FORMAT: 'json', ENVSEAL_TIMEOUT: 'x' },
      { code: 'configuration' },
    ],
    [
      'a bad source',
      ['-s', 'x', '--', 'x'],
      { ENVSEAL_LOG_FORMAT: 'json' },
      { code: 'usage', exitStatus: 64 },
    ],
    ['no command', [], { ENVSEAL_LOG_FORMAT: 'json' }, { code: 'usage', exitStatus: 64 }],
    ['the last flag counts', ['--log-format=text', '--log-format=json', '--x'], {}, { code: 'usage' }],
  ])('%s', async (_, words, env, expected) => {
    const { status, stdout, stderr } = await envseal(words, { env });
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^\{.*\}\n$/);
    const { level, code, message, hint, exitStatus, ...rest } = JSON.parse(stderr);
    expect({ level, code, exitStatus, status }).toMatchObject({
      level: 'error',
      status: exitStatus,
      ...expected,
    });
    expect([typeof message, typeof hint, rest]).toEqual(['string', 'string', {}]);
  });

  test('says the same as the text', async () => {
    const words = ['--allow-unsealed', '-s', './none', '--', 'x'];
    const textual = await refusal(words);
    const { message, hint, exitStatus } = JSON.parse(
      (await refusal([...words.slice(0, 3), '--log-format=json', '--', 'x'])).split('\n')[0] ?? '',
    );
    expect(textual).toBe(lines(exitStatus, message, hint));
  });

  test.each([
    ['a flag wins', ['--log-format=text'], { ENVSEAL_LOG_FORMAT: 'json' }],
    ['an unknown format', ['--log-format=xml'], { ENVSEAL_LOG_FORMAT: 'json' }],
    ['a flag of the command', ['--', 'x', '--log-format=json'], {}],
  ])('text stays text: %s', async (_, words, env) => {
    expect(await refusal(words, { env })).toMatch(/^envseal: error: /);
  });

  test('success is silent', async () => {
    const outcome = await runWith('A=1\n', ['--log-format=json', '--', 'true']);
    expect(outcome).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });
});

describe('a signal before the hand-over', () => {
  const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

  /** Starts envseal against a server that never answers, and sends the signal when it is connected. */
  async function interrupt(signal: NodeJS.Signals, flags: readonly string[]): Promise<string> {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const env = { PATH, AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'x', AWS_REGION: 'eu-west-1' };
    const source = `s3://snacks/env?endpoint=http://127.0.0.1:${port}`;
    const [file = '', ...words] = [...envsealWords, 'run', '-s', source, ...flags, '--', 'echo', 'started'];
    const child = spawn(file, words, { env });
    const [socket] = await once(server, 'connection');
    onTestFinished(() => void socket.destroy());
    child.kill(signal);
    const [stdout, stderr, [status]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ]);
    expect(stdout).toBe('');
    return `${stderr}exit ${status}`;
  }

  test.each(Object.entries(SIGNALS))('%s: 128 and its number', async (signal, number) => {
    const message = `ended by ${signal} before the command was started`;
    expect(await interrupt(signal as NodeJS.Signals, [])).toBe(lines(128 + number, message));
  });

  test('in JSON', async () => {
    const [line = '', rest] = (await interrupt('SIGTERM', ['--log-format', 'json'])).split('\n');
    expect(JSON.parse(line)).toEqual({
      level: 'error',
      code: 'signal',
      message: 'ended by SIGTERM before the command was started',
      exitStatus: 143,
    });
    expect(rest).toBe('exit 143');
  });
});
