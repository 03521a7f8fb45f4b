/**
 * A value for a variable: from stdin, a file, or a prompt without echo. Never from argv, where everyone can
 * read it.
 */
import { EnvsealError } from '../errors.ts';
import { MAX_SOURCE_BYTES } from '../limits-and-defaults.ts';
import { Secret } from '../secret.ts';
import { toByteString } from '../system/bytes.ts';
import { ErrnoError, STANDARD_INPUT } from '../system/system.ts';
import { openTerminal } from '../terminal/terminal.ts';
import type { Workspace } from './workspace.ts';

/**
 * A pipe's or a file's last line feed is left out, as `$(…)` does: `echo` and editors add one that is not
 * part of the value. Throws `malformed` for what no environment can hold.
 */
export async function readValue(name: string, { host, flags }: Workspace): Promise<Secret> {
  if (flags.file !== undefined) return toValue(name, await readFile(flags.file, host.system));
  if (!openTerminal(host.variables).isTerminal(0)) {
    const bytes = await readInput(host.system);
    if (bytes.length > 0) return toValue(name, bytes);
    // The stdin of a job, or of a command that failed: an empty password is never intended.
    throw new EnvsealError('usage', `stdin has no value for ${name}`, {
      hint: `for an empty value, give an empty line: echo | envseal set URI ${name}`,
    });
  }
  const { promptSecret } = await import('../terminal/prompt.ts');
  return new Secret(await promptSecret(`Value of ${name}: `, host));
}

type Reading = Workspace['host']['system'];

/** Stop signals still end the process; the timeout does not run while the input is written. */
export async function readInput(system: Reading): Promise<Uint8Array> {
  try {
    return await system.readSlowly(STANDARD_INPUT, MAX_SOURCE_BYTES + 1);
  } catch (error) {
    throw unreadable('stdin', error);
  }
}

export async function readFile(path: string, system: Reading): Promise<Uint8Array> {
  const bytes = toByteString(path);
  const limit = MAX_SOURCE_BYTES + 1;
  try {
    return system.readFileAtOnce(bytes, limit) ?? (await system.readSlowly(bytes, limit));
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(what: string, error: unknown): EnvsealError {
  const errno = error instanceof ErrnoError ? error.errno : 'EIO';
  const code = errno === 'ENOENT' || errno === 'ENOTDIR' ? 'not_found' : 'denied';
  return new EnvsealError(code, `cannot read ${what}: ${errno}`, {
    hint: what === 'stdin' ? 'pipe it in, or use < FILE' : 'check the path and its mode',
    cause: error,
  });
}

function toValue(name: string, bytes: Uint8Array): Secret {
  if (bytes.length > MAX_SOURCE_BYTES) {
    throw new EnvsealError('too_large', `the value of ${name} is over ${MAX_SOURCE_BYTES} bytes`);
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unfit(name, 'is not UTF-8');
  }
  if (text.includes('\0')) throw unfit(name, 'contains a NUL');
  return new Secret(text.replace(/\r?\n$/, ''));
}

function unfit(name: string, problem: string): EnvsealError {
  return new EnvsealError('malformed', `the value of ${name} ${problem}`, {
    hint: 'encode binary values, for example as base64',
  });
}
