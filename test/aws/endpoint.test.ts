/** `serviceEndpoint` against the official SDKs, in every region. */
import { KMSClient } from '@aws-sdk/client-kms';
import { STSClient } from '@aws-sdk/nested-clients/sts';
import { describe, expect, test } from 'vitest';
import { serviceEndpoint } from '../../src/aws/endpoint.ts';
import { COMING_REGIONS, REGIONS } from './regions.ts';

const options = { region: 'us-east-1', credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' } };
const CLIENTS = { kms: new KMSClient(options), sts: new STSClient(options) };

/** `undefined` where the SDK refuses: no FIPS or dual stack in this partition. */
function hostBySdk(
  service: 'kms' | 'sts',
  region: string,
  { useFips, useDualStack }: Record<'useFips' | 'useDualStack', boolean>,
): string | undefined {
  const parameters = { Region: region, UseFIPS: useFips, UseDualStack: useDualStack };
  try {
    const { endpointProvider } = CLIENTS[service].config;
    return endpointProvider(parameters).url.host;
  } catch {
    return undefined;
  }
}

describe.each(['kms', 'sts'] as const)('%s is where the SDK finds it', (service) => {
  test.each([
    { useFips: false, useDualStack: false },
    { useFips: true, useDualStack: false },
    { useFips: false, useDualStack: true },
    { useFips: true, useDualStack: true },
  ])('with FIPS $useFips and dual stack $useDualStack', (options) => {
    const regions = [...REGIONS.filter((region) => !region.endsWith('-global')), ...COMING_REGIONS];
    const known = regions.filter((region) => hostBySdk(service, region, options) !== undefined);
    expect(known).toContain('us-gov-west-1');
    const settings = { ...options, endpointOf: () => undefined };
    expect(known.map((region) => serviceEndpoint(service, region, settings).host)).toEqual(
      known.map((region) => hostBySdk(service, region, options)),
    );
  });
});

test('the endpoint that the user set wins', () => {
  const settings = { useFips: true, useDualStack: true, endpointOf: () => 'https://kms.test:8443/base' };
  expect(serviceEndpoint('kms', 'us-east-1', settings).href).toBe('https://kms.test:8443/base');
});
