/** A value for a variable: from stdin, a file, or a prompt without echo. Never from argv, where everybody can read it. */
import { EnvsealError } from '../errors.ts';
import { MAX_SOURCE_BYTES } from '../limits.ts';
import { Secret } from '../secret.ts';
import { ErrnoError } from '../system/system.ts';
import { openTerminal } from '../terminal/terminal.ts';
import type { Workspace } from './workspace.ts';

/**
 * A pipe's or a file's last line feed is left out, as `$(…)` does: `echo` and editors add one that nobody meant. Throws
 * `malformed` for what no environment can hold.
 */
export async function readValue(name: string, { host, flags }: Workspace): Promise<Secret> {
  if (flags.file !== undefined) return toValue(name, readFile(flags.file, host.system));
  if (!openTerminal(host.variables).isTerminal(0)) {
    const bytes = host.system.readInput(MAX_SOURCE_BYTES + 1);
    if (bytes.length > 0) return toValue(name, bytes);
    // The stdin of a job, or of a command that failed: nobody meant an empty password.
    throw new EnvsealError('usage', `stdin has no value for ${name}`, {
      hint: `for an empty value, give an empty line: echo | envseal set URI ${name}`,
    });
  }
  const { promptSecret } = await import('../terminal/prompt.ts');
  return new Secret(await promptSecret(`Value of ${name}: `, host));
}

export function readFile(path: string, system: Workspace['host']['system']): Uint8Array {
  try {
    return system.readFile(Buffer.from(path).toString('latin1'), MAX_SOURCE_BYTES + 1);
  } catch (error) {
    const errno = error instanceof ErrnoError ? error.errno : 'EIO';
    const code = errno === 'ENOENT' || errno === 'ENOTDIR' ? 'not_found' : 'denied';
    throw new EnvsealError(code, `cannot read ${path}: ${errno}`, {
      hint: 'check the path and its mode',
      cause: error,
    });
  }
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
  if (text.includes('\0')) throw unfit(name, 'holds a NUL');
  return new Secret(text.replace(/\r?\n$/, ''));
}

function unfit(name: string, problem: string): EnvsealError {
  return new EnvsealError('malformed', `the value of ${name} ${problem}`, {
    hint: 'encode bytes, for example as base64',
  });
}
