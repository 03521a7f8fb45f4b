import type { System } from '../system/system.ts';
import { readProfiles } from './credentials/profiles.ts';
import { type AwsSettings, type AwsVariables, settingsOf } from './settings.ts';

/** From the variables and both files. Throws `configuration` for a file of profiles that is too large. */
export function readAwsSettings(variables: AwsVariables, system: System): AwsSettings {
  return settingsOf(variables, readProfiles(variables, system));
}
