/** The command line and the `ENVSEAL_*` variables, read into validated settings and options. */

import { EnvsealError } from '../errors.ts';
import type { Variables } from '../host.ts';
import { nearest } from '../nearest.ts';
import { isSecretVariable, SECRET_VARIABLES, VARIABLE_PREFIX, variableOf } from '../own-variables.ts';
import type { SettingName, Settings } from '../settings.ts';
import { type ByteString, isAscii } from '../system/byte-string.ts';
import { readFlag, readVariable, usage } from './flag-values.ts';
import {
  COMMAND_NAMES,
  type CommandName,
  FLAG_NAMES,
  FLAGS,
  type FlagName,
  type FlagRow,
  type Flags,
  flagsOf,
  hasVariable,
  isCommandName,
  SETTING_NAMES,
} from './flags.ts';

interface GivenFlag {
  readonly name: FlagName;
  readonly value: string | undefined;
}

export interface CommandLine {
  /** The word before the flags, or `undefined`. */
  readonly command: string | undefined;
  /** Words after the command that are not flags. */
  readonly operands: readonly string[];
  /** Flags as given, in order; `value` is `undefined` for a flag alone. */
  readonly flags: readonly GivenFlag[];
  readonly wantsHelp: boolean;
  readonly wantsVersion: boolean;
  /** What follows the first `--`, untouched, or `undefined` without one. */
  readonly child: readonly ByteString[] | undefined;
}

const ALL_FLAGS = Object.keys(FLAGS) as FlagName[];

/** Splits at the first `--` before anything is looked at: what follows is the command's own. */
export function splitCommandLine(argv: readonly ByteString[]): CommandLine {
  const separator = argv.indexOf('--');
  const end = separator < 0 ? argv.length : separator;
  const child = separator < 0 ? undefined : argv.slice(separator + 1);
  const operands: string[] = [];
  const flags: GivenFlag[] = [];
  let [wantsHelp, wantsVersion] = [false, false];
  for (let i = 0; i < end; i++) {
    const word = decodeArgument(argv[i] as ByteString);
    if (word === '--help' || word === '-h') wantsHelp = true;
    else if (word === '--version' || word === '-V') wantsVersion = true;
    else if (!word.startsWith('-') || word === '-') operands.push(word);
    else {
      const flag = splitFlag(word, operands[0]);
      const needsValue = flag.value === undefined && takesValue(FLAGS[flag.name]);
      if (needsValue && ++i >= end) throw usage(`--${flag.name} needs a value`, flag.name);
      flags.push(needsValue ? { name: flag.name, value: decodeArgument(argv[i] as ByteString) } : flag);
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

/** `command` is the word that came before, for the hint. */
function splitFlag(word: string, command: string | undefined): GivenFlag {
  if (!word.startsWith('--')) {
    const name = flagOfLetter(word[1]);
    if (name === undefined) throw unknownFlag(word.slice(0, 2), command);
    return { name, value: word.length === 2 ? undefined : word.slice(word[2] === '=' ? 3 : 2) };
  }
  const equals = word.indexOf('=');
  const given = word.slice(2, equals < 0 ? undefined : equals);
  if (!Object.hasOwn(FLAGS, given)) throw unknownFlag(`--${given}`, command);
  const name = given as FlagName;
  return { name, value: equals < 0 ? undefined : word.slice(equals + 1) };
}

function flagOfLetter(letter: string | undefined): FlagName | undefined {
  for (const name of ALL_FLAGS) if (FLAGS[name].short === letter) return name;
  return undefined;
}

function takesValue(row: FlagRow): boolean {
  return row.kind !== 'switch' && row.kind !== 'switch-or-list';
}

function unknownFlag(flag: string, command: string | undefined): EnvsealError {
  const topic = command !== undefined && isCommandName(command) ? command : 'run';
  const near = nearest(flag.replace(/^-+/, ''), [...flagsOf(topic), 'help', 'version']);
  const hint = near === undefined ? `envseal help ${topic} lists the flags` : `did you mean --${near}?`;
  return new EnvsealError('usage', `unknown flag ${flag}`, { hint });
}

/** Throws `usage` if a flag was given that belongs to other commands only. */
export function refuseForeignFlags({ flags }: CommandLine, command: CommandName): void {
  const known = flagsOf(command);
  for (const foreign of flags) {
    if (known.includes(foreign.name)) continue;
    const owners = COMMAND_NAMES.filter((name) => flagsOf(name).includes(foreign.name));
    const names = owners.join(', ');
    throw new EnvsealError('usage', `--${foreign.name} is a flag of ${names}`, {
      hint: `envseal help ${command} lists the flags of ${command}`,
    });
  }
}

/** All settings. Throws `usage` for a bad flag and `configuration` for a bad variable. */
export function readSettings(commandLine: CommandLine, variables: Variables): Settings {
  refuseUnknownVariables(variables);
  return readFlags(commandLine, variables, SETTING_NAMES);
}

/** All flags of a command; the others of the table have their defaults. Throws as `readSettings` does. */
export function readAllFlags(commandLine: CommandLine, variables: Variables): Flags {
  refuseUnknownVariables(variables);
  return readFlags(commandLine, variables, FLAG_NAMES);
}

/** Those that are named; the variables of others are not looked at. Throws as `readSettings` does. */
export function readFlags<N extends FlagName>(
  commandLine: CommandLine,
  variables: Variables,
  names: readonly N[],
): Pick<Flags, N> {
  // Few are given, so these are gone through once and not for each name: this runs before anything is compiled.
  const given = new Map<string, (string | undefined)[]>();
  for (const { name, value } of commandLine.flags) {
    const before = given.get(name);
    if (before === undefined) given.set(name, [value]);
    else before.push(value);
  }
  const set = new Map<FlagName | undefined, string | undefined>();
  for (const variable of ownVariables(variables)) set.set(settingOf(variable), variables[variable]);
  const values: Partial<Record<N, unknown>> = {};
  for (const name of names) {
    const said = given.get(name);
    values[name] =
      said === undefined ? readVariable(name, FLAGS[name], set.get(name)) : readFlag(name, FLAGS[name], said);
  }
  return values as Pick<Flags, N>;
}

function ownVariables(variables: Variables): string[] {
  const names: string[] = [];
  for (const name of Object.keys(variables)) if (name.startsWith(VARIABLE_PREFIX)) names.push(name);
  return names;
}

/** The setting that a variable belongs to, or `undefined`. */
function settingOf(variable: string): SettingName | undefined {
  const name = withoutPrefix(variable).toLowerCase().replaceAll('_', '-') as FlagName;
  return hasVariable(name) && variableOf(name) === variable ? name : undefined;
}

function refuseUnknownVariables(variables: Variables): void {
  for (const name of ownVariables(variables)) {
    if (settingOf(name) !== undefined || isSecretVariable(name)) continue;
    const secret = SECRET_VARIABLES.flatMap((variable) => [variable, `${variable}_FILE`]);
    const known = [...SETTING_NAMES.map(variableOf), ...secret].map(withoutPrefix);
    const near = nearest(withoutPrefix(name), known);
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
