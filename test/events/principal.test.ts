import { describe, expect, test } from 'vitest';
import type { AwsClient } from '../../src/aws/client.ts';
import { credentialChain } from '../../src/aws/credentials/credentials.ts';
import { readAwsSettings } from '../../src/aws/read-settings.ts';
import { principalOfAws, principalOfGoogle } from '../../src/events/principal.ts';
import { Secret } from '../../src/secret.ts';
import { nodeSystem } from '../../src/system/node/system.ts';

const CANARY = 'xQ7Zj0Kw9Vb3Gy+/xQ7Zj0Kw9Vb3Gy+/xQ7Zj0Kw';
const ROLE = 'arn:aws:iam::111122223333:role/team/snacks';
const KEY_ID = 'ASIAIOSFODNN7EXAMPLE';

function credentials(origin: string, more = {}) {
  const [secretAccessKey, sessionToken] = [new Secret(CANARY), new Secret(CANARY)];
  return { origin, accessKeyId: KEY_ID, secretAccessKey, sessionToken, ...more };
}

describe('at AWS it is', () => {
  test.each(['web identity', 'profile', 'container'])(
    'the role that the credentials are of: %s',
    (origin) => {
      const principal = principalOfAws(credentials(origin, { principal: ROLE }));
      expect(principal).toEqual({ origin, name: ROLE });
    },
  );

  test.each(['environment', 'profile', 'web identity', 'container', 'instance metadata', 'assumed role'])(
    'else the id of the access key: %s',
    (origin) => {
      expect(principalOfAws(credentials(origin))).toEqual({ origin, name: KEY_ID });
    },
  );

  test('not a role that other credentials do not have', async () => {
    const variables = {
      AWS_ACCESS_KEY_ID: KEY_ID,
      AWS_SECRET_ACCESS_KEY: CANARY,
      AWS_ROLE_ARN: ROLE,
      HOME: '/nonexistent',
    };
    const settings = await readAwsSettings(variables, nodeSystem);
    const profile = { name: 'default', settings: { role_arn: ROLE } };
    const client = { variables, settings: { ...settings, profile } } as unknown as AwsClient;
    expect(principalOfAws(await credentialChain(client)()).name).toBe(KEY_ID);
  });

  test('no principal if secrets are in place of names', () => {
    const swapped = { ...credentials('web identity', { principal: CANARY }), accessKeyId: CANARY };
    for (const origin of ['web identity', 'profile', 'environment']) {
      expect(principalOfAws({ ...swapped, origin })).toEqual({ origin, name: null });
    }
  });
});

describe('at Google Cloud it is', () => {
  const token = new Secret(CANARY);

  test('whom the credential file names', () => {
    const principal = 'snacks@shop.iam.gserviceaccount.com';
    const told = principalOfGoogle({ token, origin: 'credential file', principal } as never);
    expect(told).toEqual({ origin: 'credential file', name: principal });
  });

  test('not known of a bare token', () => {
    const told = principalOfGoogle({ token, origin: 'environment', principal: undefined } as never);
    expect(told).toEqual({ origin: 'environment', name: null });
  });
});

test('no secret is reported', () => {
  const told = JSON.stringify(principalOfAws(credentials('environment')));
  expect(told).not.toContain(CANARY);
  expect(told).not.toContain('redacted');
});
