/** Locations of the files with profiles. */
import { toByteString } from '../../system/bytes.ts';
import type { System } from '../../system/system.ts';
import type { AwsVariables } from '../settings.ts';

/** https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html */
export function profileFiles(variables: AwsVariables): [config: string, credentials: string] {
  const { HOME = '', AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE } = variables;
  return [
    pathOf(AWS_CONFIG_FILE || '~/.aws/config', HOME),
    pathOf(AWS_SHARED_CREDENTIALS_FILE || '~/.aws/credentials', HOME),
  ];
}

/** Whether one can be read. Nearly no container has any, so that nothing is loaded to read them. */
export function haveProfiles(variables: AwsVariables, system: System): boolean {
  const [config, credentials] = profileFiles(variables);
  return system.isReadable(toByteString(config)) || system.isReadable(toByteString(credentials));
}

function pathOf(path: string, home: string): string {
  return path.startsWith('~/') ? home + path.slice(1) : path;
}
