/** Names of envseal's own variables. */

export const VARIABLE_PREFIX = 'ENVSEAL_';

/** `kms-key` → `ENVSEAL_KMS_KEY`. */
export function variableOf(setting: string): string {
  return VARIABLE_PREFIX + setting.replaceAll('-', '_').toUpperCase();
}

/** Never flags, because every process can read what is in argv. Each has a twin with `_FILE` that names a file. */
export const SECRET_VARIABLES = [
  'ENVSEAL_WEBHOOK_SECRET',
  'ENVSEAL_SPLUNK_TOKEN',
  'ENVSEAL_OTLP_HEADERS',
  'ENVSEAL_EVENT_NAMES_KEY',
] as const;

export type SecretVariable = (typeof SECRET_VARIABLES)[number];

/** Or its twin that names a file. */
export function isSecretVariable(name: string): boolean {
  const variable = name.endsWith('_FILE') ? name.slice(0, -'_FILE'.length) : name;
  return (SECRET_VARIABLES as readonly string[]).includes(variable);
}
