/**
 * The profiles of ~/.aws/config and ~/.aws/credentials.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html
 */
import { EnvsealError } from '../../errors.ts';
import { MAX_PROFILES_BYTES } from '../../limits-and-defaults.ts';
import { toByteString } from '../../system/bytes.ts';
import type { System } from '../../system/system.ts';
import type { AwsVariables, KnownProfiles } from '../settings.ts';
import { configSections, type IniSection, type IniSections, parseIni } from './ini.ts';
import { profileFiles } from './profile-files.ts';

export type Profile = IniSection;

export class Profiles implements KnownProfiles {
  readonly exist: boolean;
  readonly #config: IniSections;
  readonly #credentials: IniSections;

  constructor(config: string | undefined, credentials: string | undefined) {
    this.exist = config !== undefined || credentials !== undefined;
    this.#config = configSections(parseIni(config ?? ''));
    this.#credentials = parseIni(credentials ?? '');
  }

  /** Merges both files; the credentials file wins. `undefined` where neither has settings of that name. */
  find(name: string): Profile | undefined {
    const [config, credentials] = [this.#config.get(name), this.#credentials.get(name)];
    if (config === undefined || credentials === undefined) return config ?? credentials;
    return Object.assign(Object.create(null), config, credentials);
  }

  /** The endpoints of a `services` section; none where there is no such section. */
  services(name: string | undefined): Profile {
    return (name === undefined ? undefined : this.#config.get(`services.${name}`)) ?? {};
  }
}

/** A file that cannot be read counts as absent, as it does for the SDK. Throws `configuration` for one that is too large. */
export function readProfiles(variables: AwsVariables, system: System): Profiles {
  const [config, credentials] = profileFiles(variables);
  return new Profiles(read(config, system), read(credentials, system));
}

function read(path: string, system: System): string | undefined {
  const bytes = readBytes(path, system);
  if (bytes === undefined) return undefined;
  if (bytes.length <= MAX_PROFILES_BYTES) return new TextDecoder().decode(bytes);
  throw new EnvsealError('configuration', `${path} is over ${MAX_PROFILES_BYTES} bytes`, {
    hint: 'check AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE',
  });
}

function readBytes(path: string, system: System): Uint8Array | undefined {
  const file = toByteString(path);
  if (!system.isReadable(file)) return undefined;
  try {
    return system.readFile(file, MAX_PROFILES_BYTES + 1);
  } catch {
    // A directory, for one.
    return undefined;
  }
}
