/** Secrets that are settings: from their variable, or from the file that its twin with `_FILE` names. */
import { EnvsealError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { SecretVariable } from '../own-variables.ts';
import { Secret } from '../secret.ts';
import { toByteString } from '../system/bytes.ts';
import { ErrnoError } from '../system/system.ts';

const MAX_SECRET_BYTES = 64 * 1024;

/** Without the line feed that ends a file. Throws `configuration` without either, and with both. */
export function readSecret(
  name: SecretVariable,
  { variables, system }: Pick<Host, 'variables' | 'system'>,
): Secret {
  const value = variables[name];
  const path = variables[`${name}_FILE`];
  if (value && path) throw configuration(`${name} and ${name}_FILE are both set`, 'keep one');
  if (value) return new Secret(value);
  if (!path)
    throw configuration(`${name} is not set`, `set it, or ${name}_FILE to the path of a file with it`);
  try {
    const bytes = system.readFile(toByteString(path), MAX_SECRET_BYTES);
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).replace(/\r?\n$/, '');
    if (text !== '') return new Secret(text);
  } catch (error) {
    if (!(error instanceof ErrnoError)) throw error;
    throw configuration(
      `cannot read the file in ${name}_FILE: ${error.errno}`,
      'check the path and its mode',
    );
  }
  throw configuration(`the file in ${name}_FILE is empty`, 'put the secret into it');
}

function configuration(message: string, hint: string): EnvsealError {
  return new EnvsealError('configuration', message, { hint });
}
