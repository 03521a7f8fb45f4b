/** Data keys wrapped with each kind of key, and unwrapped again by what opens files. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AwsClient } from '../../src/aws/client.ts';
import { credentialChain } from '../../src/aws/credentials/credentials.ts';
import { readAwsSettings } from '../../src/aws/read-settings.ts';
import { EnvsealError } from '../../src/errors.ts';
import { GoogleClient } from '../../src/gcp/client.ts';
import { ageUnwrapper } from '../../src/keys/age/age.ts';
import { unwrapWithAws } from '../../src/keys/aws-kms.ts';
import { decryptWithCloudKms } from '../../src/keys/cloud-kms.ts';
import { encryptDirectly } from '../../src/keys/cloud-kms-encrypt.ts';
import { checkCiphertext } from '../../src/keys/cloud-kms-encrypt-answers.ts';
import { encryptThroughSdk } from '../../src/keys/cloud-kms-sdk.ts';
import type { KeyToWrapWith, WrappedKey } from '../../src/keys/kinds.ts';
import { parseKeyToWrapWith, wrapWith } from '../../src/keys/wrap.ts';
import { Deadline } from '../../src/net/deadline.ts';
import { Http } from '../../src/net/http.ts';
import { crc32c } from '../../src/system/crc.ts';
import { nodeSystem as system } from '../../src/system/node/system.ts';
import { describeReal } from '../real/available.ts';
import { startMoto } from '../real/start.ts';
import { A, identities } from '../sealing/sops/age-keys.ts';
import { accessToken, SERVICE_ACCOUNT } from '../servers/google/access-tokens.ts';
import {
  ACCESS_KEY_ID,
  CLOUD_KMS_KEY,
  type CloudKmsServer,
  cloudKmsKeyVersion,
  type FaultRule,
  KMS_ALIAS,
  type KmsServer,
  kmsKeyArn,
  SECRET_ACCESS_KEY,
  type StsServer,
  startCloudKms,
  startKms,
  startSts,
} from '../servers/start.ts';

const DATA_KEY = new Uint8Array(32).map((_, i) => i * 7 + 1);
const PIECES = [Buffer.from(DATA_KEY).toString('base64'), Buffer.from(DATA_KEY).toString('hex')];

interface Clients {
  aws(): Promise<AwsClient>;
  google(): Promise<GoogleClient>;
}

async function withClients<T>(
  variables: Readonly<Record<string, string>>,
  use: (clients: Clients) => Promise<T>,
  seconds = 30,
): Promise<T> {
  const deadline = new Deadline(seconds);
  const http = new Http({ system, variables, allowInsecureEndpoint: false });
  const common = { variables, http, deadline, system, userAgent: 'envseal/test' };
  return await use({
    aws: async () =>
      new AwsClient({
        ...common,
        chain: credentialChain,
        settings: await readAwsSettings(variables, system),
      }),
    google: async () => new GoogleClient(common),
  }).finally(() => deadline.clear());
}

/** What the error says, without the data key in any of it. */
async function failure(promise: Promise<unknown>): Promise<{ code: string; text: string }> {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof EnvsealError)) throw error;
    const text = `${error.message}; ${error.hint}`;
    for (const piece of PIECES) expect(`${text} ${error.stack}`).not.toContain(piece);
    return { code: error.code, text };
  }
  return { code: 'no failure', text: '' };
}

const AWS_SERVERS = {
  'our own': { needs: [], start: startOwnAws },
  moto: { needs: 'moto', start: startMotoAws },
} as const;

interface AwsServer extends AsyncDisposable {
  readonly variables: Readonly<Record<string, string>>;
  readonly key: string;
  readonly role: string;
}

function awsVariables(kms: string, sts: string, id: string, secret: string): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: id,
    AWS_SECRET_ACCESS_KEY: secret,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_KMS: kms,
    AWS_ENDPOINT_URL_STS: sts,
    HOME: '/nonexistent',
  };
}

async function startOwnAws(): Promise<AwsServer> {
  const [kms, sts] = await Promise.all([startKms(), startSts()]);
  const role = 'arn:aws:iam::111122223333:role/sealer';
  await kms.accessKey(await sts.role({ arn: role, trustedAccessKeys: [ACCESS_KEY_ID] }));
  return {
    variables: awsVariables(kms.url, sts.url, ACCESS_KEY_ID, SECRET_ACCESS_KEY),
    key: kmsKeyArn(),
    role,
    [Symbol.asyncDispose]: async () => void (await Promise.all([kms.stop(), sts.stop()])),
  };
}

async function startMotoAws(): Promise<AwsServer> {
  const moto = await startMoto();
  const { endpoint, accessKeyId, secretAccessKey, kmsKeyA, role } = moto;
  return {
    variables: awsVariables(endpoint, endpoint, accessKeyId, secretAccessKey),
    key: kmsKeyA,
    role,
    [Symbol.asyncDispose]: () => moto[Symbol.asyncDispose](),
  };
}

type AwsWrappedKey = Extract<WrappedKey, { kind: 'aws-kms' }>;

for (const [name, { needs, start }] of Object.entries(AWS_SERVERS)) {
  describeReal(needs, `with a key of AWS KMS of ${name}`, () => {
    let server: AwsServer;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server?.[Symbol.asyncDispose]());

    const roundTrip = (
      key: KeyToWrapWith,
      change: (wrapped: AwsWrappedKey) => AwsWrappedKey = (same) => same,
    ) =>
      withClients(server.variables, async (clients) => {
        const wrapped = (await wrapWith(clients)(DATA_KEY, key)) as AwsWrappedKey;
        const { plaintext } = await unwrapWithAws(change(wrapped), await clients.aws());
        expect(Buffer.from(plaintext).equals(DATA_KEY)).toBe(true);
        return wrapped;
      });

    test('by its ARN and by its id, the ARN is what the file gets', async () => {
      for (const text of [server.key, server.key.replace(/.*\//, '')]) {
        const wrapped = await roundTrip(parseKeyToWrapWith(text, {}));
        expect(wrapped).toMatchObject({ kind: 'aws-kms', key: server.key, context: {} });
        expect(Buffer.from(wrapped.wrapped).includes(DATA_KEY)).toBe(false);
      }
    });

    test('it is bound to its context', async () => {
      const key = parseKeyToWrapWith(server.key, { source: 's3://snacks/dev' });
      expect((await roundTrip(key)).context).toEqual({ source: 's3://snacks/dev' });
      for (const context of [{}, { source: 's3://snacks/prod' }])
        expect((await failure(roundTrip(key, (wrapped) => ({ ...wrapped, context })))).code).toBe('corrupt');
    });

    test('as a role, which is in the file', async () => {
      const wrapped = await roundTrip(parseKeyToWrapWith(`${server.key}+${server.role}`, {}));
      expect(wrapped.role).toBe(server.role);
    });
  });
}

describe('with a key of AWS KMS', () => {
  let kms: KmsServer;
  let sts: StsServer;
  let variables: Record<string, string>;
  const arn = kmsKeyArn();

  beforeAll(async () => {
    [kms, sts] = await Promise.all([startKms(), startSts()]);
    variables = awsVariables(kms.url, sts.url, ACCESS_KEY_ID, SECRET_ACCESS_KEY);
  });
  afterAll(() => Promise.all([kms.stop(), sts.stop()]));
  beforeEach(() => Promise.all([kms.reset(), sts.reset()]));

  const wrap = (text: string, more: Record<string, string> = {}, seconds?: number) =>
    withClients(
      { ...variables, ...more },
      (clients) => wrapWith(clients)(DATA_KEY, parseKeyToWrapWith(text, {})),
      seconds,
    );

  test.each([arn.replace(/key\/.*/, KMS_ALIAS), KMS_ALIAS])('an alias becomes its key: %s', async (alias) => {
    expect(await wrap(alias)).toMatchObject({ key: arn });
  });

  test('the region of the ARN is the one that is asked, whatever AWS_REGION says', async () => {
    expect(await wrap(arn, { AWS_REGION: 'eu-central-1' })).toMatchObject({ key: arn });
  });

  test('one request wraps', async () => {
    await wrap(arn);
    expect((await kms.requests()).map(({ subject }) => subject)).toEqual(['Encrypt']);
  });

  test.each<[string, () => Promise<unknown>, string, RegExp]>([
    [
      'denied',
      () => kms.kmsKey({ arn, allow: { 'kms:Encrypt': [] } }),
      'denied',
      /kms:Encrypt on arn:aws:kms/,
    ],
    ['a disabled key', () => kms.kmsKey({ arn, state: 'Disabled' }), 'key_unavailable', /is disabled/],
    [
      'a key to be deleted',
      () => kms.kmsKey({ arn, state: 'PendingDeletion' }),
      'key_unavailable',
      /deletion/,
    ],
    ['a key that is gone', () => kms.kmsKey({ arn, state: 'NotFound' }), 'key_unavailable', /does not exist/],
    [
      'a key that only signs',
      () => kms.fault({ status: 400, code: 'InvalidKeyUsageException', count: 'always' }),
      'key_unavailable',
      /cannot encrypt; use a symmetric key/,
    ],
    [
      'an expired token',
      () => kms.fault({ status: 400, code: 'ExpiredTokenException', count: 'always' }),
      'credentials',
      /expired/,
    ],
  ])('%s', async (_, prepare, code, text) => {
    await prepare();
    const failed = await failure(wrap(arn));
    expect(failed.code).toBe(code);
    expect(failed.text).toMatch(text);
  });

  test.each<[string, FaultRule, string]>([
    ['a key that throttles', { status: 400, code: 'ThrottlingException' }, 'throttled'],
    ['a service that fails', { status: 500, code: 'KMSInternalException' }, 'unreachable'],
    ['a service that hangs', { hang: true }, 'timeout'],
  ])('%s', async (_, fault, code) => {
    await kms.fault({ ...fault, count: 'always' });
    expect((await failure(wrap(arn, {}, 0.5))).code).toBe(code);
  });

  test('a role that does not trust us', async () => {
    const role = 'arn:aws:iam::111122223333:role/other';
    await sts.role({ arn: role, trustedAccessKeys: [] });
    expect((await failure(wrap(`${arn}+${role}`))).code).toBe('denied');
  });
});

describe('with a key of Cloud KMS', () => {
  const WAYS = { directly: encryptDirectly, 'through the SDK': encryptThroughSdk } as const;
  const useToEncrypt = 'cloudkms.cryptoKeyVersions.useToEncrypt';
  let kms: CloudKmsServer;

  beforeAll(async () => {
    kms = await startCloudKms();
    await import('@google-cloud/kms');
  });
  afterAll(() => kms.stop());
  beforeEach(() => kms.reset());

  const variables = (token = accessToken()) => ({
    GOOGLE_OAUTH_ACCESS_TOKEN: token,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: kms.url,
  });
  const decrypt = (wrapped: Uint8Array, clients: Clients) =>
    clients
      .google()
      .then((client) =>
        decryptWithCloudKms({ ciphertext: wrapped, key: CLOUD_KMS_KEY, subject: 'x' }, client),
      );

  test.each([CLOUD_KMS_KEY, cloudKmsKeyVersion(1)])(
    'it opens, and the file gets the key without a version: %s',
    async (key) => {
      await withClients(variables(), async (clients) => {
        const wrapped = await wrapWith(clients)(DATA_KEY, parseKeyToWrapWith(key, { source: 'not for it' }));
        expect(wrapped).toMatchObject({ kind: 'cloud-kms', key: CLOUD_KMS_KEY });
        if (wrapped.kind !== 'cloud-kms') throw new Error('another kind');
        expect(Buffer.from(await decrypt(wrapped.wrapped, clients)).equals(DATA_KEY)).toBe(true);
      });
    },
  );

  interface Case {
    readonly key?: string;
    readonly token?: string;
    readonly fault?: FaultRule;
    readonly prepare?: () => Promise<unknown>;
    readonly seconds?: number;
  }

  const outcome = (way: keyof typeof WAYS, { key = CLOUD_KMS_KEY, token, seconds }: Case) =>
    withClients(
      variables(token),
      async (clients) => {
        const input = { plaintext: DATA_KEY, key, subject: 'the data key' };
        const encrypted = clients.google().then((client) => WAYS[way](input, client));
        const failed = await failure(encrypted);
        if (failed.code !== 'no failure')
          return failed.code === 'unreachable' ? { code: failed.code } : failed;
        return Buffer.from(await decrypt(await encrypted, clients)).toString('hex');
      },
      seconds,
    );

  test.for<[string, Case, string]>([
    ['no such key', { key: `${CLOUD_KMS_KEY}x` }, 'key_unavailable'],
    ['an invalid key name', { key: 'projects/../x' }, 'malformed'],
    ['what leads elsewhere', { key: `${CLOUD_KMS_KEY}/../../other` }, 'malformed'],
    [
      'a disabled version',
      { prepare: () => kms.versionState(cloudKmsKeyVersion(2), 'DISABLED') },
      'key_unavailable',
    ],
    ['denied', { prepare: () => kms.deny(useToEncrypt, CLOUD_KMS_KEY, [SERVICE_ACCOUNT]) }, 'denied'],
    ['a perimeter', { fault: { status: 403, code: 'SECURITY_POLICY_VIOLATED' } }, 'denied'],
    ['an API that is disabled', { fault: { status: 403, code: 'SERVICE_DISABLED' } }, 'configuration'],
    ['a forged token', { token: 'forged' }, 'credentials'],
    ['a quota', { fault: { status: 429, code: 'RATE_LIMIT_EXCEEDED' }, seconds: 2 }, 'throttled'],
    ['a server that fails', { fault: { status: 503, code: 'x' }, seconds: 2 }, 'unreachable'],
    ['a server that hangs', { fault: { hang: true }, seconds: 0.5 }, 'timeout'],
  ])('the same error both ways: %s', async ([, given, code]) => {
    await given.prepare?.();
    if (given.fault !== undefined) await kms.fault({ ...given.fault, count: 'always' });
    const directly = await outcome('directly', given);
    expect(directly).toMatchObject({ code });
    expect(await outcome('through the SDK', given)).toEqual(directly);
    if (code === 'denied' && given.prepare)
      expect(directly).toMatchObject({ text: expect.stringContaining(useToEncrypt) });
  });

  test('the same key both ways, also after a throttled try', async () => {
    for (const way of Object.keys(WAYS) as (keyof typeof WAYS)[]) {
      await kms.fault({ status: 429, count: 1 });
      expect(await outcome(way, {})).toBe(Buffer.from(DATA_KEY).toString('hex'));
    }
  });

  test.each<[string, object, string]>([
    ['no ciphertext', { ciphertext: undefined }, 'unreachable'],
    ['a ciphertext that is none', { ciphertext: 7 }, 'unreachable'],
    ['another ciphertext', { ciphertext: 'eHh4' }, 'corrupt'],
    ['no checksum', { ciphertextCrc32c: undefined }, 'corrupt'],
    ['a plaintext that was not checked', { verifiedPlaintextCrc32c: undefined }, 'corrupt'],
    ['a plaintext that was another', { verifiedPlaintextCrc32c: false }, 'corrupt'],
    ['as it was sent', {}, 'no failure'],
  ])('an answer with %s', async (_, change, code) => {
    const bytes = Buffer.from('wrapped');
    const answer = {
      ciphertext: bytes.toString('base64'),
      ciphertextCrc32c: String(crc32c(bytes)),
      verifiedPlaintextCrc32c: true,
      ...change,
    };
    const input = { plaintext: DATA_KEY, key: CLOUD_KMS_KEY, subject: 'the data key' };
    expect((await failure((async () => checkCiphertext(answer as object, input))())).code).toBe(code);
  });
});

describe('for an age recipient', () => {
  const none = {
    aws: () => Promise.reject(new Error('not needed')),
    google: () => Promise.reject(new Error('not needed')),
  };

  test('it opens, and no cloud is asked', async () => {
    const wrapped = await wrapWith(none)(DATA_KEY, parseKeyToWrapWith(A, {}));
    if (wrapped.kind !== 'age') throw new Error('another kind');
    expect(wrapped.key).toBe(A);
    const unwrap = ageUnwrapper({ variables: { SOPS_AGE_KEY: identities[0] as string }, system });
    expect(Buffer.from(await unwrap(wrapped)).equals(DATA_KEY)).toBe(true);
  });

  test('a mistyped one is refused', async () => {
    const wrong = parseKeyToWrapWith(`${A.slice(0, -1)}q`, {});
    expect((await failure(wrapWith(none)(DATA_KEY, wrong))).code).toBe('configuration');
  });
});
