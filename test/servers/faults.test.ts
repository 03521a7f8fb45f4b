import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RawReply, type RawRequest, sendSigned } from './raw-client.ts';
import { CA_FILE, type FaultRule, kmsKeyArn, type S3Server, startS3 } from './start.ts';

const BODY = 'A=0123456789\n'.repeat(100);
const HEADERS = { 'x-amz-checksum-mode': 'ENABLED' };

let server: S3Server;
let url: string;

beforeAll(async () => {
  server = await startS3({ regions: ['us-east-1'] });
  url = `${server.url}/snacks/dev/env`;
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.reset();
  await server.put('snacks', 'dev/env', BODY, { sse: 'aws:kms', kmsKeyId: kmsKeyArn() });
});

async function under(rule: FaultRule, request: Partial<RawRequest> = {}): Promise<RawReply> {
  await server.fault(rule);
  return sendSigned({ url, headers: HEADERS, ...request });
}

async function expectGood(): Promise<void> {
  const { status, body, failure } = await sendSigned({ url, headers: HEADERS });
  expect({ status, body: body.toString(), failure }).toEqual({ status: 200, body: BODY, failure: undefined });
}

describe('a fault of the answer', () => {
  test.each([
    [503, 'SlowDown'],
    [500, 'InternalError'],
    [429, 'TooManyRequests'],
  ])('status %i, code %s', async (status, code) => {
    const reply = await under({ status, code });
    expect(reply.status).toBe(status);
    expect(reply.body.toString()).toContain(`<Error><Code>${code}</Code>`);
    expect(reply.headers['x-amz-request-id']).toBeDefined();
    await expectGood();
  });

  test('setHeaders', async () => {
    const reply = await under({
      status: 503,
      code: 'SlowDown',
      setHeaders: { 'Retry-After': '7', 'x-amz-id-2': null },
    });
    expect(reply.headers['retry-after']).toBe('7');
    expect(reply.headers['x-amz-id-2']).toBeUndefined();
  });

  test('stripSse', async () => {
    const { headers, body } = await under({ stripSse: true });
    expect(Object.keys(headers).filter((name) => name.includes('encryption'))).toEqual([]);
    expect(body.toString()).toBe(BODY);
  });

  test('wrongChecksum', async () => {
    const good = (await sendSigned({ url, headers: HEADERS })).headers['x-amz-checksum-crc64nvme'];
    const { headers, body } = await under({ wrongChecksum: true });
    expect(headers['x-amz-checksum-crc64nvme']).toHaveLength(String(good).length);
    expect(headers['x-amz-checksum-crc64nvme']).not.toBe(good);
    expect(headers['x-amz-checksum-type']).toBe('FULL_OBJECT');
    expect(body.toString()).toBe(BODY);
  });

  test('wrongBody', async () => {
    const good = await sendSigned({ url, headers: HEADERS });
    const { headers, body } = await under({ wrongBody: true });
    expect(headers['x-amz-checksum-crc64nvme']).toBe(good.headers['x-amz-checksum-crc64nvme']);
    expect([...body].filter((byte, at) => byte !== good.body[at])).toHaveLength(1);
    expect(body).toHaveLength(BODY.length);
  });
});

describe('a fault of the connection', () => {
  test('resetBeforeHeaders', async () => {
    expect(await under({ resetBeforeHeaders: true })).toMatchObject({ status: 0, failure: 'ECONNRESET' });
    await expectGood();
  });

  test('resetAfterBytes', async () => {
    const { status, headers, failure } = await under({ resetAfterBytes: 10 });
    expect([status, headers['content-length'], failure]).toEqual([200, String(BODY.length), 'ECONNRESET']);
    await expectGood();
  });

  test('truncateTo', async () => {
    const { headers, body, failure } = await under({ truncateTo: 10 });
    expect(headers['content-length']).toBe(String(BODY.length));
    expect(body.toString()).toBe(BODY.slice(0, 10));
    expect(failure).toBe('ABORTED');
    await expectGood();
  });

  test('wrongLength: too long', async () => {
    const { headers, body, failure } = await under({ wrongLength: BODY.length + 1 });
    expect(headers['content-length']).toBe(String(BODY.length + 1));
    expect([body.toString(), failure]).toEqual([BODY, 'ABORTED']);
  });

  test('wrongLength: too short', async () => {
    const { headers, body, failure } = await under({ wrongLength: 10 });
    expect(headers['content-length']).toBe('10');
    expect(body.toString()).toBe(BODY.slice(0, 10));
    expect(failure).toMatch(/^HPE_/);
  });

  test('wrongLength: none', async () => {
    const { headers, body } = await under({ wrongLength: 'none' });
    expect([headers['content-length'], headers['transfer-encoding'], body.toString()]).toEqual([
      undefined,
      undefined,
      BODY,
    ]);
  });

  test('chunked', async () => {
    const { headers, body } = await under({ chunked: true });
    expect([headers['content-length'], headers['transfer-encoding'], body.toString()]).toEqual([
      undefined,
      'chunked',
      BODY,
    ]);
  });

  test('hugeDeclared', async () => {
    const { headers, body } = await under({ hugeDeclared: true }, { abortAfterBytes: 1_000_000 });
    expect(headers['content-length']).toBe('3000000000');
    expect(body.length).toBeGreaterThanOrEqual(1_000_000);
    await expectGood();
  });

  test('hugeChunked', async () => {
    const { headers, body } = await under({ hugeChunked: true }, { abortAfterBytes: 1_000_000 });
    expect([headers['content-length'], headers['transfer-encoding']]).toEqual([undefined, 'chunked']);
    expect(body.length).toBeGreaterThanOrEqual(1_000_000);
    await expectGood();
  });
});

describe('a fault of time', () => {
  test('delayMs', async () => {
    expect((await under({ delayMs: 100 })).body.toString()).toBe(BODY);
    const late = under({ delayMs: 600_000 });
    await server.seen('snacks/dev/env', 2);
    await expectGood();
    expect(await Promise.race([late, 'late'])).toBe('late');
  });

  test('dripBytesPerSecond', async () => {
    expect((await under({ dripBytesPerSecond: BODY.length * 5 })).body.toString()).toBe(BODY);
    const { headers, body } = await under({ dripBytesPerSecond: 1 }, { abortAfterBytes: 1 });
    expect([headers['content-length'], body.length]).toEqual([String(BODY.length), 1]);
  });

  test('hang', async () => {
    const reply = under({ hang: true });
    const [logged] = await server.seen('snacks/dev/env');
    expect(logged?.status).toBeNull();
    await expectGood();
    const waiting = await Promise.race([reply, server.requests()]);
    expect(waiting).toHaveLength(2);
  });
});

describe('over TLS', () => {
  test.each([
    [{ resetBeforeHeaders: true }, 'ECONNRESET'],
    [{ resetAfterBytes: 10 }, 'ECONNRESET'],
    [{ truncateTo: 10 }, 'ABORTED'],
  ])('%o', async (rule, failure) => {
    await using tls = await startS3({ regions: ['us-east-1'], tls: true });
    await tls.put('snacks', 'dev/env', BODY);
    await tls.fault(rule);
    const reply = await sendSigned({ url: `${tls.url}/snacks/dev/env`, ca: readFileSync(CA_FILE, 'utf8') });
    expect(reply.failure).toBe(failure);
  });
});

describe('a fault strikes', () => {
  const statuses = async (count: number) => {
    const replies: number[] = [];
    for (let n = 0; n < count; n++) replies.push((await sendSigned({ url })).status);
    return replies;
  };

  test('in the order of the list, and as often as it says', async () => {
    await server.fault({ status: 503, count: 2 });
    await server.fault({ status: 500 });
    expect(await statuses(5)).toEqual([503, 503, 500, 200, 200]);
  });

  test('only what it matches', async () => {
    await server.fault({ match: '^other/', status: 503 });
    await server.fault({ match: 'env$', method: 'PUT', status: 503 });
    expect(await statuses(2)).toEqual([200, 200]);
  });

  test('one in three, the same ones for the same seed', async () => {
    await server.throttleOneIn(3, 42);
    const first = await statuses(60);
    const struck = first.filter((status) => status === 503).length;
    expect(struck).toBeGreaterThan(10);
    expect(struck).toBeLessThan(30);
    await server.clearFaults();
    await server.throttleOneIn(3, 42);
    expect(await statuses(60)).toEqual(first);
  });

  test('before the request is carried out, or after', async () => {
    const put = { url: `${server.url}/snacks/new`, method: 'PUT', body: 'A=1' };
    await under({ status: 503 }, put);
    expect(await server.stored('snacks', 'new')).toBeNull();
    await under({ resetBeforeHeaders: true, applied: true }, put);
    expect(await server.stored('snacks', 'new')).not.toBeNull();
  });
});
