/** AWS's own variables and profile settings. https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html */
import type { System } from '../system/system.ts';

export interface AwsSettings {
  readonly region: string | undefined;
  readonly useFips: boolean;
  readonly useDualStack: boolean;
  /** Path of PEM certificates. */
  readonly caFile: string | undefined;
  /** Of the profile's `s3` section. */
  readonly addressingStyle: string | undefined;
  readonly hasProfiles: boolean;
  /** The endpoint set for a service, or for all. */
  endpointOf(service: 's3' | 'kms'): string | undefined;
}

export type AwsVariables = Readonly<Record<string, string | undefined>>;

type Profile = Readonly<Record<string, string | undefined>>;

/** A variable wins over the profile. The profile's files are parsed, by the official parser, only where they exist. */
export async function readAwsSettings(variables: AwsVariables, system: System): Promise<AwsSettings> {
  const configFile = variables.AWS_CONFIG_FILE ?? `${variables.HOME ?? ''}/.aws/config`;
  const credentialsFile = variables.AWS_SHARED_CREDENTIALS_FILE ?? `${variables.HOME ?? ''}/.aws/credentials`;
  const hasProfiles = [configFile, credentialsFile].some((path) => exists(path, system));
  const { profile, services } = hasProfiles ? await readProfile(variables) : NO_PROFILE;
  const ignoresEndpoints =
    (variables.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS ?? profile.ignore_configured_endpoint_urls) === 'true';
  return {
    region: variables.AWS_REGION || variables.AWS_DEFAULT_REGION || profile.region,
    useFips: (variables.AWS_USE_FIPS_ENDPOINT ?? profile.use_fips_endpoint) === 'true',
    useDualStack: (variables.AWS_USE_DUALSTACK_ENDPOINT ?? profile.use_dualstack_endpoint) === 'true',
    caFile: variables.AWS_CA_BUNDLE || profile.ca_bundle,
    addressingStyle: profile['s3.addressing_style'],
    hasProfiles,
    endpointOf(service) {
      if (ignoresEndpoints) return undefined;
      return (
        variables[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ||
        variables.AWS_ENDPOINT_URL ||
        services[`${service}.endpoint_url`] ||
        profile.endpoint_url
      );
    },
  };
}

const NO_PROFILE: { profile: Profile; services: Profile } = { profile: {}, services: {} };

async function readProfile(variables: AwsVariables): Promise<{ profile: Profile; services: Profile }> {
  const { loadSharedConfigFiles } = await import('@smithy/core/config');
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  const name = variables.AWS_PROFILE || 'default';
  const profile = { ...configFile[name], ...credentialsFile[name] };
  const services = profile.services === undefined ? {} : (configFile[`services.${profile.services}`] ?? {});
  return { profile, services };
}

function exists(path: string, system: System): boolean {
  try {
    system.readFile(Buffer.from(path).toString('latin1'), 1);
    return true;
  } catch {
    return false;
  }
}
