/** The command line and the `ENVSEAL_*` variables, read into validated settings. */
import { EnvsealError } from '../errors.ts';
import { MAX_TIMEOUT_SECONDS, MIN_TIMEOUT_SECONDS } from '../limits.ts';
import { nearest } from '../nearest.ts';
import {
  SETTINGS,
  type SettingName,
  type SettingRow,
  type Settings,
  VARIABLE_PREFIX,
  variableOf,
} from '../settings.ts';
import { type ByteString, isAscii } from '../system/system.ts';

/** Decoded environment variables; `undefined` for those that are absent. */
export type Variables = Readonly<Record<string, string | undefined>>;

export interface CommandLine {
  /** The word before the flags, or `undefined`. */
  readonly command: string | undefined;
  /** Words after the command that are not flags. */
  readonly operands: readonly string[];
  /** Flags as given, in order; `value` is `undefined` for a flag alone. */
  readonly flags: readonly { readonly name: SettingName; readonly value: string | undefined }[];
  readonly wantsHelp: boolean;
  readonly wantsVersion: boolean;
  /** What follows the first `--`, untouched, or `undefined` without one. */
  readonly child: readonly ByteString[] | undefined;
}

const NAMES = Object.keys(SETTINGS) as SettingName[];

/** Splits at the first `--` before anything is looked at: what follows is the command's own. */
export function splitCommandLine(argv: readonly ByteString[]): CommandLine {
  const separator = argv.indexOf('--');
  const own = (separator < 0 ? argv : argv.slice(0, separator)).map(decodeArgument);
  const child = separator < 0 ? undefined : argv.slice(separator + 1);
  const operands: string[] = [];
  const flags: { name: SettingName; value: string | undefined }[] = [];
  let [wantsHelp, wantsVersion] = [false, false];
  for (let i = 0; i < own.length; i++) {
    const word = own[i] as string;
    if (word === '--help' || word === '-h') wantsHelp = true;
    else if (word === '--version' || word === '-V') wantsVersion = true;
    else if (!word.startsWith('-') || word === '-') operands.push(word);
    else {
      const flag = splitFlag(word);
      const needsValue = flag.value === undefined && takesValue(SETTINGS[flag.name]);
      if (needsValue && ++i >= own.length) throw usage(`--${flag.name} needs a value`, flag.name);
      flags.push(needsValue ? { name: flag.name, value: own[i] } : flag);
    }
  }
  return { command: operands.shift(), operands, flags, wantsHelp, wantsVersion, child };
}

function decodeArgument(argument: ByteString): string {
  if (isAscii(argument)) return argument;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(argument, 'latin1'));
  } catch {
    throw new EnvsealError('usage', 'an argument before -- is not UTF-8');
  }
}

function splitFlag(word: string): { name: SettingName; value: string | undefined } {
  if (!word.startsWith('--')) {
    const name = NAMES.find((candidate) => (SETTINGS[candidate] as SettingRow).short === word[1]);
    if (name === undefined) throw unknownFlag(word.slice(0, 2));
    return { name, value: word.length === 2 ? undefined : word.slice(word[2] === '=' ? 3 : 2) };
  }
  const equals = word.indexOf('=');
  const given = word.slice(2, equals < 0 ? undefined : equals);
  if (!Object.hasOwn(SETTINGS, given)) throw unknownFlag(`--${given}`);
  const name = given as SettingName;
  return { name, value: equals < 0 ? undefined : word.slice(equals + 1) };
}

function takesValue(row: SettingRow): boolean {
  return row.kind !== 'switch' && row.kind !== 'switch-or-list';
}

function unknownFlag(flag: string): EnvsealError {
  const near = nearest(flag.replace(/^-+/, ''), [...NAMES, 'help', 'version']);
  const hint = near === undefined ? 'envseal help run lists the flags' : `did you mean --${near}?`;
  return new EnvsealError('usage', `unknown flag ${flag}`, { hint });
}

/** Throws `usage` for a bad flag and `configuration` for a bad variable. */
export function readSettings(commandLine: CommandLine, variables: Variables): Settings {
  refuseUnknownVariables(variables);
  const settings: Record<string, unknown> = {};
  for (const name of NAMES) {
    const row: SettingRow = SETTINGS[name];
    const given = commandLine.flags.filter((flag) => flag.name === name);
    settings[name] =
      given.length > 0
        ? readFlag(
            name,
            row,
            given.map((flag) => flag.value),
          )
        : readVariable(name, row, variables[variableOf(name)]);
  }
  return settings as Settings;
}

function refuseUnknownVariables(variables: Variables): void {
  const given = Object.keys(variables).filter((name) => name.startsWith(VARIABLE_PREFIX));
  if (given.length === 0) return;
  const known = NAMES.map(variableOf);
  for (const name of given) {
    if (known.includes(name)) continue;
    const near = nearest(withoutPrefix(name), known.map(withoutPrefix));
    const hint =
      near === undefined
        ? 'envseal help run lists the variables; remove this one'
        : `did you mean ${VARIABLE_PREFIX}${near}?`;
    throw new EnvsealError('configuration', `unknown variable ${name}`, { hint });
  }
}

function withoutPrefix(variable: string): string {
  return variable.slice(VARIABLE_PREFIX.length);
}

function readFlag(name: SettingName, row: SettingRow, given: readonly (string | undefined)[]): unknown {
  const last = given.at(-1);
  switch (row.kind) {
    case 'switch':
      return last === undefined
        ? true
        : readSwitch(last, () => usage(`--${name} is not true or false`, name));
    case 'switch-or-list': {
      const values = given.map((value) => (value === undefined ? true : readSwitchOrList(value)));
      const names = values.flatMap((value) => (typeof value === 'boolean' ? [] : value));
      return values.includes(true) || (names.length > 0 && names);
    }
    case 'list':
      return given.flatMap((value) => {
        const items = row.verbatim && value !== '' ? [value as string] : splitList(value as string);
        if (items.length === 0) throw usage(`--${name} is empty`, name);
        return items;
      });
    default:
      return readScalar(row, last as string, (expected) => usage(`--${name} ${expected}`, name));
  }
}

function readVariable(name: SettingName, row: SettingRow, text: string | undefined): unknown {
  const problem = (expected: string) =>
    new EnvsealError('configuration', `${variableOf(name)} ${expected}`, { hint: describe(name, row) });
  switch (row.kind) {
    case 'switch':
      return text === undefined ? false : readSwitch(text, () => problem('is not true or false'));
    case 'switch-or-list':
      return text !== undefined && readSwitchOrList(text);
    case 'list':
      return text === undefined ? [] : readList(row, text, problem);
    default:
      return readScalar(row, text === undefined || text === '' ? (row.default as string) : text, problem);
  }
}

function readScalar(
  row: SettingRow,
  text: string,
  problem: (expected: string) => EnvsealError,
): number | string {
  if (row.kind === 'choice') {
    if (row.choices?.includes(text)) return text;
    throw problem(`is not one of ${row.choices?.join(', ')}`);
  }
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= MIN_TIMEOUT_SECONDS && seconds <= MAX_TIMEOUT_SECONDS) return seconds;
  throw problem(`is not a number of seconds from ${MIN_TIMEOUT_SECONDS} to ${MAX_TIMEOUT_SECONDS}`);
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

function readList(row: SettingRow, text: string, problem: (expected: string) => EnvsealError): string[] {
  const items = splitList(text);
  if (row.restricts && items.length === 0) throw problem('is empty: set it, or remove it');
  return items;
}

function splitList(text: string): string[] {
  return text.split(/[\s,]+/).filter((item) => item !== '');
}

function usage(message: string, name: SettingName): EnvsealError {
  return new EnvsealError('usage', message, { hint: describe(name, SETTINGS[name]) });
}

function describe(name: SettingName, row: SettingRow): string {
  return `--${name}${row.value === undefined ? '' : ` ${row.value}`}: ${row.help}`;
}
