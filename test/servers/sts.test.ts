import { fromWebToken } from '@aws-sdk/credential-provider-web-identity';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { send, sendSigned } from './raw-client.ts';
import { ACCESS_KEY_ID, CALLER_ARN, SECRET_ACCESS_KEY, type StsServer, startS3, startSts } from './start.ts';

const ARN = 'arn:aws:iam::111122223333:role/snacks-api';
const ROLE = { arn: ARN, webIdentityTokens: [{ token: 'good' }, { token: 'old', expired: true }] };
const SIGNING = { service: 'sts' };

let sts: StsServer;

beforeAll(async () => {
  sts = await startSts();
});
afterAll(() => sts.stop());
beforeEach(() => sts.reset());

function form(fields: Record<string, string>) {
  const body = new URLSearchParams({
    Version: '2011-06-15',
    RoleArn: ARN,
    RoleSessionName: 'me',
    ...fields,
  }).toString();
  return {
    url: `${sts.url}/`,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body,
  };
}

const assumeRole = (fields: Record<string, string> = {}) => form({ Action: 'AssumeRole', ...fields });
const withToken = (fields: Record<string, string>) =>
  form({ Action: 'AssumeRoleWithWebIdentity', ...fields });

function codeOf(body: Buffer): string | undefined {
  return /<Code>(.*)<\/Code>/.exec(body.toString())?.[1];
}

test('the AWS SDK trades a web identity token for credentials that open a bucket', async () => {
  const session = await sts.role(ROLE);
  const clientConfig = { region: 'us-east-1', endpoint: sts.url };
  const credentials = await fromWebToken({ roleArn: ARN, webIdentityToken: 'good', clientConfig })();
  const { accessKeyId, secretAccessKey, sessionToken } = session;
  expect(credentials).toMatchObject({
    accessKeyId,
    secretAccessKey,
    sessionToken,
    expiration: expect.any(Date),
  });
  await using s3 = await startS3({ regions: ['us-east-1'] });
  await s3.put('snacks', 'dev/env', 'A=1');
  await s3.accessKey(session);
  expect((await sendSigned({ url: `${s3.url}/snacks/dev/env` }, { credentials })).status).toBe(200);
});

describe('a web identity', () => {
  test.each([
    ['an unknown token', { WebIdentityToken: 'bad' }, 400, 'InvalidIdentityToken'],
    ['a token whose time is over', { WebIdentityToken: 'old' }, 400, 'ExpiredTokenException'],
    ['a token for another role', { WebIdentityToken: 'good', RoleArn: `${ARN}x` }, 403, 'AccessDenied'],
    ['no token', {}, 400, 'ValidationError'],
    ['a session of a minute', { WebIdentityToken: 'good', DurationSeconds: '60' }, 400, 'ValidationError'],
  ])('with %s is refused', async (_, fields, status, code) => {
    await sts.role(ROLE);
    const reply = await send(withToken(fields));
    expect([reply.status, codeOf(reply.body)]).toEqual([status, code]);
  });
});

describe('AssumeRole', () => {
  test('gives credentials to who signs', async () => {
    const { accessKeyId } = await sts.role(ROLE);
    const reply = await sendSigned(assumeRole(), SIGNING);
    expect(reply.status).toBe(200);
    expect(reply.body.toString()).toContain(`<AccessKeyId>${accessKeyId}</AccessKeyId>`);
    expect(reply.body.toString()).toContain(
      '<Arn>arn:aws:sts::111122223333:assumed-role/snacks-api/me</Arn>',
    );
  });

  test.each([
    ['without a signature', null, 403, 'MissingAuthenticationToken'],
    [
      'with a wrong secret',
      { credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: 'wrong' } },
      403,
      'SignatureDoesNotMatch',
    ],
    [
      'with an unknown key',
      { credentials: { accessKeyId: 'AKIAX', secretAccessKey: 'x' } },
      403,
      'InvalidClientTokenId',
    ],
    ['six minutes late', { date: new Date(Date.now() - 360_000) }, 403, 'SignatureDoesNotMatch'],
    ['for another region', { region: 'eu-west-1' }, 403, 'SignatureDoesNotMatch'],
  ])('%s is refused', async (_, signing, status, code) => {
    await sts.role(ROLE);
    const reply =
      signing === null
        ? await send(assumeRole())
        : await sendSigned(assumeRole(), { ...SIGNING, ...signing });
    expect([reply.status, codeOf(reply.body)]).toEqual([status, code]);
  });

  test('is refused to who is not trusted', async () => {
    await sts.role({ ...ROLE, trustedAccessKeys: [] });
    const reply = await sendSigned(assumeRole(), SIGNING);
    expect([reply.status, codeOf(reply.body)]).toEqual([403, 'AccessDenied']);
    expect(reply.body.toString()).toContain(
      `User: ${CALLER_ARN} is not authorized to perform: sts:AssumeRole on resource: ${ARN}`,
    );
  });

  test('wants the external id', async () => {
    await sts.role({ ...ROLE, externalId: 'us' });
    expect((await sendSigned(assumeRole(), SIGNING)).status).toBe(403);
    expect((await sendSigned(assumeRole({ ExternalId: 'us' }), SIGNING)).status).toBe(200);
  });
});

test('GetCallerIdentity says who signs', async () => {
  const credentials = { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY };
  const reply = await sendSigned(form({ Action: 'GetCallerIdentity' }), { ...SIGNING, credentials });
  expect(reply.body.toString()).toContain(`<Arn>${CALLER_ARN}</Arn>`);
});
