/** Values of flags and of their variables, parsed as the table of flags says. */
import { EnvsealError } from '../errors.ts';
import { MAX_TIMEOUT_SECONDS, MIN_TIMEOUT_SECONDS } from '../limits-and-defaults.ts';
import { variableOf } from '../own-variables.ts';
import { FLAGS, type FlagName, type FlagRow } from './flags.ts';

/** As given on the command line; `undefined` is a flag alone. Throws `usage`. */
export function readFlag(name: FlagName, row: FlagRow, given: readonly (string | undefined)[]): unknown {
  const last = given[given.length - 1];
  switch (row.kind) {
    case 'switch':
      return last === undefined
        ? true
        : readSwitch(last, () => usage(`--${name} must be true or false`, name));
    case 'switch-or-list': {
      const values = given.map((value) => (value === undefined ? true : readSwitchOrList(value)));
      const names = values.flatMap((value) => (typeof value === 'boolean' ? [] : value));
      return values.includes(true) || (names.length > 0 && names);
    }
    case 'list':
      return readListFlag(name, row, given as readonly string[]);
    case 'text':
      if (last === '') throw usage(`--${name} is empty`, name);
      return last;
    default:
      return readScalar(row, last as string, (expected) => usage(`--${name} ${expected}`, name));
  }
}

function readListFlag(name: FlagName, row: FlagRow, given: readonly string[]): string[] {
  const all: string[] = [];
  for (const value of given) {
    const items = row.verbatim && value !== '' ? [value] : splitList(value);
    if (items.length === 0) throw usage(`--${name} is empty`, name);
    all.push(...items);
  }
  return all;
}

/** Throws `configuration`. */
export function readVariable(name: FlagName, row: FlagRow, text: string | undefined): unknown {
  const problem = (expected: string) =>
    new EnvsealError('configuration', `${variableOf(name)} ${expected}`, { hint: describe(name, row) });
  switch (row.kind) {
    case 'switch':
      return text === undefined ? false : readSwitch(text, () => problem('must be true or false'));
    case 'switch-or-list':
      return text !== undefined && readSwitchOrList(text);
    case 'list':
      return text === undefined ? [] : readList(row, text, problem);
    case 'text':
      return text;
    case 'count':
      return Number(row.default);
    default:
      if (text === undefined && row.default === undefined) return undefined;
      return readScalar(row, text === undefined || text === '' ? (row.default as string) : text, problem);
  }
}

function readScalar(
  row: FlagRow,
  text: string,
  problem: (expected: string) => EnvsealError,
): number | string {
  if (row.kind === 'choice') {
    if (row.choices?.includes(text)) return text;
    throw problem(`must be one of ${row.choices?.join(', ')}`);
  }
  if (row.kind === 'count') {
    const count = /^\d{1,6}$/.test(text) ? Number(text) : 0;
    if (count >= 1 && count <= (row.most ?? 1)) return count;
    throw problem(`must be a whole number from 1 to ${row.most}`);
  }
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= MIN_TIMEOUT_SECONDS && seconds <= MAX_TIMEOUT_SECONDS) return seconds;
  throw problem(`must be a number of seconds from ${MIN_TIMEOUT_SECONDS} to ${MAX_TIMEOUT_SECONDS}`);
}

function readSwitch(text: string, problem: () => EnvsealError): boolean {
  const value = readBoolean(text);
  if (value === undefined) throw problem();
  return value;
}

function readSwitchOrList(text: string): boolean | string[] {
  return readBoolean(text) ?? splitList(text);
}

function readBoolean(text: string): boolean | undefined {
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  return /^(0|false|no|off|)$/i.test(text) ? false : undefined;
}

function readList(row: FlagRow, text: string, problem: (expected: string) => EnvsealError): string[] {
  const items = splitList(text);
  if (row.restricts && items.length === 0) throw problem('is empty: set it, or remove it');
  return items;
}

function splitList(text: string): string[] {
  const items: string[] = [];
  for (const item of text.split(/[\s,]+/)) if (item !== '') items.push(item);
  return items;
}

export function usage(message: string, name: FlagName): EnvsealError {
  return new EnvsealError('usage', message, { hint: describe(name, FLAGS[name]) });
}

function describe(name: FlagName, row: FlagRow): string {
  return `--${name}${row.value === undefined ? '' : ` ${row.value}`}: ${row.help}`;
}
