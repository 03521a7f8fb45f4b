/** What the standard descriptors lead to. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { folder } from '../e2e/folder.ts';
import { runWords } from '../e2e/program.ts';
import { runInTerminal } from '../e2e/pty.ts';
import { describeReal } from '../real/available.ts';
import { buildOperator, type Operator } from './programs.ts';

let operator: Operator;
beforeAll(async () => {
  operator = await buildOperator();
});
afterAll(() => operator[Symbol.asyncDispose]());

const NONE = { isTerminal: false, hasColour: false };

/** The words of a shell that sends a descriptor elsewhere. */
function redirected(redirection: string, words: readonly string[]): string[] {
  return ['/bin/sh', '-c', `exec "$@" ${redirection}`, 'sh', ...words];
}

describeReal('python3', 'the terminal', () => {
  async function told(env: Readonly<Record<string, string>>, redirection = '') {
    const file = join(folder(), 'told');
    const words = redirected(redirection, [...operator.words, 'terminal', file]);
    expect(await runInTerminal(words, { env, columns: 71 })).toMatchObject({ status: 0 });
    return JSON.parse(readFileSync(file, 'utf8'));
  }
  const all = { isTerminal: true, columns: 71, hasColour: true };

  test('is reported with its width', async () => {
    expect(await told({})).toEqual([all, all, all]);
  });

  test('each descriptor for itself', async () => {
    expect(await told({}, '</dev/null')).toEqual([NONE, all, all]);
    expect(await told({}, '>/dev/null')).toEqual([all, NONE, all]);
    expect(await told({}, '2>&1 | cat')).toEqual([all, NONE, NONE]);
  });

  test.for([
    ['NO_COLOR', { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR is none', { NO_COLOR: '' }, true],
    ['a terminal that is dumb', { TERM: 'dumb' }, false],
    ['a terminal of which nothing is known', { TERM: '' }, false],
  ] as const)('colour: %s', async ([, env, hasColour]) => {
    const one = { ...all, hasColour };
    expect(await told(env)).toEqual([one, one, one]);
  });

  test('a window that does not say its width has none', async () => {
    const file = join(folder(), 'told');
    await runInTerminal([...operator.words, 'terminal', file], { columns: 0 });
    expect(JSON.parse(readFileSync(file, 'utf8'))[1]).toEqual({ isTerminal: true, hasColour: true });
  });

  test('the width is that of now', async () => {
    const outcome = await runInTerminal([...operator.words, 'resize'], {
      columns: 90,
      steps: [
        { waitFor: 'columns 90', resize: [33, 10] },
        { waitFor: 'columns 33', send: '\x03' },
      ],
    });
    expect(outcome.status).toBe(130);
  });

  test('a table fits it, and is whole in a pipe', async () => {
    const words = [...operator.words, 'table'];
    const { screen } = await runInTerminal(words, { columns: 40 });
    expect(screen).toBe(
      '\x1b[1mURI                            VARIABLES\x1b[0m\r\ns3://snacks/a/…/on/and/on/env         12\r\n',
    );
    expect((await runWords(words)).stdout).toBe(
      'URI                                                          VARIABLES\ns3://snacks/a/very/long/folder/name/that/goes/on/and/on/env         12\n',
    );
  });

  test('progress is drawn on it and erased, and quiet elsewhere', async () => {
    const words = [...operator.words, 'progress'];
    const { screen } = await runInTerminal(words);
    expect(screen).toBe(`\r\x1b[Krotating [${' '.repeat(30)}] 0/3\r\x1b[K`);
    expect((await runInTerminal(words, { env: { TERM: 'dumb' } })).screen).toBe('');
    expect(await runWords(words)).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });
});
