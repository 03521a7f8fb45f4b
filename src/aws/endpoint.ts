/** Endpoints of AWS services. Pure. */
import { EnvsealError } from '../errors.ts';
import { dnsSuffixOf, dualStackDnsSuffixOf } from './partitions.ts';
import { type AwsService, type AwsSettings, endpointVariable } from './settings.ts';

/**
 * For services with the usual host names, which S3 does not have. The endpoint that the user set wins. Throws
 * `configuration` as `parseEndpoint` does.
 */
export function serviceEndpoint(
  service: Exclude<AwsService, 's3'>,
  region: string,
  settings: Pick<AwsSettings, 'endpointOf' | 'useFips' | 'useDualStack'>,
): URL {
  const own = settings.endpointOf(service);
  if (own !== undefined) return parseEndpoint(own, service);
  if (settings.useDualStack) {
    const suffix = dualStackDnsSuffixOf(region) ?? 'api.aws';
    return new URL(`https://${service}${settings.useFips ? '-fips' : ''}.${region}.${suffix}`);
  }
  const fips = settings.useFips && !isFipsAnyway(service, region) ? '-fips' : '';
  return new URL(`https://${service}${fips}.${region}.${dnsSuffixOf(region) ?? 'amazonaws.com'}`);
}

/**
 * In GovCloud, the usual endpoint of these is the FIPS one.
 * https://github.com/boto/botocore/blob/develop/botocore/data/logs/2014-03-28/endpoint-rule-set-1.json
 * https://github.com/boto/botocore/blob/develop/botocore/data/sts/2011-06-15/endpoint-rule-set-1.json
 */
function isFipsAnyway(service: AwsService, region: string): boolean {
  return region.startsWith('us-gov-') && (service === 'logs' || service === 'sts');
}

/** The endpoint that the user set for a service. Throws `configuration`; a URL that is refused is not shown. */
export function parseEndpoint(text: string, service: AwsService): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username + url.password === '') return url;
  throw new EnvsealError('configuration', `invalid ${service.toUpperCase()} endpoint`, {
    hint: `use ${endpointVariable(service)}=https://HOST, without user and password`,
  });
}
