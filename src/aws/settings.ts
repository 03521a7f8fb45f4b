/** AWS's own variables and profile settings. https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html */
import type { IniSection as Profile } from './credentials/ini.ts';

export interface AwsSettings {
  readonly region: string | undefined;
  readonly useFips: boolean;
  readonly useDualStack: boolean;
  /** Path of PEM certificates. */
  readonly caFile: string | undefined;
  /** From the profile's `s3` section. */
  readonly addressingStyle: string | undefined;
  readonly profiles: KnownProfiles;
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

/** The contents of the files with profiles. */
export interface KnownProfiles {
  /** Whether one of the two files is there. */
  readonly exist: boolean;
  /** `undefined` where neither has settings of that name. */
  find(name: string): Profile | undefined;
  /** The endpoints of a `services` section; none where there is no such section. */
  services(name: string | undefined): Profile;
}

/** For when neither file exists. */
export const NO_PROFILES: KnownProfiles = {
  exist: false,
  find: () => undefined,
  services: () => ({}),
};

/** A variable wins over the profile. */
export function settingsOf(variables: AwsVariables, profiles: KnownProfiles): AwsSettings {
  const name = variables.AWS_PROFILE || 'default';
  const found = profiles.find(name);
  const profile = found ?? {};
  const services = profiles.services(profile.services);
  const ignoresEndpoints =
    (variables.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS ?? profile.ignore_configured_endpoint_urls) === 'true';
  return {
    region: variables.AWS_REGION || variables.AWS_DEFAULT_REGION || profile.region,
    useFips: (variables.AWS_USE_FIPS_ENDPOINT ?? profile.use_fips_endpoint) === 'true',
    useDualStack: (variables.AWS_USE_DUALSTACK_ENDPOINT ?? profile.use_dualstack_endpoint) === 'true',
    caFile: variables.AWS_CA_BUNDLE || profile.ca_bundle,
    addressingStyle: profile['s3.addressing_style'],
    profiles,
    profile: { name, settings: found },
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
