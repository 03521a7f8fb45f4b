/** Cloud KMS directly and through the official SDK: the same plaintext, or the same error, for each ciphertext. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EnvsealError } from '../../src/errors.ts';
import { GoogleClient } from '../../src/gcp/client.ts';
import { decryptDirectly } from '../../src/keys/cloud-kms.ts';
import type { CloudKmsCiphertext } from '../../src/keys/cloud-kms-answers.ts';
import { decryptThroughSdk } from '../../src/keys/cloud-kms-sdk.ts';
import { Deadline } from '../../src/net/deadline.ts';
import { Http } from '../../src/net/http.ts';
import { nodeSystem as system } from '../../src/system/node/system.ts';
import { accessToken, SERVICE_ACCOUNT } from '../servers/google/access-tokens.ts';
import { send } from '../servers/raw-client.ts';
import {
  CLOUD_KMS_KEY,
  type CloudKmsServer,
  cloudKmsKeyVersion,
  type FaultRule,
  OTHER_CLOUD_KMS_KEY,
  startCloudKms,
} from '../servers/start.ts';

const PLAINTEXT = 'A=canary\n';
const WAYS = { directly: decryptDirectly, 'through the SDK': decryptThroughSdk } as const;

let kms: CloudKmsServer;

beforeAll(async () => {
  kms = await startCloudKms();
  // Loaded here, so that no short deadline below is spent on it.
  await import('@google-cloud/kms');
});
afterAll(() => kms.stop());
beforeEach(() => kms.reset());

interface Case {
  readonly input?: Partial<CloudKmsCiphertext>;
  /** Bound to the ciphertext. */
  readonly boundTo?: string;
  readonly plaintext?: string;
  readonly token?: string;
  readonly fault?: FaultRule;
  readonly seconds?: number;
  readonly prepare?: () => Promise<unknown>;
}

async function encrypt(plaintext: string, boundTo = '', name = CLOUD_KMS_KEY): Promise<Buffer> {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const { body } = await send({
    url: `${kms.url}/v1/${name}:encrypt`,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken()}` },
    body: JSON.stringify({ plaintext: base64(plaintext), additionalAuthenticatedData: base64(boundTo) }),
  });
  return Buffer.from(JSON.parse(body.toString()).ciphertext, 'base64');
}

async function outcome(way: keyof typeof WAYS, input: CloudKmsCiphertext, given: Case): Promise<unknown> {
  const variables = {
    GOOGLE_OAUTH_ACCESS_TOKEN: given.token ?? accessToken(),
    CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: kms.url,
  };
  const http = new Http({ system, variables, allowInsecureEndpoint: false });
  const deadline = new Deadline(given.seconds ?? 30);
  const client = new GoogleClient({ variables, http, deadline, system, userAgent: 'envseal/test' });
  try {
    return Buffer.from(await WAYS[way](input, client)).toString();
  } catch (error) {
    if (!(error instanceof EnvsealError)) return error;
    const { code, message, retryable } = error;
    expect(`${message} ${error.hint}`).not.toContain('canary');
    // The wording differs for why a connection broke.
    return code === 'unreachable' ? { code } : { code, message, hint: error.hint, retryable };
  } finally {
    deadline.clear();
  }
}

async function both(given: Case): Promise<unknown> {
  const ciphertext = await encrypt(given.plaintext ?? PLAINTEXT, given.boundTo);
  const input = { ciphertext, key: CLOUD_KMS_KEY, subject: 'gs://snacks/env', ...given.input };
  await given.prepare?.();
  if (given.fault !== undefined) await kms.fault({ ...given.fault, count: 'always' });
  const directly = await outcome('directly', input, given);
  expect(await outcome('through the SDK', input, given)).toEqual(directly);
  return directly;
}

describe('the same plaintext', () => {
  test.for<[string, Case, string]>([
    ['of a ciphertext', {}, PLAINTEXT],
    ['that is empty', { plaintext: '' }, ''],
    ['of 64 KiB', { plaintext: 'A'.repeat(65_536) }, 'A'.repeat(65_536)],
    ['with the key that a version is of', { input: { key: cloudKmsKeyVersion(1) } }, PLAINTEXT],
    [
      'with additional data',
      { boundTo: 'dev/env', input: { additionalData: Buffer.from('dev/env') } },
      PLAINTEXT,
    ],
    ['with empty additional data', { input: { additionalData: Buffer.alloc(0) } }, PLAINTEXT],
    ['after a throttled try', { prepare: () => kms.fault({ status: 429, count: 1 }) }, PLAINTEXT],
  ])('%s', async ([, given, expected]) => {
    expect(await both(given)).toBe(expected);
  });
});

describe('the same error', () => {
  const useToDecrypt = 'cloudkms.cryptoKeyVersions.useToDecrypt';

  test.for<[string, Case, string]>([
    ['changed bytes', { input: { ciphertext: Buffer.from('no ciphertext') } }, 'corrupt'],
    ['other additional data', { boundTo: 'dev', input: { additionalData: Buffer.from('prod') } }, 'corrupt'],
    ['no additional data', { boundTo: 'dev' }, 'corrupt'],
    ['another key', { input: { key: OTHER_CLOUD_KMS_KEY } }, 'wrong_key'],
    ['no such key', { input: { key: `${CLOUD_KMS_KEY}x` } }, 'key_unavailable'],
    ['an invalid key name', { input: { key: 'projects/../x' } }, 'malformed'],
    ['what leads elsewhere', { input: { key: `${CLOUD_KMS_KEY}/../../other` } }, 'malformed'],
    [
      'a disabled version',
      { prepare: () => kms.versionState(cloudKmsKeyVersion(2), 'DISABLED') },
      'key_unavailable',
    ],
    [
      'a destroyed version',
      { prepare: () => kms.versionState(cloudKmsKeyVersion(2), 'DESTROYED') },
      'key_unavailable',
    ],
    ['denied', { prepare: () => kms.deny(useToDecrypt, CLOUD_KMS_KEY, [SERVICE_ACCOUNT]) }, 'denied'],
    ['a perimeter', { fault: { status: 403, code: 'SECURITY_POLICY_VIOLATED' } }, 'denied'],
    ['an API that is disabled', { fault: { status: 403, code: 'SERVICE_DISABLED' } }, 'configuration'],
    [
      'a token without the scope',
      { token: accessToken({ scopes: ['https://www.googleapis.com/auth/compute'] }) },
      'denied',
    ],
    ['a forged token', { token: 'forged' }, 'credentials'],
    ['an expired token', { fault: { status: 401, code: 'ACCESS_TOKEN_EXPIRED' } }, 'credentials'],
    ['a quota', { fault: { status: 429, code: 'RATE_LIMIT_EXCEEDED' }, seconds: 2 }, 'throttled'],
    ['a server that fails', { fault: { status: 503, code: 'x' }, seconds: 2 }, 'unreachable'],
    ['a server that hangs', { fault: { hang: true }, seconds: 0.5 }, 'timeout'],
  ])('%s', async ([, given, code]) => {
    expect(await both(given)).toMatchObject({ code });
  });

  test.each(['directly', 'through the SDK'] as const)(
    'a plaintext that was changed in transit, %s',
    async (way) => {
      const input = { ciphertext: await encrypt(PLAINTEXT), key: CLOUD_KMS_KEY, subject: 'gs://snacks/env' };
      await kms.wrongPlaintextChecksum();
      expect(await outcome(way, input, {})).toMatchObject({ code: 'corrupt' });
    },
  );
});
