/** Lets a person change a text in their editor. The text is in memory only, and gone afterwards whatever happens. */
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnvsealError } from '../errors.ts';
import type { Host } from '../host.ts';
import { MAX_SOURCE_BYTES } from '../limits-and-defaults.ts';
import { toByteString } from '../system/bytes.ts';
import { atExit, leaveToChild } from '../system/process-exit.ts';
import { findEditor } from './editor-command.ts';
import { makePrivateFolder, removePrivateFolder } from './private-folder.ts';
import { pause } from './prompt.ts';

export interface EditorOptions {
  /** What the editor shows as the file's name; its ending determines how the text is coloured. */
  readonly name: string;
  readonly host: Pick<Host, 'system' | 'variables' | 'onStop' | 'stopSignals'>;
  /** What the editor, and all that its plugins start, gets of ours. */
  readonly environment: Host['variables'];
}

/** Time for an editor to restore the terminal after SIGTERM, in ms. */
const EDITOR_GRACE_MS = 2_000;
/** Longest name of a file, in bytes, is 255; swap files and backups add to it. */
const MAX_NAME_LENGTH = 64;

/**
 * A folder for a text that is edited, perhaps several times: what does not parse can be offered again. It is removed by
 * `close`, and when the process ends by a signal or an error; after SIGKILL it stays, in memory and for its owner alone.
 *
 * Throws `configuration` without an editor, and without a tmpfs.
 */
export class Editing {
  readonly #host: EditorOptions['host'];
  readonly #environment: EditorOptions['environment'];
  readonly #editor: readonly string[];
  readonly #folder: string;
  readonly #path: string;
  readonly #forget: () => void;
  #child: Editor | undefined;

  constructor({ name, host, environment }: EditorOptions) {
    this.#host = host;
    this.#environment = environment;
    this.#editor = findEditor(host);
    this.#folder = makePrivateFolder(host.variables);
    this.#path = join(this.#folder, fileName(name));
    this.#forget = atExit(() => this.#abandon());
  }

  /**
   * What the person leaves in the file. A signal that ends us ends the editor too, and then this does not settle.
   *
   * Throws `configuration` when the editor cannot be started, fails, or removes the file, and `too_large`.
   */
  async edit(bytes: Uint8Array): Promise<Uint8Array> {
    writeFileSync(this.#path, bytes, { mode: 0o600 });
    await this.#run();
    return this.#read();
  }

  /** Shows a question until Enter is pressed, because the editor would hide what was said before. Throws `usage`. */
  async pause(question: string): Promise<void> {
    await pause(question, this.#host);
  }

  /** Removes the folder; idempotent. */
  close(): void {
    this.#forget();
    removePrivateFolder(this.#folder);
  }

  async #run(): Promise<void> {
    const takeBack = leaveToChild(this.#signalsOfTheTerminal());
    let isStopped = false;
    let forget = () => {};
    try {
      const { execa } = await import('execa');
      const child = this.#start(execa);
      this.#child = child;
      const ended = settle(child);
      forget = this.#host.onStop(async () => {
        isStopped = true;
        child.kill('SIGTERM');
        await ended;
        this.close();
      });
      const problem = await ended;
      // What a signal ends must not be reported as the editor's failure.
      if (isStopped) await new Promise(() => {});
      if (problem !== undefined) throw problem;
    } finally {
      this.#child = undefined;
      takeBack();
      forget();
    }
  }

  /** Ctrl-C and Ctrl-\ in an editor are keys of the editor, as git has it. What was ignored stays so, for both. */
  #signalsOfTheTerminal(): readonly NodeJS.Signals[] {
    return this.#host.stopSignals.includes('SIGINT') ? ['SIGINT', 'SIGQUIT'] : ['SIGQUIT'];
  }

  #start(execa: typeof import('execa').execa): Editor {
    const [file = '', ...args] = this.#editor;
    const terminal = openTerminalFile();
    try {
      // Without a terminal an editor can be a script. What it draws would have values in it, and get into a log.
      // execa takes any file descriptor, and its types know only some.
      const stream = (terminal ?? 'ignore') as 'ignore';
      return execa(file, [...args, this.#path], {
        ...OPTIONS,
        stdin: stream,
        stdout: stream,
        stderr: stream,
        env: { ...this.#environment },
      });
    } finally {
      if (terminal !== undefined) closeSync(terminal);
    }
  }

  #read(): Uint8Array {
    let bytes: Uint8Array;
    try {
      bytes = this.#host.system.readFile(toByteString(this.#path), MAX_SOURCE_BYTES + 1);
    } catch (cause) {
      throw new EnvsealError('configuration', 'the editor removed the file', {
        hint: NOTHING_DONE,
        cause,
      });
    }
    if (bytes.length <= MAX_SOURCE_BYTES) return bytes;
    throw new EnvsealError('too_large', `the edited file is over ${MAX_SOURCE_BYTES} bytes`);
  }

  /** For when there is no time to wait for the editor. */
  #abandon(): void {
    this.#child?.kill('SIGKILL');
    removePrivateFolder(this.#folder);
  }
}

/** Nothing of the editor's is read, and nothing but its own environment given; one that does not stop is killed. */
const OPTIONS = {
  extendEnv: false,
  reject: false,
  buffer: false,
  cleanup: false,
  forceKillAfterDelay: EDITOR_GRACE_MS,
} as const;

interface Outcome {
  readonly failed: boolean;
  readonly exitCode?: number | undefined;
  readonly signal?: NodeJS.Signals | undefined;
  readonly cause?: unknown;
}

interface Editor extends PromiseLike<Outcome> {
  kill(signal: NodeJS.Signals): boolean;
}

const NOTHING_DONE = 'nothing was changed; edit again';

/** A name that is one visible word, and no option. */
function fileName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9._-]/g, '_').replace(/^[.-]+/, '');
  return plain.slice(-MAX_NAME_LENGTH) || 'env';
}

function openTerminalFile(): number | undefined {
  try {
    return openSync('/dev/tty', 'r+');
  } catch {
    return undefined;
  }
}

/** Resolves with what went wrong, or `undefined`. */
async function settle(child: Editor): Promise<EnvsealError | undefined> {
  const { failed, exitCode, signal, cause } = await child;
  if (!failed) return undefined;
  if (exitCode === undefined && signal === undefined) return editorFailed('cannot be started', cause);
  return editorFailed(`ended with ${signal ?? exitCode}`);
}

function editorFailed(how: string, cause?: unknown): EnvsealError {
  return new EnvsealError('configuration', `the editor ${how}`, { hint: NOTHING_DONE, cause });
}
