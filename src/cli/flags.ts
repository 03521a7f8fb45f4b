/**
 * The table of flags and which command takes which: the settings, which have variables too, and the options, which are
 * only ever said on the command line. A flag means the same with each command that takes it.
 */
import { SETTINGS, type SettingName, type SettingRow, type Settings } from '../settings.ts';

/** - `text`: one value, as it is. */
export interface FlagRow extends Omit<SettingRow, 'kind'> {
  readonly kind: SettingRow['kind'] | 'text';
}

const OPTIONS = {
  out: { kind: 'text', value: 'FILE', help: 'the new file for the identity' },
} as const satisfies Record<string, FlagRow>;

type OptionName = keyof typeof OPTIONS;
export type FlagName = SettingName | OptionName;

export const FLAGS: Readonly<Record<FlagName, FlagRow>> = { ...SETTINGS, ...OPTIONS };

type OptionValue<K extends FlagRow['kind']> = K extends 'switch'
  ? boolean
  : K extends 'list'
    ? readonly string[]
    : string | undefined;

/** Validated flags; an option that was not given is `false`, empty or `undefined`. */
export type Flags = Settings & { readonly [N in OptionName]: OptionValue<(typeof OPTIONS)[N]['kind']> };

export type CommandName = 'run' | 'keygen' | 'help' | 'version' | 'deliver-events';

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** Every command takes this one, because `main.ts` reports errors in it. */
const COMMON = ['log-format'] as const;

export const FLAGS_OF: Readonly<Record<CommandName, readonly FlagName[]>> = {
  run: SETTING_NAMES,
  keygen: ['out', ...COMMON],
  help: COMMON,
  version: COMMON,
  'deliver-events': COMMON,
};

export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(FLAGS_OF, name);
}

export function hasVariable(flag: FlagName): flag is SettingName {
  return Object.hasOwn(SETTINGS, flag);
}
