import { placeOf } from '../../src/envfile/cursor.ts';
import type { Entry } from '../../src/envfile/entry.ts';
import { isName } from '../../src/envfile/name.ts';
import { parse, parseVariables } from '../../src/envfile/parse.ts';
import { readPlainFile } from '../../src/envfile/plain-file.ts';
import { format } from '../../src/envfile/write-dotenv.ts';
import { decode } from '../../src/sealing/plain.ts';
import type { Dialect } from '../../src/source-uri.ts';
import { attempt, check, checkSame, reached, SOURCE, withCanary } from './promises.ts';

const DIALECTS: readonly Dialect[] = ['dotenv', 'docker'];

/** What is in any file: refused silently with a place in it, or entries that every other way gives as well. */
export function checkParse(bytes: Uint8Array): void {
  for (const dialect of DIALECTS) {
    const entries = attempt(() => checkPlace(bytes, () => parse(bytes, { dialect, source: SOURCE })));
    checkEntries(bytes, dialect, entries);
    for (const file of withCanary(bytes)) attempt(() => parse(file, { dialect, source: SOURCE }));
  }
}

function checkEntries(bytes: Uint8Array, dialect: Dialect, entries: readonly Entry[] | undefined): void {
  const pairs = entries?.map(({ name, value }) => [name, value.reveal()] as const);
  const byName = pairs && [...new Map(pairs)];
  for (const text of [undefined, decode(bytes)]) {
    const variables = attempt(() => parseVariables(bytes, { dialect, source: SOURCE, text }));
    checkSame(
      'the variables',
      variables && [...variables].map(([name, value]) => [name, value.reveal()]),
      byName,
    );
  }
  const plain = dialect === 'dotenv' ? readPlainFile(bytes, []) : undefined;
  if (plain !== undefined)
    checkSame(
      'the short way',
      plain,
      pairs && {
        names: pairs.map(([name]) => name),
        assignments: pairs.map(([name, value]) => `${name}=${value}`),
      },
    );
  if (pairs === undefined) return;
  reached(
    `${dialect} ${'+'.repeat(Math.min(pairs.length, 9))} ${pairs.map(([, value]) => shapeOf(value)).slice(0, 3)}`,
  );
  check(
    'names are names, and values have no NUL',
    pairs.every(([name, value]) => isName(name) && !value.includes('\0')),
  );
  const again = parse(new TextEncoder().encode(format(pairs)), { dialect: 'dotenv', source: SOURCE });
  checkSame(
    'what is written and read',
    again.map(({ name, value }) => [name, value.reveal()]),
    pairs,
  );
}

/** What kinds of characters are in a value. */
function shapeOf(value: string): string {
  return ['\n', '\r', "'", '"', '\\', '`', '$', '#', ' ', '=']
    .filter((part) => value.includes(part))
    .join('');
}

/** Passes an error on whose place is in the file. */
function checkPlace<Result>(bytes: Uint8Array, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    const place = placeOf(error);
    const lines = bytes.reduce((count, byte) => count + Number(byte === 0x0a), 1);
    if (place !== undefined)
      check(
        'the place is in the file',
        place.line >= 1 && place.line <= lines && place.column >= 1 && place.column <= bytes.length + 1,
      );
    throw error;
  }
}
