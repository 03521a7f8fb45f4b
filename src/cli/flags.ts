/**
 * The table of flags and which command takes which: the settings, which have variables too, and the options, which are
 * only ever said on the command line. A flag means the same with each command that takes it.
 */
import { SETTINGS, type SettingName, type SettingRow, type Settings } from '../settings.ts';

/** - `text`: one value, as it is. - `count`: a whole number from 1 to `most`. */
export interface FlagRow extends Omit<SettingRow, 'kind'> {
  readonly kind: SettingRow['kind'] | 'text' | 'count';
  readonly most?: number;
}

const OPTIONS = {
  out: {
    group: 'output',
    kind: 'text',
    value: 'FILE',
    help: 'write to this new file, readable only by its owner',
  },
  file: {
    group: 'sources',
    kind: 'text',
    value: 'FILE',
    help: 'read the value from this file, without its final line feed',
  },
  seal: {
    group: 'keys',
    kind: 'choice',
    choices: ['sse-kms', 'cmek', 'sops', 'none'],
    help: 'how to seal; default: as the existing file, else sse-kms on S3, cmek on Google Cloud, sops in local files',
  },
  age: {
    group: 'keys',
    kind: 'list',
    value: 'RECIPIENT',
    help: 'with --seal sops, the recipients that can open it: age1…',
  },
  'from-env': {
    group: 'sources',
    kind: 'list',
    value: 'NAME|GLOB',
    help: "take variables from envseal's own environment instead of a file",
  },
  check: { group: 'changes', kind: 'switch', help: 'check for mistakes without storing anything' },
  'fail-on-warnings': { group: 'changes', kind: 'switch', help: 'treat warnings as errors' },
  'from-kms-key': {
    group: 'keys',
    kind: 'list',
    restricts: true,
    value: 'KEY',
    help: 'the only keys the existing file may be sealed with',
  },
  force: { group: 'changes', kind: 'switch', help: 'overwrite the existing file without reading it first' },
  'require-versioning': {
    group: 'changes',
    kind: 'switch',
    help: 'refuse a store that keeps no older versions',
  },
  'allow-unconditional': {
    group: 'changes',
    kind: 'switch',
    help: 'write to stores that cannot detect concurrent changes',
  },
  values: { group: 'output', kind: 'switch', help: 'show the values too, on a terminal' },
  'exit-code': { group: 'output', kind: 'switch', help: 'exit with 1 when there are differences' },
  before: {
    group: 'changes',
    kind: 'text',
    value: 'TIME',
    help: 'skip files that changed at or after this time, such as 2026-01-31T12:00:00Z',
  },
  'dry-run': { group: 'changes', kind: 'switch', help: 'show what would be done and change nothing' },
  jobs: {
    group: 'changes',
    kind: 'count',
    value: 'NUMBER',
    default: '16',
    most: 64,
    help: 'how many files to rotate at the same time',
  },
  json: { group: 'output', kind: 'switch', help: 'print one JSON object instead of text' },
} as const satisfies Record<string, FlagRow>;

type OptionName = keyof typeof OPTIONS;
export type FlagName = SettingName | OptionName;

export const FLAGS: Readonly<Record<FlagName, FlagRow>> = { ...SETTINGS, ...OPTIONS };

type OptionValue<K extends FlagRow['kind']> = K extends 'switch'
  ? boolean
  : K extends 'list'
    ? readonly string[]
    : K extends 'count'
      ? number
      : string | undefined;

/** Validated flags; an option that was not given is `false`, empty or `undefined`. */
export type Flags = Settings & { readonly [N in OptionName]: OptionValue<(typeof OPTIONS)[N]['kind']> };

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];
const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[];

/** Every command takes this one, because `main.ts` reports errors in it. */
const COMMON = ['log-format'] as const;

/** What every command takes that asks a store. */
const REMOTE = [
  'timeout',
  's3-addressing-style',
  'allow-insecure-endpoint',
  'event-sink',
  'event-policy',
  'event-timeout',
  'event-names',
  'json',
  ...COMMON,
] as const;

/** What opens files with the same policy as a start. */
const OPENING = ['kms-key', 'encryption-context', 'allow-metadata-key', 'allow-unsealed'] as const;
const WRITING = ['require-versioning', 'allow-unconditional'] as const;
const SEALING = ['seal', 'kms-key', 'age', 'encryption-context', 'allow-unsealed', ...WRITING] as const;

export const FLAGS_OF = {
  run: SETTING_NAMES,
  push: [
    ...(['check', 'fail-on-warnings', 'from-env', 'only', 'exclude', 'allow-name', 'force'] as const),
    ...SEALING,
    ...REMOTE,
  ],
  set: ['file', 'allow-name', ...OPENING, ...WRITING, ...REMOTE],
  unset: [...OPENING, ...WRITING, ...REMOTE],
  edit: ['allow-name', ...OPENING, ...WRITING, ...REMOTE],
  get: ['out', ...OPENING, ...REMOTE],
  list: [...OPENING, ...REMOTE],
  diff: ['values', 'exit-code', ...OPENING, ...REMOTE],
  history: REMOTE,
  rollback: [...OPENING, ...WRITING, ...REMOTE],
  copy: ['force', 'from-kms-key', 'allow-metadata-key', ...SEALING, ...REMOTE],
  rotate: [
    'kms-key',
    'from-kms-key',
    'age',
    'before',
    'dry-run',
    'jobs',
    'encryption-context',
    ...WRITING,
    ...REMOTE,
  ],
  keygen: ['out', ...COMMON],
  completion: COMMON,
  help: COMMON,
  version: COMMON,
  'deliver-events': COMMON,
} as const satisfies Readonly<Record<string, readonly FlagName[]>>;

export type CommandName = keyof typeof FLAGS_OF;

export const COMMAND_NAMES = Object.keys(FLAGS_OF) as CommandName[];

export function flagsOf(command: CommandName): readonly FlagName[] {
  return FLAGS_OF[command];
}

/** All flags there are, for those that take the whole table. */
export const FLAG_NAMES: readonly FlagName[] = [...SETTING_NAMES, ...OPTION_NAMES];

export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(FLAGS_OF, name);
}

export function hasVariable(flag: FlagName): flag is SettingName {
  return Object.hasOwn(SETTINGS, flag);
}
