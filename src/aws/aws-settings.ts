/** AWS's own variables and profile settings. https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html */
import { toByteString } from '../system/bytes.ts';
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
  /** The profile that AWS_PROFILE names; its settings are `undefined` where the files have none of that name. */
  readonly profile: { readonly name: string; readonly settings: Profile | undefined };
  /** The endpoint set for a service, or for all. */
  endpointOf(service: AwsService): string | undefined;
}

export type AwsService = 's3' | 'kms' | 'sts' | 'logs';

/** As AWS names its services in variables and profiles. https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html */
const IDENTIFIERS: Readonly<Record<AwsService, string>> = {
  s3: 's3',
  kms: 'kms',
  sts: 'sts',
  logs: 'cloudwatch_logs',
};

/** The variable with the endpoint of a service. */
export function endpointVariable(service: AwsService): string {
  return `AWS_ENDPOINT_URL_${IDENTIFIERS[service].toUpperCase()}`;
}

export type AwsVariables = Readonly<Record<string, string | undefined>>;

type Profile = Readonly<Record<string, string | undefined>>;

/** A variable wins over the profile. The profile's files are parsed, by the official parser, only where they exist. */
export async function readAwsSettings(variables: AwsVariables, system: System): Promise<AwsSettings> {
  const configFile = variables.AWS_CONFIG_FILE ?? `${variables.HOME ?? ''}/.aws/config`;
  const credentialsFile = variables.AWS_SHARED_CREDENTIALS_FILE ?? `${variables.HOME ?? ''}/.aws/credentials`;
  const hasProfiles =
    system.isReadable(toByteString(configFile)) || system.isReadable(toByteString(credentialsFile));
  const name = variables.AWS_PROFILE || 'default';
  const found = hasProfiles ? await readProfile(name) : NO_PROFILE;
  const { profile = {}, services } = found;
  const ignoresEndpoints =
    (variables.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS ?? profile.ignore_configured_endpoint_urls) === 'true';
  return {
    region: variables.AWS_REGION || variables.AWS_DEFAULT_REGION || profile.region,
    useFips: (variables.AWS_USE_FIPS_ENDPOINT ?? profile.use_fips_endpoint) === 'true',
    useDualStack: (variables.AWS_USE_DUALSTACK_ENDPOINT ?? profile.use_dualstack_endpoint) === 'true',
    caFile: variables.AWS_CA_BUNDLE || profile.ca_bundle,
    addressingStyle: profile['s3.addressing_style'],
    hasProfiles,
    profile: { name, settings: found.profile },
    endpointOf(service) {
      if (ignoresEndpoints) return undefined;
      return (
        variables[endpointVariable(service)] ||
        variables.AWS_ENDPOINT_URL ||
        services[`${IDENTIFIERS[service]}.endpoint_url`] ||
        profile.endpoint_url
      );
    },
  };
}

interface FoundProfile {
  readonly profile: Profile | undefined;
  readonly services: Profile;
}

const NO_PROFILE: FoundProfile = { profile: undefined, services: {} };

async function readProfile(name: string): Promise<FoundProfile> {
  const { loadSharedConfigFiles } = await import('@smithy/core/config');
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  const known = name in configFile || name in credentialsFile;
  const profile = known ? { ...configFile[name], ...credentialsFile[name] } : undefined;
  const services = profile?.services === undefined ? {} : (configFile[`services.${profile.services}`] ?? {});
  return { profile, services };
}
