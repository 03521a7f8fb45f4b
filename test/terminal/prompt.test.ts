/** Asking for a value, in a real terminal. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { folder } from '../e2e/folder.ts';
import { runInTerminal, type Step, type TerminalOutcome } from '../e2e/pty.ts';
import { describeReal } from '../real/available.ts';
import { buildOperator, type Operator } from './programs.ts';

let operator: Operator;
beforeAll(async () => {
  operator = await buildOperator();
});
afterAll(() => operator[Symbol.asyncDispose]());

const ENDED = 'before the command was started';

describeReal('python3', 'a prompt without echo', () => {
  interface Asked extends TerminalOutcome {
    /** What the program got; `undefined` when it got nothing. */
    readonly value: string | undefined;
  }

  async function answer(
    send: string | readonly Step[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Asked> {
    const file = join(folder(), 'value');
    const steps = typeof send === 'string' ? [{ waitFor: 'Value: ', send }] : send;
    const outcome = await runInTerminal([...operator.words, 'prompt', file], { env, steps });
    expect(outcome.isRestored).toBe(true);
    // Pastes are marked no longer, however it ended.
    expect(outcome.screen.split('\x1b[?2004h')[1] ?? '\x1b[?2004l').toContain('\x1b[?2004l');
    return { ...outcome, value: existsSync(file) ? readFileSync(file, 'utf8') : undefined };
  }

  test('the value gets to the program and is never on the screen', async () => {
    const { value, screen, status } = await answer('canary p#ss\r');
    expect({ value, status }).toEqual({ value: 'canary p#ss', status: 0 });
    expect(screen).toContain('Value: ');
    expect(screen).not.toContain('c');
  });

  test.for([
    ['Enter alone is an empty value', '\r', ''],
    ['a line feed ends a line too', 'abc\n', 'abc'],
    ['backspace takes a character back', 'abx\x7fc\r', 'abc'],
    ['however many bytes it has', 'ab€\x7f\x7fc\r', 'ac'],
    ['Ctrl-H is backspace', 'abx\bc\r', 'abc'],
    ['Ctrl-U takes all back', 'wrong\x15right\r', 'right'],
    ['Ctrl-W takes a word back', 'one two  \x17three\r', 'one three'],
    ['Ctrl-D after something is Enter', 'abc\x04', 'abc'],
    ['a paste is what is in its brackets', '\x1b[200~pas\tted\x1b[201~\r', 'pas\tted'],
    ['a paste with the end of its line', '\x1b[200~pasted\r\x1b[201~\r', 'pasted'],
    ['keys that move the cursor do nothing', 'a\x1b[D\x1b[1;5C\x1bOHb\r', 'ab'],
    ['UTF-8', 'pässwörd 日本\r', 'pässwörd 日本'],
  ] as const)('%s', async ([, typed, expected]) => {
    expect(await answer(typed)).toMatchObject({ status: 0, value: expected });
  });

  test('the terminal is asked to mark pastes, and no longer afterwards', async () => {
    const { screen } = await answer('x\r');
    expect(screen.indexOf('\x1b[?2004h')).toBeGreaterThanOrEqual(0);
    expect(screen.indexOf('\x1b[?2004l')).toBeGreaterThan(screen.indexOf('\x1b[?2004h'));
    expect((await answer('x\r', { TERM: 'dumb' })).screen).not.toContain('\x1b');
  });

  test.for([
    ['Ctrl-D without anything', '\x04', 'nothing was typed'],
    ['a paste of several lines', '\x1b[200~canary\rline\x1b[201~\r', 'the typed value has several lines'],
    ['several lines at once', 'canary\rline\r', 'the typed value has several lines'],
  ] as const)('%s is an error of usage', async ([, typed, message]) => {
    const { status, value, screen } = await answer(typed);
    expect({ status, value }).toEqual({ status: 64, value: undefined });
    expect(screen).toContain(`envseal: error: ${message}\r\nenvseal: hint: `);
    expect(screen).not.toContain('canary');
  });

  test('Ctrl-C ends it as SIGINT does', async () => {
    const { status, value, screen } = await answer('canary\x03');
    expect({ status, value }).toEqual({ status: 130, value: undefined });
    expect(screen).toContain(`ended by SIGINT ${ENDED}`);
    expect(screen).not.toContain('canary');
  });

  test.for([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
  ] as const)('%s ends it, and the terminal has its echo back', async ([signal, status]) => {
    const outcome = await answer([
      // The bell for a key without effect shows that everything before it was read.
      { waitFor: 'Value: ', send: 'canary\x01' },
      { waitFor: '\x07', signal },
    ]);
    expect(outcome).toMatchObject({ status, value: undefined });
    expect(outcome.screen).toContain(`ended by ${signal} ${ENDED}`);
    expect(outcome.screen).not.toContain('canary');
  });

  test('without a terminal it says where else to give the value', async () => {
    const [file = '', ...args] = [...operator.words, 'prompt', '/nowhere'];
    // A session of its own has no terminal.
    const child = spawn(file, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    const status = await new Promise((resolve) => child.on('close', resolve));
    expect({ status, stderr }).toEqual({
      status: 64,
      stderr:
        'envseal: error: no terminal to prompt on\nenvseal: hint: give the value on stdin or with --file\n',
    });
  });
});
