import { readFileSync } from 'node:fs';
import { KeyManagementServiceClient } from '@google-cloud/kms';
import { credentials as channel, Metadata } from '@grpc/grpc-js';
import { OAuth2Client } from 'google-auth-library';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { crc32c } from './cloud-kms/crc32c.ts';
import { CLOUD_PLATFORM_SCOPE, issueAccessToken, SERVICE_ACCOUNT } from './google/access-tokens.ts';
import { serviceAccountKey, signJwt, tokenIssuerKey } from './google/jwt.ts';
import { send } from './raw-client.ts';
import {
  CA_FILE,
  CLOUD_KMS_KEY,
  type CloudKmsServer,
  cloudKmsKeyVersion,
  OTHER_CLOUD_KMS_KEY,
  startCloudKms,
  type VersionState,
} from './start.ts';

const USE_TO_DECRYPT = 'cloudkms.cryptoKeyVersions.useToDecrypt';
const SECRET = Buffer.from('A=1\n');
const AAD = Buffer.from('dev/env');
const HOUR_MS = 3_600_000;

let kms: CloudKmsServer;

beforeAll(async () => {
  kms = await startCloudKms();
});
afterAll(() => kms.stop());
beforeEach(() => kms.reset());

function bearer({ scopes = [CLOUD_PLATFORM_SCOPE], lifeMs = HOUR_MS } = {}): string {
  const expiresAt = Date.now() + lifeMs;
  return `Bearer ${issueAccessToken({ principal: SERVICE_ACCOUNT, scopes, expiresAt })}`;
}

interface Call {
  readonly name?: string;
  readonly authorization?: string | null;
  readonly query?: string;
  readonly [field: string]: unknown;
}

async function call(
  verb: 'decrypt' | 'encrypt',
  { name = CLOUD_KMS_KEY, authorization, query = '', ...body }: Call,
) {
  const given = authorization === undefined ? bearer() : authorization;
  const reply = await send({
    url: `${kms.url}/v1/${name}:${verb}${query}`,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(given !== null && { authorization: given }) },
    body: JSON.stringify(body),
  });
  return { status: reply.status, ...JSON.parse(reply.body.toString()) };
}

async function describeResource(name: string) {
  const reply = await send({ url: `${kms.url}/v1/${name}`, headers: { authorization: bearer() } });
  return { status: reply.status, ...JSON.parse(reply.body.toString()) };
}

async function encrypted(name = CLOUD_KMS_KEY, more: object = {}): Promise<string> {
  const { ciphertext } = await call('encrypt', { name, plaintext: SECRET.toString('base64'), ...more });
  return ciphertext;
}

describe('a ciphertext', () => {
  test('opens again, and both answers say what was used', async () => {
    const sealed = await call('encrypt', { plaintext: SECRET.toString('base64') });
    expect(sealed).toEqual({
      status: 200,
      name: cloudKmsKeyVersion(2),
      ciphertext: expect.any(String),
      ciphertextCrc32c: String(crc32c(Buffer.from(sealed.ciphertext, 'base64'))),
      protectionLevel: 'SOFTWARE',
    });
    expect(await call('decrypt', { ciphertext: sealed.ciphertext })).toEqual({
      status: 200,
      plaintext: SECRET.toString('base64'),
      plaintextCrc32c: String(crc32c(SECRET)),
      usedPrimary: true,
      protectionLevel: 'SOFTWARE',
    });
  });

  test("begins as Google's do, and is 41 bytes longer inside", async () => {
    const bytes = Buffer.from(await encrypted(), 'base64');
    expect(bytes.toString('base64')).toMatch(/^CiQA/);
    expect(bytes.subarray(38, 41)).toEqual(Buffer.from([0x12, SECRET.length + 41, 0]));
    expect(bytes).toHaveLength(40 + SECRET.length + 41);
    await kms.key({ name: CLOUD_KMS_KEY, longIdentifier: true });
    const long = await encrypted();
    expect(long).toMatch(/^CiUA/);
    expect(await call('decrypt', { ciphertext: long })).toMatchObject({ status: 200 });
  });

  test('of a version that is not the primary one opens too', async () => {
    const old = await encrypted(cloudKmsKeyVersion(1));
    const { usedPrimary, status } = await call('decrypt', { ciphertext: old });
    expect({ status, usedPrimary }).toEqual({ status: 200, usedPrimary: undefined });
  });

  test('of nothing opens to no field at all, and to the checksum of nothing', async () => {
    const { ciphertext } = await call('encrypt', { plaintext: '' });
    const opened = await call('decrypt', { ciphertext });
    expect(opened).toMatchObject({ status: 200, plaintextCrc32c: '0' });
    expect(opened).not.toHaveProperty('plaintext');
  });

  test('opens with its additional data in either alphabet of base64', async () => {
    const aad = Buffer.from([0xfb, 0xff]);
    const ciphertext = await encrypted(CLOUD_KMS_KEY, {
      additionalAuthenticatedData: aad.toString('base64'),
    });
    const urlSafe = { ciphertext, additionalAuthenticatedData: aad.toString('base64url') };
    expect(await call('decrypt', urlSafe)).toMatchObject({ status: 200 });
  });

  const INVALID = 'Decryption failed: the ciphertext is invalid.';

  test.each<[string, (ciphertext: string) => Call, string]>([
    ['other data', (ciphertext) => ({ ciphertext, additionalAuthenticatedData: 'AAAA' }), INVALID],
    ['no data', (ciphertext) => ({ ciphertext }), INVALID],
    ['changed bytes', (ciphertext) => ({ ...withAad(ciphertext.replace(/....$/, 'AAAA')) }), INVALID],
    ['fewer bytes', (ciphertext) => withAad(ciphertext.slice(0, -4)), INVALID],
    ['bytes of something else', () => withAad(SECRET.toString('base64')), INVALID],
    [
      'another key',
      (ciphertext) => ({ ...withAad(ciphertext), name: OTHER_CLOUD_KMS_KEY }),
      "Decryption failed: verify that 'name' refers to the correct CryptoKey.",
    ],
  ])('does not open with %s', async (_, change, message) => {
    const ciphertext = await encrypted(CLOUD_KMS_KEY, {
      additionalAuthenticatedData: AAD.toString('base64'),
    });
    const { status, error } = await call('decrypt', change(ciphertext));
    expect({ status, error }).toEqual({
      status: 400,
      error: { code: 400, message, status: 'INVALID_ARGUMENT' },
    });
  });

  function withAad(ciphertext: string): Call {
    return { ciphertext, additionalAuthenticatedData: AAD.toString('base64') };
  }

  test.each<VersionState>(['DISABLED', 'DESTROYED', 'DESTROY_SCHEDULED'])(
    'does not open with a version that is %s',
    async (state) => {
      const ciphertext = await encrypted();
      const subject = cloudKmsKeyVersion(2);
      await kms.versionState(subject, state);
      const { error } = await call('decrypt', { ciphertext });
      expect(error).toEqual({
        code: 400,
        message: `${subject} is not enabled, current state is: ${state}.`,
        status: 'FAILED_PRECONDITION',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.PreconditionFailure',
            violations: [{ type: `KEY_${state}`, subject }],
          },
        ],
      });
      expect((await call('encrypt', { plaintext: '' })).error.status).toBe('FAILED_PRECONDITION');
    },
  );
});

describe('a checksum', () => {
  const TAMPERED = String(crc32c(SECRET) ^ 1);

  test('that is right is confirmed', async () => {
    const sealed = await call('encrypt', {
      plaintext: SECRET.toString('base64'),
      plaintextCrc32c: String(crc32c(SECRET)),
      additionalAuthenticatedData: AAD.toString('base64'),
      additionalAuthenticatedDataCrc32c: crc32c(AAD),
    });
    expect(sealed).toMatchObject({
      verifiedPlaintextCrc32c: true,
      verifiedAdditionalAuthenticatedDataCrc32c: true,
    });
    const opened = await call('decrypt', {
      ciphertext: sealed.ciphertext,
      ciphertextCrc32c: sealed.ciphertextCrc32c,
      additionalAuthenticatedData: AAD.toString('base64'),
      additionalAuthenticatedDataCrc32c: String(crc32c(AAD)),
    });
    expect(opened).toMatchObject({ status: 200 });
  });

  test.each([
    ['encrypt', 'plaintextCrc32c', 'plaintext'],
    ['encrypt', 'additionalAuthenticatedDataCrc32c', 'additional_authenticated_data'],
    ['decrypt', 'ciphertextCrc32c', 'ciphertext'],
    ['decrypt', 'additionalAuthenticatedDataCrc32c', 'additional_authenticated_data'],
  ] as const)('of %s that is wrong is refused: %s', async (verb, field, name) => {
    const ciphertext = await encrypted();
    const body = verb === 'decrypt' ? { ciphertext } : { plaintext: 'AAAA' };
    const { error } = await call(verb, { ...body, [field]: TAMPERED });
    const message = `The checksum in field ${name}_crc32c did not match the data in field ${name}.`;
    expect(error).toEqual({ code: 400, message, status: 'INVALID_ARGUMENT' });
  });

  test('of the plaintext is wrong as often as requested', async () => {
    const ciphertext = await encrypted();
    await kms.wrongPlaintextChecksum(1);
    const [first, second] = [await call('decrypt', { ciphertext }), await call('decrypt', { ciphertext })];
    expect(first).toMatchObject({ status: 200, plaintext: SECRET.toString('base64') });
    expect(first.plaintextCrc32c).not.toBe(String(crc32c(SECRET)));
    expect(second.plaintextCrc32c).toBe(String(crc32c(SECRET)));
  });

  test('is CRC-32C', () => {
    // https://www.rfc-editor.org/rfc/rfc3720#appendix-B.4
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  });
});

describe('a caller', () => {
  const info = (reason: string) => ({
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason,
    domain: 'googleapis.com',
    metadata: {
      service: 'cloudkms.googleapis.com',
      method: 'google.cloud.kms.v1.KeyManagementService.Decrypt',
    },
  });

  const jwt = (claims: object, key = serviceAccountKey) =>
    `Bearer ${signJwt({ iss: SERVICE_ACCOUNT, sub: SERVICE_ACCOUNT, exp: Date.now() / 1000 + 60, ...claims }, key)}`;

  test.each<[string, string | null, number, string]>([
    ['without a token', null, 401, 'CREDENTIALS_MISSING'],
    ['whose token is over', bearer({ lifeMs: -1000 }), 401, 'ACCESS_TOKEN_EXPIRED'],
    ['with a token that was never issued', 'Bearer ya29.x', 401, 'ACCESS_TOKEN_TYPE_UNSUPPORTED'],
    ['with another scheme', 'Basic x', 401, 'ACCESS_TOKEN_TYPE_UNSUPPORTED'],
    ['who signed with another key', jwt({}, tokenIssuerKey), 401, 'ACCESS_TOKEN_TYPE_UNSUPPORTED'],
    ['without the scope', bearer({ scopes: ['openid'] }), 403, 'ACCESS_TOKEN_SCOPE_INSUFFICIENT'],
  ])('%s is refused', async (_, authorization, status, reason) => {
    const { error } = await call('decrypt', { ciphertext: 'AAAA', authorization });
    expect(error).toMatchObject({ code: status, details: [info(reason)] });
    expect(error.status).toBe(status === 401 ? 'UNAUTHENTICATED' : 'PERMISSION_DENIED');
  });

  test.each([
    ['the audience', { aud: 'https://cloudkms.googleapis.com/' }],
    ['a scope', { scope: `openid ${CLOUD_PLATFORM_SCOPE}` }],
  ])('may sign a token of its own for %s', async (_, claims) => {
    const ciphertext = await encrypted();
    expect(await call('decrypt', { ciphertext, authorization: jwt(claims) })).toMatchObject({ status: 200 });
  });

  test('a missing permission is reported in the words of IAM', async () => {
    const ciphertext = await encrypted();
    await kms.deny(USE_TO_DECRYPT, CLOUD_KMS_KEY, [SERVICE_ACCOUNT]);
    expect((await call('decrypt', { ciphertext })).error).toEqual({
      code: 403,
      message: `Permission '${USE_TO_DECRYPT}' denied on resource '${CLOUD_KMS_KEY}' (or it may not exist).`,
      status: 'PERMISSION_DENIED',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'IAM_PERMISSION_DENIED',
          domain: 'cloudkms.googleapis.com',
          metadata: { permission: USE_TO_DECRYPT, resource: CLOUD_KMS_KEY },
        },
      ],
    });
    expect(await describeResource(CLOUD_KMS_KEY)).toMatchObject({ status: 200 });
    await kms.deny(USE_TO_DECRYPT, CLOUD_KMS_KEY, []);
    await kms.allow(USE_TO_DECRYPT, CLOUD_KMS_KEY, ['other@example.org']);
    expect(await call('decrypt', { ciphertext })).toMatchObject({ status: 403 });
    await kms.allow(USE_TO_DECRYPT, CLOUD_KMS_KEY, [SERVICE_ACCOUNT]);
    expect(await call('decrypt', { ciphertext })).toMatchObject({ status: 200 });
  });

  test('a missing key in an existing project is reported', async () => {
    const [absent, elsewhere] = [`${CLOUD_KMS_KEY}x`, CLOUD_KMS_KEY.replace('envseal-test', 'nowhere')];
    expect((await call('decrypt', { name: absent, ciphertext: 'AAAA' })).error).toEqual({
      code: 404,
      message: `CryptoKey ${absent} not found.`,
      status: 'NOT_FOUND',
    });
    const { error } = await call('decrypt', { name: elsewhere, ciphertext: 'AAAA' });
    expect(error).toMatchObject({ code: 403, details: [{ reason: 'IAM_PERMISSION_DENIED' }] });
  });

  test('an unknown path gets a page', async () => {
    const reply = await send({ url: `${kms.url}/v1/${cloudKmsKeyVersion(1)}:decrypt`, method: 'POST' });
    expect([reply.status, reply.headers['content-type']]).toEqual([404, 'text/html; charset=UTF-8']);
  });
});

describe('a description', () => {
  test('of a key has its primary version', async () => {
    await kms.versionState(cloudKmsKeyVersion(2), 'DISABLED');
    expect(await describeResource(CLOUD_KMS_KEY)).toMatchObject({
      name: CLOUD_KMS_KEY,
      purpose: 'ENCRYPT_DECRYPT',
      primary: { name: cloudKmsKeyVersion(2), state: 'DISABLED' },
      versionTemplate: { protectionLevel: 'SOFTWARE', algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION' },
    });
  });

  test('of a version has its state', async () => {
    expect(await describeResource(cloudKmsKeyVersion(1))).toMatchObject({ status: 200, state: 'ENABLED' });
    expect(await describeResource(cloudKmsKeyVersion(3))).toMatchObject({ status: 404 });
  });
});

describe('a fault', () => {
  test.each([
    ['SECURITY_POLICY_VIOLATED', 403, 'PERMISSION_DENIED', "Request is prohibited by organization's policy."],
    ['RATE_LIMIT_EXCEEDED', 429, 'RESOURCE_EXHAUSTED', 'Quota exceeded for quota metric'],
    ['SERVICE_DISABLED', 403, 'PERMISSION_DENIED', 'cloudkms.googleapis.com has not been used in project'],
    ['UNAVAILABLE', 503, 'UNAVAILABLE', 'The service is currently unavailable.'],
    ['INTERNAL', 500, 'INTERNAL', 'INTERNAL'],
  ])('%s is written as Google writes it', async (code, status, name, message) => {
    await kms.fault({ match: '/app:decrypt$', status, code });
    expect(await describeResource(CLOUD_KMS_KEY)).toMatchObject({ status: 200 });
    const { error } = await call('decrypt', { ciphertext: 'AAAA' });
    expect(error).toMatchObject({ code: status, status: name, message: expect.stringContaining(message) });
    const [request] = await kms.seen(':decrypt$');
    expect(request).toMatchObject({ subject: `${CLOUD_KMS_KEY}:decrypt`, status });
    expect(request?.headers.authorization).toBe('[redacted]');
  });

  test('of a perimeter has both of its details', async () => {
    await kms.fault({ status: 403, code: 'SECURITY_POLICY_VIOLATED' });
    const { error } = await call('decrypt', { ciphertext: 'AAAA' });
    expect(error.details).toMatchObject([
      { violations: [{ type: 'VPC_SERVICE_CONTROLS' }] },
      { reason: 'SECURITY_POLICY_VIOLATED', metadata: { service: 'cloudkms.googleapis.com' } },
    ]);
  });
});

describe('the unmodified client of Google', () => {
  type Options = ConstructorParameters<typeof KeyManagementServiceClient>[0];

  const authClient = () => {
    const client = new OAuth2Client();
    client.setCredentials({ access_token: bearer().replace('Bearer ', '') });
    return client;
  };

  /** Over an insecure channel gRPC sends no credentials of its own: they go with the call. */
  const withToken = () => ({ otherArgs: { headers: { authorization: bearer() } }, retry: null });

  async function roundTrip(options: Options, callOptions: object = {}): Promise<void> {
    const client = new KeyManagementServiceClient(options);
    try {
      const name = CLOUD_KMS_KEY;
      const plaintextCrc32c = { value: crc32c(SECRET) };
      const [sealed] = await client.encrypt({ name, plaintext: SECRET, plaintextCrc32c }, callOptions);
      expect(sealed).toMatchObject({ name: cloudKmsKeyVersion(2), verifiedPlaintextCrc32c: true });
      const ciphertext = sealed.ciphertext as Uint8Array;
      expect(Number(sealed.ciphertextCrc32c?.value)).toBe(crc32c(ciphertext));
      const ciphertextCrc32c = { value: crc32c(ciphertext) };
      const [opened] = await client.decrypt({ name, ciphertext, ciphertextCrc32c }, callOptions);
      expect(Buffer.from(opened.plaintext as Uint8Array)).toEqual(SECRET);
      expect(opened).toMatchObject({ usedPrimary: true, protectionLevel: 'SOFTWARE' });
      expect(Number(opened.plaintextCrc32c?.value)).toBe(crc32c(SECRET));
      const [key] = await client.getCryptoKey({ name }, callOptions);
      expect(key).toMatchObject({ purpose: 'ENCRYPT_DECRYPT', primary: { state: 'ENABLED' } });
      const [version] = await client.getCryptoKeyVersion({ name: cloudKmsKeyVersion(1) }, callOptions);
      expect(version).toMatchObject({ state: 'ENABLED', algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION' });
    } finally {
      await client.close();
    }
  }

  const at = (host: string) => ({ apiEndpoint: host.split(':')[0] ?? '', port: Number(host.split(':')[1]) });
  const insecure = () => ({ ...at(kms.grpcHost), sslCreds: channel.createInsecure() });
  const rest = () => ({ ...at(kms.host), fallback: true, protocol: 'http', authClient: authClient() });

  test('speaks gRPC to it', async () => {
    await roundTrip(insecure(), withToken());
    expect(await kms.grpcCalls()).toMatchObject([
      { method: 'Encrypt', subject: `${CLOUD_KMS_KEY}:encrypt`, status: 0 },
      { method: 'Decrypt', subject: `${CLOUD_KMS_KEY}:decrypt`, status: 0 },
      { method: 'GetCryptoKey', subject: CLOUD_KMS_KEY, status: 0 },
      { method: 'GetCryptoKeyVersion', subject: cloudKmsKeyVersion(1), status: 0 },
    ]);
    expect(await kms.requests()).toEqual([]);
  });

  test('speaks REST to it', async () => {
    await roundTrip(rest());
    expect(await kms.requests()).toHaveLength(4);
    expect(await kms.grpcCalls()).toEqual([]);
  });

  test('speaks gRPC over TLS to it, with credentials of its own', async () => {
    await using secure = await startCloudKms({ tls: true });
    const token = channel.createFromMetadataGenerator((_, callback) => {
      const metadata = new Metadata();
      metadata.set('authorization', bearer());
      callback(null, metadata);
    });
    const sslCreds = channel.combineChannelCredentials(channel.createSsl(readFileSync(CA_FILE)), token);
    // TLS has no server name for an address, and Node refuses to pretend.
    await roundTrip({ ...at(secure.grpcHost), apiEndpoint: 'localhost', sslCreds });
  });

  test.each<[string, () => Options, object]>([
    ['gRPC', insecure, withToken()],
    ['REST', rest, { retry: null }],
  ])('reads the details of an error over %s', async (_, options, callOptions) => {
    const client = new KeyManagementServiceClient(options());
    const name = CLOUD_KMS_KEY;
    const [{ ciphertext }] = await client.encrypt({ name, plaintext: SECRET }, callOptions);
    const decrypt = () => client.decrypt({ name, ciphertext: ciphertext as Uint8Array }, callOptions);
    await kms.deny(USE_TO_DECRYPT, CLOUD_KMS_KEY, [SERVICE_ACCOUNT]);
    await expect(decrypt()).rejects.toMatchObject({
      code: 7,
      reason: 'IAM_PERMISSION_DENIED',
      domain: 'cloudkms.googleapis.com',
      errorInfoMetadata: { permission: USE_TO_DECRYPT, resource: CLOUD_KMS_KEY },
    });
    await kms.deny(USE_TO_DECRYPT, CLOUD_KMS_KEY, []);
    await kms.versionState(cloudKmsKeyVersion(2), 'DISABLED');
    const violation = { type: 'KEY_DISABLED', subject: cloudKmsKeyVersion(2) };
    await expect(decrypt()).rejects.toMatchObject({
      code: 9,
      statusDetails: [{ violations: [expect.objectContaining(violation)] }],
    });
    await client.close();
  });

  test('gets faults over gRPC', async () => {
    const client = new KeyManagementServiceClient(insecure());
    await kms.grpcFault({ match: ':decrypt$', status: 429, code: 'RATE_LIMIT_EXCEEDED' });
    const ciphertext = Buffer.from('x');
    await expect(client.decrypt({ name: CLOUD_KMS_KEY, ciphertext }, withToken())).rejects.toMatchObject({
      code: 8,
      reason: 'RATE_LIMIT_EXCEEDED',
    });
    await expect(client.getCryptoKey({ name: CLOUD_KMS_KEY }, { retry: null })).rejects.toMatchObject({
      code: 16,
      reason: 'CREDENTIALS_MISSING',
    });
    await client.close();
  });
});

test('two servers open the ciphertexts of each other', async () => {
  const ciphertext = await encrypted();
  await using other = await startCloudKms();
  const url = `${other.url}/v1/${CLOUD_KMS_KEY}:decrypt`;
  const headers = { authorization: bearer() };
  const reply = await send({ url, method: 'POST', headers, body: JSON.stringify({ ciphertext }) });
  expect(JSON.parse(reply.body.toString())).toMatchObject({ plaintext: SECRET.toString('base64') });
});
