/**
 * The table of settings. Each row is a long flag `--kms-key` and the variable `ENVSEAL_KMS_KEY`; the table in docs and
 * `help` are checked against it.
 */
import {
  DEFAULT_EVENT_TIMEOUT_SECONDS,
  DEFAULT_TIMEOUT_SECONDS,
  MAX_TIMEOUT_SECONDS,
  MIN_TIMEOUT_SECONDS,
} from './limits-and-defaults.ts';

/**
 * - `switch`: no value; in a variable `true` or `false` (also `1`, `yes`, `on` and `0`, `no`, `off`, empty).
 * - `list`: repeatable, and commas separate; in a variable, white space too.
 * - `switch-or-list`: `--flag` alone means all, `--flag=A,B` a list.
 * - `seconds`: a decimal number within bounds.
 * - `choice`: one of `choices`.
 */
export type SettingKind = 'switch' | 'list' | 'switch-or-list' | 'seconds' | 'choice';

/** What a flag is about. */
export type FlagGroup = 'sources' | 'variables' | 'keys' | 'changes' | 'network' | 'events' | 'output';

export interface SettingRow {
  readonly kind: SettingKind;
  readonly short?: string;
  /** The flag's value may hold commas: only the variable is split. */
  readonly verbatim?: true;
  /** An empty variable is an error, because it would loosen what it is there to restrict. */
  readonly restricts?: true;
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly default?: string;
  /** Under which heading `help` lists it. */
  readonly group: FlagGroup;
  readonly help: string;
}

export const SETTINGS = {
  source: {
    group: 'sources',
    kind: 'list',
    short: 's',
    verbatim: true,
    value: 'URI',
    help: 'an env file to open; later ones win',
  },
  'kms-key': {
    group: 'keys',
    kind: 'list',
    restricts: true,
    value: 'KEY',
    help: 'the only KMS keys (ARN, id, alias) a source may be sealed with',
  },
  'encryption-context': {
    group: 'keys',
    kind: 'list',
    verbatim: true,
    value: 'K=V',
    help: 'encryption context of sources that are KMS ciphertexts',
  },
  'allow-metadata-key': {
    group: 'keys',
    kind: 'switch',
    help: "take the KMS key from the object's metadata",
  },
  'allow-unsealed': { group: 'keys', kind: 'switch', help: 'open sources that are not sealed by a KMS key' },
  pristine: {
    group: 'variables',
    kind: 'switch',
    help: 'start from an empty environment instead of the inherited one',
  },
  inherit: {
    group: 'variables',
    kind: 'list',
    value: 'NAME|GLOB',
    help: 'with --pristine, inherited variables to let through',
  },
  'preserve-env': {
    group: 'variables',
    kind: 'switch-or-list',
    value: 'NAME',
    help: 'let inherited variables win over sealed ones',
  },
  only: {
    group: 'variables',
    kind: 'list',
    restricts: true,
    value: 'NAME|GLOB',
    help: 'take only these variables from the sources',
  },
  exclude: {
    group: 'variables',
    kind: 'list',
    value: 'NAME|GLOB',
    help: 'take all variables from the sources except these',
  },
  require: {
    group: 'variables',
    kind: 'list',
    restricts: true,
    value: 'NAME',
    help: 'fail when one of these is missing or empty',
  },
  strict: {
    group: 'variables',
    kind: 'switch',
    help: 'fill only variables declared as NAME=envseal, and fail when one stays unfilled',
  },
  'allow-name': {
    group: 'keys',
    kind: 'list',
    value: 'NAME',
    help: 'accept a variable that can make programs load code',
  },
  'scrub-credentials': {
    group: 'variables',
    kind: 'switch',
    help: 'drop the cloud credentials from the inherited environment',
  },
  'event-sink': {
    group: 'events',
    kind: 'list',
    verbatim: true,
    value: 'URI',
    help: 'report each access and change to this sink: stderr:, file:, https:, splunk+https:, cloudwatch:, …',
  },
  'event-policy': {
    group: 'events',
    kind: 'choice',
    choices: ['best-effort', 'required', 'background'],
    default: 'best-effort',
    help: 'best-effort: warn if a sink fails, and start; required: do not start; background: deliver after startup',
  },
  'event-timeout': {
    group: 'events',
    kind: 'seconds',
    value: 'SECONDS',
    default: String(DEFAULT_EVENT_TIMEOUT_SECONDS),
    help: 'time limit for delivering events',
  },
  'event-names': {
    group: 'events',
    kind: 'choice',
    choices: ['full', 'count', 'hash'],
    default: 'full',
    help: 'how events show variable names',
  },
  timeout: {
    group: 'network',
    kind: 'seconds',
    value: 'SECONDS',
    default: String(DEFAULT_TIMEOUT_SECONDS),
    help: `time limit for everything before the hand-over (${MIN_TIMEOUT_SECONDS} to ${MAX_TIMEOUT_SECONDS})`,
  },
  's3-addressing-style': {
    group: 'network',
    kind: 'choice',
    choices: ['auto', 'path', 'virtual'],
    default: 'auto',
    help: 'where the bucket goes; auto: in the path for custom endpoints, else in the host name',
  },
  'allow-insecure-endpoint': {
    group: 'network',
    kind: 'switch',
    help: 'accept plain http: endpoints that are not loopback',
  },
  'log-format': {
    group: 'output',
    kind: 'choice',
    choices: ['text', 'json'],
    default: 'text',
    help: 'errors as two lines of text or as one line of JSON',
  },
} as const satisfies Record<string, SettingRow>;

export type SettingName = keyof typeof SETTINGS;

type SettingValue<K extends SettingKind> = K extends 'switch'
  ? boolean
  : K extends 'list'
    ? readonly string[]
    : K extends 'switch-or-list'
      ? boolean | readonly string[]
      : K extends 'seconds'
        ? number
        : string;

/** Validated settings: a flag wins over its variable, a variable over the default. */
export type Settings = { readonly [N in SettingName]: SettingValue<(typeof SETTINGS)[N]['kind']> };
