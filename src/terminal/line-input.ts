/**
 * One line, typed blind into a terminal in raw mode: the keys that a terminal handles itself otherwise. Pure, a byte at a
 * time, because a chunk can end anywhere.
 */
import { EnvsealError } from '../errors.ts';

/** `end` is Ctrl-D without a line, or a terminal that is gone. */
export type LineState = 'typing' | 'line' | 'end' | 'interrupt';

/** https://man7.org/linux/man-pages/man3/termios.3.html, VINTR and so on, as every terminal has them at first. */
const KEY = {
  interrupt: 0x03,
  end: 0x04,
  backspace: 0x08,
  tab: 0x09,
  lineFeed: 0x0a,
  enter: 0x0d,
  killLine: 0x15,
  killWord: 0x17,
  escape: 0x1b,
  quit: 0x1c,
  space: 0x20,
  delete: 0x7f,
} as const;

/** What a terminal puts around a paste when it is asked to: xterm's bracketed paste mode. */
const PASTE_START = '[200~';
const PASTE_END = '[201~';

export class LineInput {
  #bytes: number[] = [];
  /** What came after ESC so far; `undefined` outside of a sequence. */
  #escape: string | undefined;
  #isPasting = false;
  #state: LineState = 'typing';
  #isMore = false;
  #wasEnter = false;
  #ignored = 0;

  take(chunk: Uint8Array): LineState {
    for (const byte of chunk) this.#takeByte(byte);
    return this.#state;
  }

  /** Keys that had no effect since the last call: the user cannot see that without a message. */
  takeIgnored(): number {
    const ignored = this.#ignored;
    this.#ignored = 0;
    return ignored;
  }

  /** The line. Throws `usage` for several lines, and `malformed` for what is not UTF-8. */
  text(): string {
    // A paste often has the end of its line with it.
    while (this.#bytes.at(-1) === KEY.lineFeed) this.#bytes.pop();
    if (this.#isMore || this.#bytes.includes(KEY.lineFeed)) {
      throw new EnvsealError('usage', 'the typed value has several lines', {
        hint: 'give a multi-line value on stdin or with --file',
      });
    }
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(this.#bytes));
    } catch {
      throw new EnvsealError('malformed', 'the typed value is not UTF-8', {
        hint: 'use a terminal with a UTF-8 locale, or give the value on stdin or with --file',
      });
    }
  }

  #takeByte(byte: number): void {
    if (this.#state !== 'typing') this.#takeRest(byte);
    else if (this.#escape !== undefined && !isControl(byte)) this.#takeEscape(byte);
    else if (byte === KEY.escape) this.#escape = '';
    else {
      this.#escape = undefined;
      if (this.#isPasting) this.#takePasted(byte);
      else this.#takeKey(byte);
    }
  }

  /** Another line would be lost here, or be a command for the shell. */
  #takeRest(byte: number): void {
    if (this.#state === 'line' && !(this.#wasEnter && byte === KEY.lineFeed)) this.#isMore = true;
    this.#wasEnter = false;
  }

  /**
   * The only sequences with a meaning here are the two around a paste; arrows, Home and so on are ignored.
   */
  #takeEscape(byte: number): void {
    const sequence = this.#escape + String.fromCharCode(byte);
    if (!isComplete(sequence)) {
      this.#escape = sequence;
      return;
    }
    this.#escape = undefined;
    if (sequence === PASTE_START) this.#isPasting = true;
    else if (sequence === PASTE_END) this.#isPasting = false;
    else this.#ignored++;
  }

  #takePasted(byte: number): void {
    const isLineFeed = byte === KEY.lineFeed || byte === KEY.enter;
    if (isControl(byte) && byte !== KEY.tab && !isLineFeed) this.#ignored++;
    else this.#bytes.push(isLineFeed ? KEY.lineFeed : byte);
  }

  #takeKey(byte: number): void {
    switch (byte) {
      case KEY.enter:
      case KEY.lineFeed:
        this.#wasEnter = byte === KEY.enter;
        this.#state = 'line';
        break;
      case KEY.interrupt:
      case KEY.quit:
        this.#state = 'interrupt';
        break;
      case KEY.end:
        this.#state = this.#bytes.length === 0 ? 'end' : 'line';
        break;
      case KEY.backspace:
      case KEY.delete:
        this.#eraseCharacter();
        break;
      case KEY.killLine:
        this.#bytes = [];
        break;
      case KEY.killWord:
        this.#eraseWord();
        break;
      default:
        if (isControl(byte) && byte !== KEY.tab) this.#ignored++;
        else this.#bytes.push(byte);
    }
  }

  /** All bytes of it in UTF-8: those after the first are 10xxxxxx. */
  #eraseCharacter(): void {
    if (this.#bytes.length === 0) this.#ignored++;
    while (((this.#bytes.pop() ?? 0) & 0xc0) === 0x80);
  }

  #eraseWord(): void {
    while (this.#bytes.at(-1) === KEY.space) this.#bytes.pop();
    while (this.#bytes.length > 0 && this.#bytes.at(-1) !== KEY.space) this.#bytes.pop();
  }
}

function isControl(byte: number): boolean {
  return byte < KEY.space || byte === KEY.delete;
}

/** ESC [ parameters final, ESC O final, or ESC and one character. */
function isComplete(sequence: string): boolean {
  if (sequence.startsWith('[')) return /^\[[^@-~]*[@-~]$/.test(sequence);
  return sequence !== 'O';
}
