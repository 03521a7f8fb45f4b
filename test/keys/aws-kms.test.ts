/** Keys of AWS KMS, against KMS and STS of two hands: our own test servers, which verify every signature, and moto. */

import { EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AwsClient } from '../../src/aws/client.ts';
import { type AwsCiphertext, decryptWithAws, unwrapWithAws } from '../../src/keys/aws-kms.ts';
import type { WrappedKey } from '../../src/keys/kinds.ts';
import { awsClient } from '../aws/client.ts';
import { describeReal } from '../real/available.ts';
import { startMoto } from '../real/start.ts';
import {
  ACCESS_KEY_ID,
  KMS_ALIAS,
  type KmsServer,
  kmsKeyArn,
  SECRET_ACCESS_KEY,
  type StsServer,
  startKms,
  startSts,
} from '../servers/start.ts';

const PLAINTEXT = Buffer.from('A=canary\n');
const REGION = 'us-east-1';

interface Endpoints {
  readonly kms: string;
  readonly sts: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

async function withClient<T>(
  { kms, sts, ...keys }: Endpoints,
  use: (client: AwsClient) => Promise<T>,
  { seconds = 30, more = {} }: { seconds?: number; more?: Record<string, string> } = {},
): Promise<T> {
  const variables = {
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_REGION: REGION,
    AWS_ENDPOINT_URL_KMS: kms,
    AWS_ENDPOINT_URL_STS: sts,
    HOME: '/nonexistent',
    ...more,
  };
  const client = awsClient(variables, { seconds });
  return await use(client).finally(() => client.deadline.clear());
}

async function encrypt(endpoints: Endpoints, KeyId: string, EncryptionContext = {}): Promise<Uint8Array> {
  const { kms: endpoint, accessKeyId, secretAccessKey } = endpoints;
  const client = new KMSClient({ endpoint, region: REGION, credentials: { accessKeyId, secretAccessKey } });
  const answer = await client.send(new EncryptCommand({ KeyId, Plaintext: PLAINTEXT, EncryptionContext }));
  client.destroy();
  return answer.CiphertextBlob as Uint8Array;
}

async function failure(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => 'no failure',
    (error: { code?: string; message: string; hint?: string }) => {
      expect(`${error.message} ${error.hint}`).not.toContain('canary');
      return error.code ?? String(error);
    },
  );
}

interface Server extends Endpoints, AsyncDisposable {
  readonly key: string;
  readonly otherKey: string;
  readonly role: string;
}

async function startOwn(): Promise<Server> {
  const [kms, sts] = await Promise.all([startKms(), startSts()]);
  const otherKey = kmsKeyArn().replace('1234abcd', '5678abcd');
  const role = 'arn:aws:iam::111122223333:role/opener';
  await kms.kmsKey({ arn: otherKey });
  await kms.accessKey(await sts.role({ arn: role, trustedAccessKeys: [ACCESS_KEY_ID] }));
  return {
    kms: kms.url,
    sts: sts.url,
    accessKeyId: ACCESS_KEY_ID,
    secretAccessKey: SECRET_ACCESS_KEY,
    key: kmsKeyArn(),
    otherKey,
    role,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([kms.stop(), sts.stop()]);
    },
  };
}

async function startMotoServer(): Promise<Server> {
  const moto = await startMoto();
  const { endpoint, accessKeyId, secretAccessKey, kmsKeyA, kmsKeyB, role } = moto;
  return {
    kms: endpoint,
    sts: endpoint,
    accessKeyId,
    secretAccessKey,
    key: kmsKeyA,
    otherKey: kmsKeyB,
    role,
    [Symbol.asyncDispose]: () => moto[Symbol.asyncDispose](),
  };
}

const SERVERS = {
  'our own': { start: startOwn, needs: [], otherKeyIs: 'wrong_key' },
  // AWS says IncorrectKeyException, moto AccessDeniedException.
  moto: { start: startMotoServer, needs: 'moto', otherKeyIs: 'denied' },
} as const;

for (const [name, row] of Object.entries(SERVERS)) {
  describeReal(row.needs, `AWS KMS of ${name}`, () => {
    let server: Server;

    beforeAll(async () => {
      server = await row.start();
    });
    afterAll(() => server?.[Symbol.asyncDispose]());

    async function decrypt(more: Partial<AwsCiphertext> & Pick<AwsCiphertext, 'ciphertext'>) {
      const input = { key: undefined, context: {}, region: REGION, subject: 's3://snacks/env', ...more };
      return await withClient(server, (client) => decryptWithAws(input, client));
    }

    test('opens what the SDK encrypted, and reports the key', async () => {
      const opened = await decrypt({ ciphertext: await encrypt(server, server.key) });
      expect(Buffer.from(opened.plaintext).equals(PLAINTEXT)).toBe(true);
      expect(opened.key).toBe(server.key);
    });

    test('opens it with its encryption context only', async () => {
      const ciphertext = await encrypt(server, server.key, { app: 'snacks' });
      const opened = await decrypt({ ciphertext, context: { app: 'snacks' } });
      expect(Buffer.from(opened.plaintext).equals(PLAINTEXT)).toBe(true);
      for (const context of [{}, { app: 'api' }, { app: 'snacks', more: '1' }])
        expect(await failure(decrypt({ ciphertext, context }))).toBe('corrupt');
    });

    test('refuses another key than the one that is asked for', async () => {
      const ciphertext = await encrypt(server, server.otherKey);
      expect(await failure(decrypt({ ciphertext, key: server.key }))).toBe(row.otherKeyIs);
    });

    test('refuses changed bytes', async () => {
      const ciphertext = Buffer.from(await encrypt(server, server.key));
      ciphertext.writeUInt8((ciphertext.at(-1) ?? 0) ^ 1, ciphertext.length - 1);
      expect(await failure(decrypt({ ciphertext }))).toBe('corrupt');
    });

    test('unwraps a data key as the role that the file names', async () => {
      const wrapped = wrappedKey({
        key: server.key,
        wrapped: await encrypt(server, server.key),
        role: server.role,
      });
      const { plaintext } = await withClient(server, (client) => unwrapWithAws(wrapped, client));
      expect(Buffer.from(plaintext).equals(PLAINTEXT)).toBe(true);
    });
  });
}

describe('what is refused', () => {
  let kms: KmsServer;
  let sts: StsServer;
  let endpoints: Endpoints;

  beforeAll(async () => {
    [kms, sts] = await Promise.all([startKms(), startSts()]);
    const keys = { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY };
    endpoints = { kms: kms.url, sts: sts.url, ...keys };
  });
  afterAll(() => Promise.all([kms.stop(), sts.stop()]));
  beforeEach(async () => {
    await Promise.all([kms.reset(), sts.reset()]);
    ciphertext = await encrypt(endpoints, arn);
  });

  let ciphertext: Uint8Array;
  const arn = kmsKeyArn();

  async function unwrap(more: Partial<AwsWrappedKey> = {}, options = {}): Promise<string> {
    const wrapped = wrappedKey({ key: arn, wrapped: ciphertext, ...more });
    const unwrapped = withClient(endpoints, (client) => unwrapWithAws(wrapped, client), options);
    return await failure(unwrapped);
  }

  test.each<[string, () => Promise<unknown>, string]>([
    ['denied', () => kms.kmsKey({ arn, allow: { 'kms:Decrypt': [] } }), 'denied'],
    ['a disabled key', () => kms.kmsKey({ arn, state: 'Disabled' }), 'key_unavailable'],
    ['a key to be deleted', () => kms.kmsKey({ arn, state: 'PendingDeletion' }), 'key_unavailable'],
    ['a key that is gone', () => kms.kmsKey({ arn, state: 'NotFound' }), 'key_unavailable'],
    [
      'an expired token',
      () => kms.fault({ status: 400, code: 'ExpiredTokenException', count: 'always' }),
      'credentials',
    ],
  ])('%s', async (_, prepare, code) => {
    await prepare();
    expect(await unwrap()).toBe(code);
  });

  test.each<[string, object, string]>([
    ['a key that throttles', { status: 400, code: 'ThrottlingException' }, 'throttled'],
    ['a service that fails', { status: 500, code: 'KMSInternalException' }, 'unreachable'],
    ['a service that hangs', { hang: true }, 'timeout'],
  ])('%s', async (_, fault, code) => {
    await kms.fault({ ...fault, count: 'always' });
    expect(await unwrap({}, { seconds: 2 })).toBe(code);
  });

  test('an answer without a plaintext', async () => {
    const more = { AWS_ENDPOINT_URL_KMS: sts.url };
    expect(await unwrap({}, { more, seconds: 2 })).toMatch(/configuration|unreachable/);
  });

  test('a role that does not trust us', async () => {
    const role = 'arn:aws:iam::111122223333:role/other';
    await sts.role({ arn: role, trustedAccessKeys: [] });
    expect(await unwrap({ role })).toBe('denied');
  });

  test('a role without a right on the key', async () => {
    const role = 'arn:aws:iam::111122223333:role/opener';
    await kms.accessKey(await sts.role({ arn: role }));
    await kms.kmsKey({ arn, allow: { 'kms:Decrypt': [ACCESS_KEY_ID] } });
    expect(await unwrap({ role })).toBe('denied');
    expect(await unwrap()).toBe('no failure');
  });

  test('a profile that this machine does not have is not missed', async () => {
    expect(await unwrap({ profile: 'workstation' })).toBe('no failure');
  });

  test('the alias of a key says which key it is', async () => {
    const alias = arn.replace(/key\/.*/, KMS_ALIAS);
    const wrapped = wrappedKey({ key: alias, wrapped: ciphertext });
    const { key } = await withClient(endpoints, (client) => unwrapWithAws(wrapped, client));
    expect(key).toBe(arn);
  });
});

type AwsWrappedKey = Extract<WrappedKey, { kind: 'aws-kms' }>;

function wrappedKey(key: Pick<AwsWrappedKey, 'key' | 'wrapped'> & Partial<AwsWrappedKey>): AwsWrappedKey {
  return { kind: 'aws-kms', context: {}, role: undefined, profile: undefined, ...key };
}
