import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RawReply, type Signing, send, sendSigned } from './raw-client.ts';
import {
  ACCESS_KEY_ID,
  CALLER_ARN,
  KMS_ALIAS,
  type KmsServer,
  kmsKeyArn,
  SECRET_ACCESS_KEY,
  startKms,
} from './start.ts';

const ARN = kmsKeyArn();
const OTHER_ARN = ARN.replace('1234abcd', '5678abcd');
const SECRET = Buffer.from('A=1').toString('base64');

let kms: KmsServer;

beforeAll(async () => {
  kms = await startKms();
});
afterAll(() => kms.stop());
beforeEach(() => kms.reset());

function request(action: string, input: object) {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `TrentService.${action}` };
  return { url: `${kms.url}/`, method: 'POST', headers, body: JSON.stringify(input) };
}

function parsed(reply: RawReply) {
  return { status: reply.status, ...JSON.parse(reply.body.toString()) };
}

async function call(action: string, input: object, signing: Signing = {}) {
  return parsed(await sendSigned(request(action, input), { service: 'kms', ...signing }));
}

describe('DescribeKey', () => {
  test.each([ARN, ARN.split('/')[1], KMS_ALIAS, ARN.replace(/key\/.*/, KMS_ALIAS)])(
    'finds %s',
    async (KeyId) => {
      const { status, KeyMetadata } = await call('DescribeKey', { KeyId });
      expect([status, KeyMetadata.Arn, KeyMetadata.KeyState]).toEqual([200, ARN, 'Enabled']);
    },
  );

  test.each(['alias/absent', OTHER_ARN, 'x', kmsKeyArn('eu-west-1')])('does not find %s', async (KeyId) => {
    expect(await call('DescribeKey', { KeyId })).toMatchObject({ status: 400, __type: 'NotFoundException' });
  });

  test('describes a key that is disabled', async () => {
    await kms.kmsKey({ arn: ARN, state: 'Disabled' });
    expect(await call('DescribeKey', { KeyId: ARN })).toMatchObject({
      KeyMetadata: { KeyState: 'Disabled', Enabled: false },
    });
  });

  test('is refused without permission', async () => {
    await kms.kmsKey({ arn: ARN, allow: { 'kms:DescribeKey': [] } });
    const message = `User: ${CALLER_ARN} is not authorized to perform: kms:DescribeKey on resource: ${ARN} because no identity-based policy allows the kms:DescribeKey action`;
    expect(await call('DescribeKey', { KeyId: ARN })).toEqual({
      status: 400,
      __type: 'AccessDeniedException',
      message,
    });
  });
});

describe('a signature', () => {
  test.each([
    [
      'with a wrong secret',
      { credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: 'wrong' } },
      'InvalidSignatureException',
    ],
    [
      'with an unknown key',
      { credentials: { accessKeyId: 'AKIAX', secretAccessKey: 'x' } },
      'UnrecognizedClientException',
    ],
    ['six minutes late', { date: new Date(Date.now() - 360_000) }, 'InvalidSignatureException'],
    ['for another region', { region: 'eu-west-1' }, 'InvalidSignatureException'],
    ['for another service', { service: 's3' }, 'InvalidSignatureException'],
  ])('%s is refused', async (_, signing, __type) => {
    expect(await call('DescribeKey', { KeyId: ARN }, signing)).toMatchObject({ status: 400, __type });
  });

  test('must be there', async () => {
    const reply = parsed(await send(request('DescribeKey', { KeyId: ARN })));
    expect(reply).toMatchObject({ status: 400, __type: 'MissingAuthenticationTokenException' });
  });
});

describe('a ciphertext', () => {
  const EncryptionContext = { app: 'snacks', stage: 'dev' };

  test('opens again, with its key found from the blob', async () => {
    const { CiphertextBlob } = await call('Encrypt', {
      KeyId: KMS_ALIAS,
      Plaintext: SECRET,
      EncryptionContext,
    });
    const swapped = { stage: 'dev', app: 'snacks' };
    const opened = await call('Decrypt', { CiphertextBlob, EncryptionContext: swapped });
    expect(opened).toMatchObject({ status: 200, Plaintext: SECRET, KeyId: ARN });
  });

  test('of a data key opens to that data key', async () => {
    const { CiphertextBlob, Plaintext } = await call('GenerateDataKey', { KeyId: ARN, KeySpec: 'AES_256' });
    expect(Buffer.from(Plaintext, 'base64')).toHaveLength(32);
    expect(await call('Decrypt', { CiphertextBlob })).toMatchObject({ Plaintext });
  });

  test('opens with no other context, key or bytes', async () => {
    await kms.kmsKey({ arn: OTHER_ARN });
    const { CiphertextBlob } = await call('Encrypt', { KeyId: ARN, Plaintext: SECRET, EncryptionContext });
    const open = async (input: object) =>
      (await call('Decrypt', { CiphertextBlob, EncryptionContext, ...input })).__type;
    expect(await open({ EncryptionContext: { app: 'snacks' } })).toBe('InvalidCiphertextException');
    expect(await open({ KeyId: OTHER_ARN })).toBe('IncorrectKeyException');
    expect(await open({ CiphertextBlob: SECRET })).toBe('InvalidCiphertextException');
    const bytes = Buffer.from(CiphertextBlob, 'base64');
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    expect(await open({ CiphertextBlob: bytes.toString('base64') })).toBe('InvalidCiphertextException');
  });

  test.each([
    ['Disabled', 'DisabledException'],
    ['PendingDeletion', 'KMSInvalidStateException'],
    ['NotFound', 'NotFoundException'],
  ] as const)('does not open with a key that is %s', async (state, __type) => {
    const { CiphertextBlob } = await call('Encrypt', { KeyId: ARN, Plaintext: SECRET });
    await kms.kmsKey({ arn: ARN, state });
    expect(await call('Decrypt', { CiphertextBlob })).toMatchObject({ status: 400, __type });
  });
});

test('faults strike by action', async () => {
  const credentials = { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY };
  await kms.fault({ match: '^Decrypt$', status: 400, code: 'ThrottlingException' });
  expect(await call('DescribeKey', { KeyId: ARN }, { credentials })).toMatchObject({ status: 200 });
  expect(await call('Decrypt', {})).toMatchObject({ status: 400, __type: 'ThrottlingException' });
});
