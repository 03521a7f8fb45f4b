import { EnvsealError } from '../errors.ts';
import { type AwsService, endpointVariable } from './aws-settings.ts';

/** The endpoint that the user set for a service. Throws `configuration`; a URL that is refused is not shown. */
export function parseEndpoint(text: string, service: AwsService): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username + url.password === '') return url;
  throw new EnvsealError('configuration', `the ${service.toUpperCase()} endpoint is no URL`, {
    hint: `use ${endpointVariable(service)}=https://HOST, without user and password`,
  });
}
