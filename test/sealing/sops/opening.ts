/** Helpers for the tests of this folder: opening, its errors, and vectors. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EnvsealError } from '../../../src/errors.ts';
import { detectSops } from '../../../src/sealing/sops/detect.ts';
import { type OpenSopsOptions, openSops } from '../../../src/sealing/sops/open.ts';
import { unwrapWith, VECTORS } from './age-keys.ts';

export const SOURCE = 's3://snacks/dev/env';

export type Options = Partial<Omit<OpenSopsOptions, 'source'>>;

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** As a start does: detected from its bytes, and opened with test key `a`. */
export function open(file: string | Uint8Array, options: Options = {}) {
  const bytes = typeof file === 'string' ? bytesOf(file) : file;
  const kind = detectSops(bytes, { source: SOURCE });
  if (kind === undefined) throw new Error('not detected');
  return openSops(bytes, kind, {
    source: SOURCE,
    text: new TextDecoder().decode(bytes),
    unwrap: unwrapWith(),
    isAllowed: () => true,
    checkKey: () => undefined,
    ...options,
  });
}

export async function read(file: string | Uint8Array, options: Options = {}): Promise<[string, string][]> {
  const { variables } = await open(file, options);
  return [...variables].map(([name, value]) => [name, value.reveal()]);
}

/** The `EnvsealError` that `act` throws; `undefined` when it throws nothing. Anything else thrown fails the test. */
export async function errorOf(act: () => unknown): Promise<EnvsealError | undefined> {
  try {
    await act();
  } catch (error) {
    if (error instanceof EnvsealError) return error;
    throw new Error('something other than an EnvsealError was thrown', { cause: error });
  }
  return undefined;
}

/** `CODE: message` of the error that opening gives, without what names the source. */
export async function complaint(file: string | Uint8Array, options: Options = {}): Promise<string> {
  const error = await errorOf(() => open(file, options));
  if (error === undefined) return 'opened';
  const { code, message } = error;
  return `${code}: ${message
    .replace(`${SOURCE} is a broken SOPS file: `, '')
    .replace(`${SOURCE} does not match what was sealed: `, '')
    .replace(`cannot parse ${SOURCE}: `, '')}`;
}

export function vector(name: string): string {
  return readFileSync(join(VECTORS, 'encrypted', name), 'utf8');
}

export const vectorNames = readdirSync(join(VECTORS, 'encrypted')).map((name) => basename(name));

/** What `sops exec-env` gave a command. */
export function expectedOf(name: string): Record<string, string> {
  return JSON.parse(readFileSync(join(VECTORS, 'expected', `${name}.json`), 'utf8'));
}
