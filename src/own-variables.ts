/** What the variables of envseal's own are called. */

export const VARIABLE_PREFIX = 'ENVSEAL_';

/** `kms-key` → `ENVSEAL_KMS_KEY`. */
export function variableOf(setting: string): string {
  return VARIABLE_PREFIX + setting.replaceAll('-', '_').toUpperCase();
}
