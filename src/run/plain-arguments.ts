/**
 * Fast path for the usual command line: `run`, settings that are on or have one value each, and the command.
 * It is read without the table of flags, which an interpreter takes longer to load than it takes for all that
 * comes before the request. Whatever is not as plain goes by `arguments.ts`, which reads everything and says
 * what is wrong.
 */
import type { Host } from '../host.ts';
import { DEFAULT_EVENT_TIMEOUT_SECONDS, DEFAULT_TIMEOUT_SECONDS } from '../limits-and-defaults.ts';
import { isSecretVariable, VARIABLE_PREFIX, variableOf } from '../own-variables.ts';
import type { Settings } from '../settings.ts';
import type { ByteString } from '../system/byte-string.ts';
import type { StartOptions } from './start.ts';

type Values = {
  -readonly [N in keyof Settings]: Settings[N] extends readonly string[] ? string[] : Settings[N];
};

/** ASCII without what separates the values of a list. */
const ONE_VALUE = /^[!-+\--~]+$/;

/** `undefined` for what is not plain. */
export function readPlainStart({
  argv,
  variables,
}: Pick<Host, 'argv' | 'variables'>): Omit<StartOptions, 'host'> | undefined {
  const settings = defaults();
  const end = readFlags(argv, settings);
  if (end === undefined || !readVariables(variables, settings) || settings.source.length === 0)
    return undefined;
  const [file, ...rest] = argv.slice(end + 1);
  return file === undefined ? undefined : { settings, argv: [file, ...rest] };
}

/** Default of each setting. A test compares them with the table. */
function defaults(): Values {
  return {
    source: [],
    'kms-key': [],
    'encryption-context': [],
    'allow-metadata-key': false,
    'allow-unsealed': false,
    pristine: false,
    inherit: [],
    'preserve-env': false,
    only: [],
    exclude: [],
    require: [],
    strict: false,
    'allow-name': [],
    'scrub-credentials': false,
    'event-sink': [],
    'event-policy': 'best-effort',
    'event-timeout': DEFAULT_EVENT_TIMEOUT_SECONDS,
    'event-names': 'full',
    timeout: DEFAULT_TIMEOUT_SECONDS,
    's3-addressing-style': 'auto',
    'allow-insecure-endpoint': false,
    'log-format': 'text',
  };
}

/** Where the `--` is, or `undefined`. */
function readFlags(argv: readonly ByteString[], settings: Values): number | undefined {
  const values: Record<string, unknown> = settings;
  for (let at = argv[0] === 'run' || argv[0] === 'exec' ? 1 : 0; at < argv.length; at++) {
    const word = argv[at] as ByteString;
    if (word === '--') return at;
    const name = word === '-s' ? 'source' : word.startsWith('--') ? word.slice(2) : '';
    const value = values[name];
    if (value === false || value === true) values[name] = true;
    else if (!Array.isArray(value) || !add(value, argv[++at])) return undefined;
  }
  return undefined;
}

/** A flag wins over its variable. `false` for what is not plain. */
function readVariables(variables: Host['variables'], settings: Values): boolean {
  const values: Record<string, unknown> = settings;
  for (const variable of Object.keys(variables)) {
    if (!variable.startsWith(VARIABLE_PREFIX) || isSecretVariable(variable)) continue;
    const name = variable.slice(VARIABLE_PREFIX.length).toLowerCase().replaceAll('_', '-');
    const [value, given] = [values[name], variables[variable]];
    if (variableOf(name) !== variable) return false;
    if (Array.isArray(value)) {
      if (value.length === 0 && !add(value, given)) return false;
    } else if (typeof value === 'boolean' && given === 'true') values[name] = true;
    else return false;
  }
  return true;
}

function add(values: string[], value: string | undefined): boolean {
  if (value === undefined || value === '--' || !ONE_VALUE.test(value)) return false;
  values.push(value);
  return true;
}
