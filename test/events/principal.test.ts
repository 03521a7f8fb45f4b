import { describe, expect, test } from 'vitest';
import { principalOfAws, principalOfGoogle } from '../../src/events/principal.ts';
import { Secret } from '../../src/secret.ts';

const CANARY = 'xQ7Zj0Kw9Vb3Gy+/xQ7Zj0Kw9Vb3Gy+/xQ7Zj0Kw';
const ROLE = 'arn:aws:iam::111122223333:role/team/snacks';
const KEY_ID = 'ASIAIOSFODNN7EXAMPLE';

function credentials(origin: string, more = {}) {
  const [secretAccessKey, sessionToken] = [new Secret(CANARY), new Secret(CANARY)];
  return { origin, accessKeyId: KEY_ID, secretAccessKey, sessionToken, ...more };
}

describe('at AWS it is', () => {
  test('the role of a web identity', () => {
    const principal = principalOfAws(credentials('web identity'), { AWS_ROLE_ARN: ROLE });
    expect(principal).toEqual({ origin: 'web identity', name: ROLE });
  });

  test('the role of a profile', () => {
    const principal = principalOfAws(credentials('profile'), { AWS_ROLE_ARN: 'other' }, { role_arn: ROLE });
    expect(principal).toEqual({ origin: 'profile', name: ROLE });
  });

  test('the role that the credentials say', () => {
    const principal = principalOfAws(credentials('container', { principal: ROLE }), {});
    expect(principal).toEqual({ origin: 'container', name: ROLE });
  });

  test.each(['environment', 'profile', 'web identity', 'container', 'instance metadata', 'assumed role'])(
    'else the id of the access key: %s',
    (origin) => {
      expect(principalOfAws(credentials(origin), {})).toEqual({ origin, name: KEY_ID });
    },
  );

  test('not a role that other credentials do not have', () => {
    const principal = principalOfAws(credentials('environment'), { AWS_ROLE_ARN: ROLE }, { role_arn: ROLE });
    expect(principal.name).toBe(KEY_ID);
  });

  test('nobody where secrets are put in the place of names', () => {
    const swapped = { ...credentials('web identity', { principal: CANARY }), accessKeyId: CANARY };
    for (const origin of ['web identity', 'profile', 'environment']) {
      const principal = principalOfAws(
        { ...swapped, origin },
        { AWS_ROLE_ARN: CANARY },
        { role_arn: CANARY },
      );
      expect(principal).toEqual({ origin, name: null });
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

test('no secret is told', () => {
  const told = JSON.stringify(principalOfAws(credentials('environment'), {}));
  expect(told).not.toContain(CANARY);
  expect(told).not.toContain('redacted');
});
