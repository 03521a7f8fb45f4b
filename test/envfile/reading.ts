/** What the tests of this folder share: reading text, and getting the error that reading it gives. */

import { editEnvFile } from '../../src/envfile/edit/edit.ts';
import type { Entry } from '../../src/envfile/entry.ts';
import { lastWins, parse } from '../../src/envfile/parse.ts';
import { parseJson } from '../../src/envfile/parse-json.ts';
import { EnvsealError } from '../../src/errors.ts';
import { Secret } from '../../src/secret.ts';
import type { Dialect } from '../../src/source-uri.ts';

export const SOURCE = 's3://snacks/dev/env';

export type Format = Dialect | 'json';
export const FORMATS: readonly Format[] = ['dotenv', 'docker', 'json'];

export function readBytes(bytes: Uint8Array, format: Format): Entry[] {
  return format === 'json' ? parseJson(bytes, { source: SOURCE }) : parseTwice(bytes, format);
}

/** From its bytes alone, and as a start does, which has decoded them already: there must be no difference. */
function parseTwice(bytes: Uint8Array, dialect: Dialect): Entry[] {
  const text = new TextDecoder().decode(bytes);
  const attempts = [undefined, text].map((decoded) => {
    let entries: Entry[] = [];
    const error = errorOf(() => {
      entries = parse(bytes, { dialect, source: SOURCE, text: decoded });
    });
    return { entries, error };
  });
  const [plain, decoded] = attempts.map(({ entries, error }) =>
    JSON.stringify([
      entries.map(({ name, value, line }) => [name, value.reveal(), line]),
      error?.message,
      error?.hint,
    ]),
  );
  if (plain !== decoded) throw new Error('what was decoded already is read otherwise');
  if (attempts[1]?.error !== undefined) throw attempts[1].error;
  return attempts[1]?.entries ?? [];
}

/** `[name, value]` in file order. */
export function read(text: string, format: Format = 'dotenv'): [string, string][] {
  return readBytes(new TextEncoder().encode(text), format).map(({ name, value }) => [name, value.reveal()]);
}

/** The value of the only variable in `text`. */
export function readValue(text: string, format: Format = 'dotenv'): string {
  const entries = read(text, format);
  if (entries.length !== 1) throw new Error(`${entries.length} variables`);
  return entries[0]?.[1] ?? '';
}

export function readMap(text: string, format: Format = 'dotenv'): Map<string, string> {
  const variables = lastWins(readBytes(new TextEncoder().encode(text), format));
  return new Map([...variables].map(([name, value]) => [name, value.reveal()]));
}

/** The `EnvsealError` that `act` throws; `undefined` when it throws nothing. Anything else thrown fails the test. */
export function errorOf(act: () => unknown): EnvsealError | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof EnvsealError) return error;
    throw new Error('something other than an EnvsealError was thrown', { cause: error });
  }
  return undefined;
}

/** The message for `text` without what comes before the place: `line 1, column 2: expected …`. */
export function complaint(text: string | Uint8Array, format: Format = 'dotenv'): string {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const error = errorOf(() => readBytes(bytes, format));
  const start = `cannot parse ${SOURCE}: `;
  if (error?.code !== 'malformed' || !error.message.startsWith(start))
    return `not refused: ${error?.message}`;
  return error.message.slice(start.length);
}

/** The text after some changes; `undefined` removes. */
export function editText(
  text: string,
  changes: Readonly<Record<string, string | undefined>> | ReadonlyMap<string, string | undefined>,
  format: Format = 'dotenv',
): string {
  const pairs = changes instanceof Map ? [...changes] : Object.entries(changes);
  const secrets = new Map(
    pairs.map(([name, value]) => [name, value === undefined ? undefined : new Secret(value)]),
  );
  const form = { source: SOURCE, ...formOf(format) };
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return decoder.decode(editEnvFile(new TextEncoder().encode(text), secrets, form));
}

export function formOf(format: Format): { kind: 'dotenv' | 'json'; dialect: Dialect } {
  return format === 'json' ? { kind: 'json', dialect: 'dotenv' } : { kind: 'dotenv', dialect: format };
}
