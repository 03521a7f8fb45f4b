/** Endpoints of Google Cloud's services. Pure. */
import { EnvsealError } from '../errors.ts';

export type GoogleService = 'storage' | 'cloudkms' | 'logging';

export type GoogleVariables = Readonly<Record<string, string | undefined>>;

export const DEFAULT_UNIVERSE = 'googleapis.com';

/** What the paths of the small client start with, and what gcloud's own endpoints end with. */
const BASE_PATHS: Readonly<Record<GoogleService, string>> = {
  storage: '/storage/v1',
  cloudkms: '/v1',
  logging: '/v2',
};

/**
 * The service's base URL without its version. gcloud's properties are obeyed:
 * https://docs.cloud.google.com/sdk/gcloud/reference/config/set#api_endpoint_overrides. Throws `configuration`; a URL
 * that is refused is not shown.
 */
export function googleEndpoint(service: GoogleService, variables: GoogleVariables): URL {
  const name = `CLOUDSDK_API_ENDPOINT_OVERRIDES_${service.toUpperCase()}`;
  const text = variables[name] || `https://${service}.${universeOf(variables)}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username + url.password !== '') {
    throw new EnvsealError('configuration', `invalid endpoint in ${name}`, {
      hint: `use ${name}=https://HOST, without user and password`,
    });
  }
  const path = url.pathname.replace(/\/$/, '');
  url.pathname = path.endsWith(BASE_PATHS[service]) ? path.slice(0, -BASE_PATHS[service].length) : path;
  return url;
}

/** https://docs.cloud.google.com/docs/authentication/application-default-credentials */
export function universeOf(variables: GoogleVariables): string {
  return variables.GOOGLE_CLOUD_UNIVERSE_DOMAIN || DEFAULT_UNIVERSE;
}

/** In a universe of its own, authentication has rules that only the SDKs know. */
export function isDefaultUniverse(variables: GoogleVariables): boolean {
  return universeOf(variables) === DEFAULT_UNIVERSE;
}

/** The URL of a method: `path` is encoded already. */
export function googleUrl(service: GoogleService, path: string, variables: GoogleVariables): URL {
  const url = googleEndpoint(service, variables);
  url.pathname = `${url.pathname.replace(/\/$/, '')}${BASE_PATHS[service]}/${path}`;
  return url;
}
