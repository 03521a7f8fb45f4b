/** S3's answers on the wire to bad requests. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RawReply, type RawRequest, type Signing, send, sendSigned, signed } from './raw-client.ts';
import {
  ACCESS_KEY_ID,
  CA_FILE,
  CALLER_ARN,
  OTHER_CA_FILE,
  type S3Server,
  SECRET_ACCESS_KEY,
  startS3,
} from './start.ts';

const MINUTE_MS = 60_000;
const KEYS = { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY };
const TEMPORARY = { ...KEYS, accessKeyId: 'ASIATESTTESTTEST', sessionToken: 'good-token' };

let server: S3Server;
let url: string;

beforeAll(async () => {
  server = await startS3();
  url = `${server.url}/snacks/dev/env`;
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.reset();
  await server.put('snacks', 'dev/env', 'A=1\n');
});

function xml({ body }: RawReply, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(body.toString())?.[1];
}

describe('a request that is signed', () => {
  const expired = () => server.accessKey({ ...TEMPORARY, arn: CALLER_ARN, expired: true });
  const temporary = () => server.accessKey({ ...TEMPORARY, arn: CALLER_ARN });
  const at = (minutes: number) => ({ date: new Date(Date.now() + minutes * MINUTE_MS) });

  const TABLE: [
    what: string,
    signing: Signing,
    status: number,
    code?: string | undefined,
    prepare?: () => Promise<unknown>,
  ][] = [
    ['well', {}, 200],
    [
      'with a wrong secret',
      { credentials: { ...KEYS, secretAccessKey: 'wrong' } },
      403,
      'SignatureDoesNotMatch',
    ],
    [
      'with an unknown key',
      { credentials: { ...KEYS, accessKeyId: 'AKIAUNKNOWN' } },
      403,
      'InvalidAccessKeyId',
    ],
    ['for another service', { service: 'kms' }, 400, 'AuthorizationHeaderMalformed'],
    ['14 minutes ago', at(-14), 200],
    ['16 minutes ago', at(-16), 403, 'RequestTimeTooSkewed'],
    ['16 minutes ahead', at(16), 403, 'RequestTimeTooSkewed'],
    ['with a session token', { credentials: TEMPORARY }, 200, undefined, temporary],
    [
      'with another session token',
      { credentials: { ...TEMPORARY, sessionToken: 'bad' } },
      400,
      'InvalidToken',
      temporary,
    ],
    ['with an unknown token', { credentials: { ...KEYS, sessionToken: 'bad' } }, 400, 'InvalidToken'],
    [
      'without its session token',
      { credentials: { ...KEYS, accessKeyId: TEMPORARY.accessKeyId } },
      403,
      'InvalidAccessKeyId',
      temporary,
    ],
    ['with an expired token', { credentials: TEMPORARY }, 400, 'ExpiredToken', expired],
  ];

  test.each(TABLE)('%s', async (_, signing, status, code, prepare = async () => {}) => {
    await prepare();
    const reply = await sendSigned({ url }, signing);
    expect([reply.status, xml(reply, 'Code')]).toEqual([status, code]);
  });

  test('when the clock of the server is wrong says what time it is there', async () => {
    await server.clock(60 * MINUTE_MS);
    const reply = await sendSigned({ url });
    expect(xml(reply, 'Code')).toBe('RequestTimeTooSkewed');
    const serverTime = Date.parse(xml(reply, 'ServerTime') ?? '');
    expect(Math.abs(serverTime - Date.now() - 60 * MINUTE_MS)).toBeLessThan(MINUTE_MS);
    expect(Math.abs(Date.parse(reply.headers.date ?? '') - serverTime)).toBeLessThan(MINUTE_MS);
  });

  test.each([
    ['path', (request: RawRequest) => ({ ...request, url: `${request.url}x` })],
    ['query', (request: RawRequest) => ({ ...request, url: `${request.url}?versionId=null` })],
    ['method', (request: RawRequest) => ({ ...request, method: 'DELETE' })],
    [
      'header',
      (request: RawRequest) => ({
        ...request,
        headers: { ...request.headers, 'x-amz-checksum-mode': 'DISABLED' },
      }),
    ],
  ])('and then changed in its %s is refused', async (_, change) => {
    const request = await signed({ url, headers: { 'x-amz-checksum-mode': 'ENABLED' } });
    const reply = await send(change(request));
    expect([reply.status, xml(reply, 'Code')]).toEqual([403, 'SignatureDoesNotMatch']);
  });

  test('and then given another body is refused', async () => {
    const request = await signed({ url, method: 'PUT', body: 'A=1' });
    const reply = await send({ ...request, body: 'A=2' });
    expect([reply.status, xml(reply, 'Code')]).toEqual([400, 'XAmzContentSHA256Mismatch']);
  });

  test('and then given another x-amz- header is refused', async () => {
    const request = await signed({ url });
    const reply = await send({ ...request, headers: { ...request.headers, 'x-amz-meta-a': 'b' } });
    expect([xml(reply, 'Code'), xml(reply, 'HeadersNotSigned')]).toEqual(['AccessDenied', 'x-amz-meta-a']);
  });
});

test.each([
  [{}, 403, 'AccessDenied'],
  [
    { authorization: 'Bearer x', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    400,
    'AuthorizationHeaderMalformed',
  ],
  [
    { authorization: 'AWS4-HMAC-SHA256 Credential=a/b', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    400,
    'AuthorizationHeaderMalformed',
  ],
  [{ authorization: 'AWS4-HMAC-SHA256 Credential=a/b' }, 400, 'InvalidRequest'],
])('a request that is not signed (%o) is refused', async (headers, status, code) => {
  const reply = await send({ url, headers });
  expect([reply.status, xml(reply, 'Code')]).toEqual([status, code]);
});

test('an error is written as S3 writes it', async () => {
  const reply = await sendSigned({ url: `${server.url}/snacks/a%26b` });
  expect(reply.headers).toMatchObject({
    'content-type': 'application/xml',
    server: 'AmazonS3',
    date: expect.any(String),
  });
  expect(xml(reply, 'Key')).toBe('a&amp;b');
  expect(xml(reply, 'Resource')).toBe('/snacks/a%26b');
  expect(xml(reply, 'RequestId')).toBe(reply.headers['x-amz-request-id']);
  expect(xml(reply, 'HostId')).toBe(reply.headers['x-amz-id-2']);
});

test('a HEAD has no error body', async () => {
  const reply = await sendSigned({ url: `${server.url}/snacks/absent`, method: 'HEAD' });
  expect([reply.status, reply.body.length]).toEqual([404, 0]);
});

test('an upload with a wrong checksum is refused and not stored', async () => {
  const headers = { 'x-amz-checksum-crc32': 'AAAAAA==' };
  const reply = await sendSigned({ url: `${server.url}/snacks/new`, method: 'PUT', headers, body: 'A=1' });
  expect([reply.status, xml(reply, 'Code')]).toEqual([400, 'BadDigest']);
  expect(await server.stored('snacks', 'new')).toBeNull();
});

test('a checksum is made for who sends none', async () => {
  const headers = { 'x-amz-checksum-mode': 'ENABLED' };
  const reply = await sendSigned({ url, headers });
  expect(reply.headers).toMatchObject({
    'x-amz-checksum-crc64nvme': expect.stringMatching(/^.{11}=$/),
    'x-amz-checksum-type': 'FULL_OBJECT',
  });
});

test('an operation that is not there is 501 and never another operation', async () => {
  const reply = await sendSigned({ url: `${url}?acl` });
  expect([reply.status, xml(reply, 'Code')]).toEqual([501, 'NotImplemented']);
});

describe('a bucket is found by', () => {
  const HOSTS = [
    'snacks.localhost:1',
    'snacks.s3.us-east-1.amazonaws.com',
    'snacks.s3.amazonaws.com',
    'snacks.s3-us-east-1.amazonaws.com',
    'snacks.s3.dualstack.us-east-1.amazonaws.com',
    'snacks.s3-fips.us-east-1.amazonaws.com',
    'point-111122223333.s3-accesspoint.us-east-1.amazonaws.com',
  ];

  test.each(HOSTS)('the host %s', async (host) => {
    await server.accessPoint('point', '111122223333', 'snacks');
    const reply = await sendSigned({ url: `${server.url}/dev/env`, headers: { host } });
    expect(reply.body.toString()).toBe('A=1\n');
  });

  test('a name with dots', async () => {
    await server.put('a.b.c', 'key', 'A=2');
    const reply = await sendSigned({
      url: `${server.url}/key`,
      headers: { host: 'a.b.c.s3.us-east-1.amazonaws.com' },
    });
    expect(reply.body.toString()).toBe('A=2');
  });

  test('no access point that does not exist', async () => {
    const headers = { host: 'other-111122223333.s3-accesspoint.us-east-1.amazonaws.com' };
    expect((await sendSigned({ url: `${server.url}/dev/env`, headers })).status).toBe(400);
  });
});

describe('a bucket of another region', () => {
  beforeEach(() => server.bucket('snacks', { region: 'eu-west-1' }));

  test('is answered with 301 and the endpoint', async () => {
    const reply = await sendSigned({ url });
    expect([reply.status, xml(reply, 'Code')]).toEqual([301, 'PermanentRedirect']);
    expect(reply.headers['x-amz-bucket-region']).toBe('eu-west-1');
    expect(`http://${xml(reply, 'Endpoint')}`).toBe(server.endpoints['eu-west-1']);
    const there = `http://${xml(reply, 'Endpoint')}/snacks/dev/env`;
    expect((await sendSigned({ url: there }, { region: 'eu-west-1' })).status).toBe(200);
  });

  test('is answered with 307 and a location', async () => {
    await server.wrongRegion('TemporaryRedirect');
    const reply = await sendSigned({ url });
    expect([reply.status, reply.headers.location]).toEqual([
      307,
      `${server.endpoints['eu-west-1']}/snacks/dev/env`,
    ]);
  });

  test('is answered with 400 and the region', async () => {
    await server.wrongRegion('AuthorizationHeaderMalformed');
    const reply = await sendSigned({ url });
    expect([reply.status, xml(reply, 'Code'), xml(reply, 'Region')]).toEqual([
      400,
      'AuthorizationHeaderMalformed',
      'eu-west-1',
    ]);
    expect(reply.headers['x-amz-bucket-region']).toBe('eu-west-1');
  });

  test('is answered with a host of Amazon, where one was asked', async () => {
    const reply = await sendSigned({
      url: `${server.url}/dev/env`,
      headers: { host: 'snacks.s3.us-east-1.amazonaws.com' },
    });
    expect(xml(reply, 'Endpoint')).toBe('snacks.s3.eu-west-1.amazonaws.com');
  });

  test('wants a signature for the region of the endpoint', async () => {
    const reply = await sendSigned({ url: `${server.endpoints['eu-west-1']}/snacks/dev/env` });
    expect([reply.status, xml(reply, 'Region')]).toEqual([400, 'eu-west-1']);
  });
});

describe('over TLS', () => {
  test('it is trusted by clients that trust its authority, and by no others', async () => {
    await using tls = await startS3({ tls: true, regions: ['us-east-1'] });
    await tls.put('snacks', 'dev/env', 'A=1\n');
    const request = { url: `${tls.url}/snacks/dev/env` };
    const reply = await sendSigned({ ...request, ca: readFileSync(CA_FILE, 'utf8') });
    expect(reply.body.toString()).toBe('A=1\n');
    const other = await sendSigned({ ...request, ca: readFileSync(OTHER_CA_FILE, 'utf8') });
    expect(other.failure).toMatch(/CERT|SIGNATURE|LEAF/);
    expect((await sendSigned(request)).failure).toMatch(/CERT|SIGNATURE|LEAF/);
  });
});

describe('the request log', () => {
  test('has every request and no secret', async () => {
    await server.accessKey({ ...TEMPORARY, arn: CALLER_ARN });
    await sendSigned({ url }, { credentials: TEMPORARY });
    const [logged] = await server.requests();
    expect(logged).toMatchObject({
      method: 'GET',
      subject: 'snacks/dev/env',
      target: '/snacks/dev/env',
      host: server.host,
      region: 'us-east-1',
      status: 200,
    });
    expect(logged?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=ASIATESTTESTTEST.*Signature=\[redacted\]$/,
    );
    expect(JSON.stringify(logged)).not.toContain(TEMPORARY.sessionToken);
  });

  test('can be waited for', async () => {
    const seen = server.seen('^snacks/', 2);
    await sendSigned({ url });
    await sendSigned({ url });
    expect(await seen).toHaveLength(2);
  });
});
