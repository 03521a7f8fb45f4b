/** `envseal keygen`: an identity goes into its file and nowhere else. */
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { identityToRecipient } from 'age-encryption';
import { describe, expect, test } from 'vitest';
import { describeReal } from '../../real/available.ts';
import { pinnedProgram } from '../../real/programs.ts';
import { folder } from '../folder.ts';
import { envseal, envsealWords, type Outcome, PATH, runWords } from '../program.ts';

const NEW_FILE =
  /^# created: (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\n# public key: (age1[a-z0-9]{58})\n(AGE-SECRET-KEY-1[A-Z0-9]{58})\n$/;

function said({ stdout, stderr, status }: Outcome): string {
  expect(stdout).toBe('');
  return `${Buffer.from(stderr, 'latin1').toString('utf8')}exit ${status}`;
}

function refusal(error: string, hint: string, status: number): string {
  return `envseal: error: ${error}\nenvseal: hint: ${hint}\nexit ${status}`;
}

describe('a new identity', () => {
  test('is in its file, which only the owner reads, and its recipient on stdout', async () => {
    const cwd = folder();
    const before = Math.floor(Date.now() / 1000) * 1000;
    const { status, stdout, stderr } = await envseal(['keygen', '--out', 'key.txt'], { cwd });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [, created, recipient, identity] = NEW_FILE.exec(readFileSync(join(cwd, 'key.txt'), 'utf8')) ?? [];
    expect(stdout).toBe(`${recipient}\n`);
    expect(await identityToRecipient(identity as string)).toBe(recipient);
    const time = Date.parse(created as string);
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Date.now());
    expect(lstatSync(join(cwd, 'key.txt')).mode & 0o7777).toBe(0o600);
    expect(readdirSync(cwd)).toEqual(['key.txt']);
  });

  test('is another each time', async () => {
    const cwd = folder();
    const outcomes = await Promise.all(
      ['a', 'b', 'c'].map((out) => envseal(['keygen', `--out=${out}`], { cwd })),
    );
    expect(new Set(outcomes.map(({ stdout }) => stdout)).size).toBe(3);
  });

  test('is for one of those who want the same name at the same time', async () => {
    const cwd = folder();
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () => envseal(['keygen', '--out', 'k'], { cwd })),
    );
    const made = outcomes.filter(({ status }) => status === 0);
    expect(made).toHaveLength(1);
    expect(readFileSync(join(cwd, 'k'), 'utf8')).toContain(made[0]?.stdout.trim());
  });

  test("needs nothing of what run's variables say", async () => {
    const cwd = folder();
    const env = { ENVSEAL_NONSENSE: 'x', ENVSEAL_TIMEOUT: '-1', ENVSEAL_OUT: 'other' };
    const { status } = await envseal(['keygen', '--out', 'ключ, 1'], { cwd, env });
    expect([status, readdirSync(cwd)]).toEqual([0, ['ключ, 1']]);
  });

  test('by the example of its help', async () => {
    const help = (await envseal(['help', 'keygen'])).stdout;
    const example = /\nexample:\n {2}envseal (.*)\n/.exec(help)?.[1] ?? '';
    const cwd = folder();
    expect((await envseal(example.split(' '), { cwd })).status).toBe(0);
    expect(help).toMatch(/^ {2}--out FILE {2,}write to this new file, readable only by its owner$/m);
    expect(help).not.toContain('--source');
  });
});

describe('what is there stays as it is: 78', () => {
  const hint = 'files are never overwritten: give another name, or move that file away';

  test('a file', async () => {
    const cwd = folder({ key: 'precious' });
    const outcome = await envseal(['keygen', '--out', 'key'], { cwd });
    expect(said(outcome)).toBe(refusal('cannot create key: EEXIST', hint, 78));
    expect(readFileSync(join(cwd, 'key'), 'utf8')).toBe('precious');
  });

  test.each(['target', 'nothing'])('a symbolic link to %s', async (target) => {
    const cwd = folder({ target: 'precious' });
    symlinkSync(target, join(cwd, 'key'));
    const outcome = await envseal(['keygen', '--out', 'key'], { cwd });
    expect(said(outcome)).toBe(refusal('cannot create key: EEXIST', hint, 78));
    expect([readdirSync(cwd), readFileSync(join(cwd, 'target'), 'utf8')]).toEqual([
      ['key', 'target'],
      'precious',
    ]);
  });

  test('a directory', async () => {
    const cwd = folder();
    mkdirSync(join(cwd, 'key'));
    const outcome = await envseal(['keygen', '--out', 'key'], { cwd });
    expect(said(outcome)).toBe(refusal('cannot create key: EEXIST', hint, 78));
  });
});

describe('where no file can be made: 78', () => {
  test('a directory that is not there', async () => {
    const cwd = folder();
    const outcome = await envseal(['keygen', '--out', 'a/b/key'], { cwd });
    expect(said(outcome)).toBe(
      refusal('cannot create a/b/key: ENOENT', 'create its directory first: mkdir -p a/b', 78),
    );
  });

  test('a file for a directory', async () => {
    const cwd = folder({ a: '' });
    const outcome = await envseal(['keygen', '--out', 'a/key'], { cwd });
    expect(said(outcome)).toBe(
      refusal('cannot create a/key: ENOTDIR', 'a is not a directory: give another', 78),
    );
  });

  test('a directory that is read-only', async () => {
    const outcome = await envseal(['keygen', '--out', '/proc/key']);
    expect(said(outcome)).toMatch(/^envseal: error: cannot create \/proc\/key: [A-Z]+\n(.*\n)?exit 78$/);
  });

  test('a disk that is full, and nothing is left', async () => {
    const cwd = folder();
    const limited = ['sh', '-c', 'trap "" XFSZ; ulimit -f 0; exec "$@"', 'sh', ...envsealWords];
    const outcome = await runWords([...limited, 'keygen', '--out', 'key'], { cwd });
    expect(said(outcome)).toMatch(/^envseal: error: cannot write key: EFBIG\nexit 78$/);
    expect(existsSync(join(cwd, 'key'))).toBe(false);
  });
});

describe('what is wrong with the command line: 64', () => {
  const hint = 'envseal keygen --out FILE';
  test.each([
    [['keygen'], 'no file for the identity', hint],
    [['keygen', 'key'], 'no file for the identity', hint],
    [['keygen', '--out', 'key', 'more'], 'unexpected argument', hint],
    [['keygen', '--out', 'key', '--', 'env'], 'unexpected argument', hint],
    [
      ['keygen', '--out='],
      '--out is empty',
      '--out FILE: write to this new file, readable only by its owner',
    ],
    [
      ['keygen', '--out'],
      '--out needs a value',
      '--out FILE: write to this new file, readable only by its owner',
    ],
    [
      ['keygen', '--out', 'key', '--pristine'],
      '--pristine is a flag of run',
      'envseal help keygen lists the flags of keygen',
    ],
    [
      ['run', '--out', 'key', '--', 'env'],
      '--out is a flag of get, keygen',
      'envseal help run lists the flags of run',
    ],
    [
      ['--out', 'key', '--', 'env'],
      '--out is a flag of get, keygen',
      'envseal help run lists the flags of run',
    ],
  ])('%j', async (words, message, expected) => {
    const cwd = folder();
    expect(said(await envseal(words, { cwd }))).toBe(refusal(message, expected, 64));
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('ENVSEAL_OUT is not a variable of run', async () => {
    const outcome = await envseal(['--', 'env'], { env: { ENVSEAL_OUT: 'key' } });
    expect(said(outcome)).toMatch(/unknown variable ENVSEAL_OUT\n.*\nexit 78$/);
  });
});

test('the identity is in no output', async () => {
  const cwd = folder();
  const calls = [['--out', 'key'], ['--out', 'key'], ['--out', 'a/b', '--log-format', 'json'], []];
  const outcomes: Outcome[] = [];
  for (const words of calls) outcomes.push(await envseal(['keygen', ...words], { cwd }));
  const secret = NEW_FILE.exec(readFileSync(join(cwd, 'key'), 'utf8'))?.[3]?.slice(16) as string;
  const output = outcomes.map(({ stdout, stderr }) => stdout + stderr).join('');
  const pieces = Array.from({ length: secret.length - 7 }, (_, at) => secret.slice(at, at + 8));
  expect(pieces.filter((piece) => output.toUpperCase().includes(piece))).toEqual([]);
  expect(output).not.toMatch(/AGE-SECRET/i);
});

describeReal('sops', 'the real sops', () => {
  test('encrypts for it, and opens with it', async () => {
    const cwd = folder({ 'plain.env': 'A=1\n' });
    const recipient = (await envseal(['keygen', '--out', 'key'], { cwd })).stdout.trim();
    const sops = (...args: string[]) =>
      execFileSync(pinnedProgram('sops'), args, {
        cwd,
        env: { PATH, HOME: cwd, SOPS_AGE_KEY_FILE: 'key' },
        encoding: 'utf8',
      });
    sops('encrypt', '--in-place', '--age', recipient, 'plain.env');
    expect(readFileSync(join(cwd, 'plain.env'), 'utf8')).not.toContain('A=1');
    expect(sops('decrypt', 'plain.env')).toBe('A=1\n');
  });
});
