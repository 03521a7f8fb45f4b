/** Help, as a user sees it: of both programs, in a pipe and on a terminal. */
import { beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { variableOf } from '../../src/own-variables.ts';
import { SETTINGS, type SettingRow } from '../../src/settings.ts';
import { describeReal } from '../real/available.ts';
import { lines, runWith } from './child.ts';
import { envseal, envsealWords, isBundle } from './program.ts';
import { runInTerminal } from './pty.ts';

const TOPICS = ['sources', 'exit-codes', 'events', 'env-file'];

/** What it prints; each byte is one character in what programs give. */
async function help(words: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { status, stdout, stderr } = await envseal(words, { env });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return utf8(stdout);
}

async function refusal(words: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { status, stdout, stderr } = await envseal(words, { env });
  expect(stdout).toBe('');
  return `${utf8(stderr)}exit ${status}`;
}

function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

let overview: string;
let run: string;
beforeAll(async () => {
  overview = await help(['help']);
  run = await help(['help', 'run']);
});

describe('help', () => {
  test('names the commands and the topics', () => {
    for (const name of ['run', 'help', 'version', ...TOPICS])
      expect(overview).toMatch(new RegExp(`^ {2}${name} {2,}\\S`, 'm'));
    expect(overview).toContain('usage: envseal ');
  });

  test.each(['-h', '--help', 'help help', 'help -h', '--pristine --help'])('%s', async (words) => {
    expect(await help(words.split(' '))).toBe(overview);
  });

  test.each(['run --help', 'run -h -- cmd', 'exec --help', 'help exec', '--help run'])(
    '%s',
    async (words) => {
      expect(await help(words.split(' '))).toBe(run);
    },
  );

  test.each(Object.entries(SETTINGS))('of run mentions --%s', (name, row: SettingRow) => {
    const flags = run
      .split(/\n(?= {2}-)/)
      .map((text) => (text.split('\n\n')[0] ?? '').replaceAll(/\s+/g, ' '));
    const own = flags.filter((text) => new RegExp(`^ (-., )?--${name}[ [=]`).test(text));
    expect(own).toHaveLength(1);
    const [line = ''] = own;
    expect(line).toContain(row.help);
    expect(line.trimEnd().endsWith(` [${variableOf(name)}]`)).toBe(true);
    for (const choice of row.choices ?? []) expect(line).toContain(choice);
    if (row.default !== undefined) expect(line).toContain(`(default ${row.default})`);
    if (row.short !== undefined) expect(line).toContain(`-${row.short}, --${name}`);
  });

  test.each(TOPICS)('on the topic %s, in any way to ask', async (topic) => {
    const text = await help(['help', topic]);
    expect(text.split('\n').length).toBeGreaterThan(25);
    expect(await help([topic, '--help'])).toBe(text);
    expect(await help(['-h', topic])).toBe(text);
  });

  test('is there when the settings are wrong', async () => {
    expect(await help(['help'], { ENVSEAL_NONSENSE: 'x', ENVSEAL_TIMEOUT: '-1' })).toBe(overview);
  });

  test.each([
    [['help', 'rnu'], 'no help on rnu', 'did you mean run?'],
    [['help', 'rekey'], 'no help on rekey', 'did you mean rotate?'],
    [['help', 'exit-code'], 'no help on exit-code', 'did you mean exit-codes?'],
    [['help', 'kubernetes'], 'no help on kubernetes', 'envseal help lists the commands and topics'],
    [['constructor', '--help'], 'no help on constructor', 'envseal help lists the commands and topics'],
  ])('%j', async (words, message, hint) => {
    expect(await refusal(words)).toBe(lines(64, message, hint));
  });

  test.each(['version', '--version', '-V', 'run --version'])('the version: %s', async (words) => {
    expect(await help(words.split(' '))).toBe(`envseal ${packageJson.version}\n`);
  });

  test('after -- is the command’s', async () => {
    const outcome = await runWith('A=1\n', ['--', 'echo', '--help', '-V']);
    expect(outcome.stdout).toBe('--help -V\n');
  });
});

describe('envseal alone', () => {
  test('says what is missing, then lists the commands: on stderr, with 64', async () => {
    const said = await refusal([]);
    expect(said.split('\n').slice(0, 3)).toEqual([
      'envseal: error: no command given',
      'envseal: hint: envseal run -- COMMAND, or envseal help',
      '',
    ]);
    expect(said).toMatch(/^ {2}run {2,}\S/m);
    expect(said).toMatch(/\nexit 64$/);
  });

  test('in JSON is one line', async () => {
    const [line = '', rest] = (await refusal([], { ENVSEAL_LOG_FORMAT: 'json' })).split('\n');
    expect(JSON.parse(line)).toMatchObject({ level: 'error', code: 'usage', message: 'no command given' });
    expect(rest).toBe('exit 64');
  });
});

describe('a command that other programs have', () => {
  test.each([
    ['cat', 'get'],
    ['ls', 'list'],
    ['rm', 'unset'],
    ['cp', 'copy'],
    ['re-encrypt', 'rotate'],
  ])('%s: did you mean %s?', async (word, name) => {
    expect(await refusal([word, './env'])).toBe(
      lines(64, `unknown command ${word}`, `did you mean ${name}?`),
    );
  });
});

describe('in a pipe', () => {
  test('lines are of 80 columns, whatever the variables say', async () => {
    for (const topic of [[], ['run'], ...TOPICS.map((name) => [name])]) {
      const text = await help(['help', ...topic], { COLUMNS: '200', TERM: 'xterm' });
      const long = text.split('\n').filter((line) => line.length > 80);
      // Examples are copied whole.
      expect(
        long.filter((line) => !line.startsWith('  envseal ')),
        topic[0],
      ).toEqual([]);
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeGreaterThan(60);
    }
  });
});

describeReal('python3', 'on a terminal', () => {
  async function shown(columns: number): Promise<string> {
    const { screen, status } = await runInTerminal([...envsealWords, 'help', 'run'], { columns });
    expect(status).toBe(0);
    return screen.replaceAll('\r\n', '\n');
  }
  const words = (text: string) => text.split(/\s+/);

  test.each([50, 80, 100])('of %i columns', async (columns) => {
    const text = await shown(columns);
    expect(words(text)).toEqual(words(run));
    const widest = Math.max(...text.split('\n').map((line) => line.length));
    // The container executable does not ask the terminal.
    if (!isBundle) expect(text).toBe(run);
    else if (columns === 50) expect(widest).toBeLessThanOrEqual(75);
    else expect(widest).toBeGreaterThan(columns - 8);
    if (isBundle && columns >= 80) expect(widest).toBeLessThanOrEqual(columns);
  });
});
