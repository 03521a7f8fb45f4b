/** Asks for a value on the terminal, which shows nothing of what is typed. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { EnvsealError } from '../errors.ts';
import type { Host } from '../host.ts';
import { atExit, raise } from '../system/process-exit.ts';
import { LineInput } from './line-input.ts';
import { openTerminal } from './terminal.ts';
import { makeVisible } from './text.ts';

type PromptHost = Pick<Host, 'variables' | 'stopSignals'>;

const TERMINAL = '/dev/tty';
/** Tells a paste from typing. https://invisible-island.net/xterm/ctlseqs/ctlseqs.html#h2-Bracketed-Paste-Mode */
const ASK_FOR_BRACKETS = '\u001b[?2004h';
const ASK_FOR_NONE = '\u001b[?2004l';
const BELL = '\u0007';

/**
 * The line that is typed or pasted, `''` for Enter alone. Question and answer go past stdin, stdout and stderr. Ctrl-C
 * ends the process as SIGINT does, and then this does not settle; the terminal gets its echo back on every way out.
 *
 * Throws `usage` without a terminal, for Ctrl-D and for several lines, and `malformed` for what is not UTF-8.
 */
export async function promptSecret(question: string, host: PromptHost): Promise<string> {
  return (await ask(question, host)).text();
}

/** Waits for Enter, whatever is typed before it. Throws `usage` without a terminal, and for Ctrl-D. */
export async function pause(question: string, host: PromptHost): Promise<void> {
  await ask(question, host);
}

async function ask(question: string, host: PromptHost): Promise<LineInput> {
  const screen = new Screen(host.variables);
  const input = new LineInput();
  const keys = openKeys(screen);
  const restore = () => {
    tryTo(() => keys.setRawMode(false));
    screen.end();
  };
  const forget = atExit(restore);
  try {
    // Before the question: what is typed from then on is not shown.
    keys.setRawMode(true);
    screen.ask(question);
    await readLine(keys, input, screen, host);
  } finally {
    forget();
    restore();
    keys.destroy();
  }
  return input;
}

function openKeys(screen: Screen): ReadStream {
  try {
    return new ReadStream(openSync(TERMINAL, 'r'));
  } catch (error) {
    screen.close();
    throw noTerminal(error);
  }
}

function noTerminal(cause: unknown): EnvsealError {
  return new EnvsealError('usage', 'no terminal to prompt on', {
    hint: 'give the value on stdin or with --file',
    cause,
  });
}

async function readLine(keys: ReadStream, input: LineInput, screen: Screen, host: PromptHost): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const giveUp = (cause?: unknown) =>
      reject(
        new EnvsealError('usage', 'nothing was typed', {
          hint: 'type a value and press Enter, or give it on stdin or with --file',
          cause,
        }),
      );
    keys.on('data', (chunk: Uint8Array) => {
      const state = input.take(chunk);
      if (input.takeIgnored() > 0) screen.beep();
      if (state === 'line') resolve();
      if (state === 'end') giveUp();
      if (state === 'interrupt') interrupt(host, giveUp);
    });
    keys.on('end', giveUp);
    keys.on('error', giveUp);
  });
}

/** In raw mode Ctrl-C is a key like others. Where SIGINT is ignored, nothing would end us. */
function interrupt({ stopSignals }: PromptHost, giveUp: () => void): void {
  if (stopSignals.includes('SIGINT')) raise('SIGINT');
  else giveUp();
}

/** The terminal's own output. */
class Screen {
  readonly #fd: number;
  readonly #hasBrackets: boolean;

  constructor(variables: PromptHost['variables']) {
    try {
      this.#fd = openSync(TERMINAL, 'w');
    } catch (error) {
      throw noTerminal(error);
    }
    this.#hasBrackets = !openTerminal(variables).isDumb;
  }

  ask(question: string): void {
    writeSync(this.#fd, (this.#hasBrackets ? ASK_FOR_BRACKETS : '') + makeVisible(question));
  }

  beep(): void {
    writeSync(this.#fd, BELL);
  }

  /** Enter was not shown either. */
  end(): void {
    tryTo(() => writeSync(this.#fd, `${this.#hasBrackets ? ASK_FOR_NONE : ''}\r\n`));
    this.close();
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** A terminal that is gone needs no restoring. */
function tryTo(action: () => void): void {
  try {
    action();
  } catch {}
}
