/**
 * The table of settings. Each row is a long flag `--kms-key` and the variable `ENVSEAL_KMS_KEY`; the README's table and
 * `help` are checked against it.
 */
import {
  DEFAULT_EVENT_TIMEOUT_SECONDS,
  DEFAULT_TIMEOUT_SECONDS,
  MAX_TIMEOUT_SECONDS,
  MIN_TIMEOUT_SECONDS,
} from './limits.ts';

/**
 * - `switch`: no value; in a variable `true` or `false` (also `1`, `yes`, `on` and `0`, `no`, `off`, empty).
 * - `list`: repeatable, and commas separate; in a variable, white space too.
 * - `switch-or-list`: `--flag` alone means all, `--flag=A,B` a list.
 * - `seconds`: a decimal number within bounds.
 * - `choice`: one of `choices`.
 */
export type SettingKind = 'switch' | 'list' | 'switch-or-list' | 'seconds' | 'choice';

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
  readonly help: string;
}

export const SETTINGS = {
  source: {
    kind: 'list',
    short: 's',
    verbatim: true,
    value: 'URI',
    help: 'an env file to open; later ones win',
  },
  'kms-key': {
    kind: 'list',
    restricts: true,
    value: 'KEY',
    help: 'the only KMS keys (ARN, id, alias) a source may be sealed with',
  },
  'encryption-context': {
    kind: 'list',
    verbatim: true,
    value: 'K=V',
    help: 'encryption context of sources that are a KMS ciphertext',
  },
  'allow-metadata-key': { kind: 'switch', help: "take the KMS key from the object's metadata" },
  'allow-unsealed': { kind: 'switch', help: 'open sources that no KMS key seals' },
  pristine: { kind: 'switch', help: 'start from an empty environment instead of the inherited one' },
  inherit: { kind: 'list', value: 'NAME|GLOB', help: 'with --pristine, inherited variables to let through' },
  'preserve-env': {
    kind: 'switch-or-list',
    value: 'NAME',
    help: 'let inherited variables win over sealed ones',
  },
  only: {
    kind: 'list',
    restricts: true,
    value: 'NAME|GLOB',
    help: 'take these variables from the sources and no others',
  },
  exclude: { kind: 'list', value: 'NAME|GLOB', help: 'leave these variables of the sources out' },
  require: {
    kind: 'list',
    restricts: true,
    value: 'NAME',
    help: 'fail when one of these is missing or empty',
  },
  strict: {
    kind: 'switch',
    help: 'fill only variables declared as NAME=envseal, and fail when one stays unfilled',
  },
  'allow-name': { kind: 'list', value: 'NAME', help: 'accept a variable that can make programs load code' },
  'scrub-credentials': { kind: 'switch', help: 'drop the cloud credentials from the inherited environment' },
  'event-sink': {
    kind: 'list',
    verbatim: true,
    value: 'URI',
    help: 'tell this sink who opened what: stderr:, file:, https:, splunk+https:, cloudwatch:, …',
  },
  'event-policy': {
    kind: 'choice',
    choices: ['best-effort', 'required', 'background'],
    default: 'best-effort',
    help: 'when a sink does not take an event: warn and start, do not start, or deliver it after the start',
  },
  'event-timeout': {
    kind: 'seconds',
    value: 'SECONDS',
    default: String(DEFAULT_EVENT_TIMEOUT_SECONDS),
    help: 'time for the delivery of events',
  },
  'event-names': {
    kind: 'choice',
    choices: ['full', 'count', 'hash'],
    default: 'full',
    help: 'what events say of the names of variables',
  },
  timeout: {
    kind: 'seconds',
    value: 'SECONDS',
    default: String(DEFAULT_TIMEOUT_SECONDS),
    help: `time for everything before the hand-over (${MIN_TIMEOUT_SECONDS} to ${MAX_TIMEOUT_SECONDS})`,
  },
  's3-addressing-style': {
    kind: 'choice',
    choices: ['auto', 'path', 'virtual'],
    default: 'auto',
    help: 'where the bucket goes; auto: the path at custom endpoints, else the host name',
  },
  'allow-insecure-endpoint': { kind: 'switch', help: 'accept plain http: endpoints that are not loopback' },
  'log-format': {
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
