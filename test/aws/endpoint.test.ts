/** `serviceEndpoint` against the official SDKs, in every region. */
import { KMSClient } from '@aws-sdk/client-kms';
import { STSClient } from '@aws-sdk/nested-clients/sts';
import { describe, expect, test } from 'vitest';
import { serviceEndpoint } from '../../src/aws/endpoint.ts';
import { COMING_REGIONS, REGIONS } from './regions.ts';

const options = { region: 'us-east-1', credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' } };
const CLIENTS = { kms: new KMSClient(options), sts: new STSClient(options) };

/** `undefined` where the SDK refuses: no FIPS in this partition. */
function hostBySdk(service: 'kms' | 'sts', region: string, useFips: boolean): string | undefined {
  const parameters = { Region: region, UseFIPS: useFips, UseDualStack: false };
  try {
    const { endpointProvider } = CLIENTS[service].config;
    return endpointProvider(parameters).url.host;
  } catch {
    return undefined;
  }
}

describe.each(['kms', 'sts'] as const)('%s is where the SDK finds it', (service) => {
  test.each([false, true])('with FIPS: %s', (useFips) => {
    const regions = [...REGIONS.filter((region) => !region.endsWith('-global')), ...COMING_REGIONS];
    const known = regions.filter((region) => hostBySdk(service, region, useFips) !== undefined);
    expect(known).toContain('us-gov-west-1');
    const settings = { useFips, endpointOf: () => undefined };
    expect(known.map((region) => serviceEndpoint(service, region, settings).host)).toEqual(
      known.map((region) => hostBySdk(service, region, useFips)),
    );
  });
});

test('the endpoint that the user set wins', () => {
  const settings = { useFips: true, endpointOf: () => 'https://kms.test:8443/base' };
  expect(serviceEndpoint('kms', 'us-east-1', settings).href).toBe('https://kms.test:8443/base');
});
