import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeReal } from '../real/available.ts';
import { type OtlpCollector, startOtlpCollector } from '../real/otlp.ts';
import { type RawReply, send } from './raw-client.ts';
import { CA_FILE, type OtlpServer, startOtlp } from './start.ts';

const RECORD = {
  timeUnixNano: '1893553445678000000',
  observedTimeUnixNano: '1893553445678000001',
  severityNumber: 9,
  severityText: 'INFO',
  eventName: 'envseal.access.granted',
  body: { stringValue: 'opened Größe' },
  attributes: [
    { key: 'envseal.outcome', value: { stringValue: 'granted' } },
    { key: 'envseal.attempts', value: { intValue: '-9007199254740993' } },
    { key: 'envseal.duration', value: { doubleValue: 1.5 } },
    { key: 'envseal.sealed', value: { boolValue: false } },
    { key: 'envseal.bytes', value: { bytesValue: 'AAE=' } },
    { key: 'envseal.keys', value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '2' }] } } },
    {
      key: 'envseal.place',
      value: { kvlistValue: { values: [{ key: 'host', value: { stringValue: 'h' } }] } },
    },
  ],
  droppedAttributesCount: 1,
  flags: 1,
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: 'eee19b7ec3c1b174',
};

function requestOf(record: object, scope: object = { name: 'envseal', version: '1' }): object {
  const attributes = [{ key: 'service.name', value: { stringValue: 'envseal' } }];
  return {
    resourceLogs: [{ resource: { attributes }, scopeLogs: [{ scope, logRecords: [record] }] }],
  };
}

const REQUEST = requestOf(RECORD);

let server: OtlpServer;

beforeAll(async () => {
  server = await startOtlp();
});
afterAll(() => server.stop());
beforeEach(() => server.reset());

function post(value: unknown, { url = server.url, ...headers }: Record<string, string> = {}) {
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  const all = { 'content-type': 'application/json', ...headers };
  return send({ url: `${url}/v1/logs`, method: 'POST', body, headers: all });
}

function outcome({ status, body }: RawReply): [number, unknown] {
  return [status, JSON.parse(body.toString())];
}

test('takes a request, and keeps it as it came', async () => {
  const reply = await post(REQUEST);
  expect(outcome(reply)).toEqual([200, {}]);
  expect(reply.headers['content-type']).toBe('application/json');
  const [received] = await server.awaitReceived(1);
  expect(received).toMatchObject({ body: JSON.stringify(REQUEST), request: REQUEST, records: [RECORD] });
});

test('takes an empty request', async () => {
  expect(outcome(await post({}))).toEqual([200, {}]);
  expect(await server.received()).toMatchObject([{ records: [] }]);
});

const at = '$.resourceLogs[0].scopeLogs[0].logRecords[0]';
const attribute = (value: unknown) => ({ attributes: [{ key: 'a', value }] });
const valueAt = `${at}.attributes[0].value`;

/** What is wrong with it, and whether protobuf, too, does not take it. */
const WRONG: [string, object, string, boolean][] = [
  ['a name in snake case', { time_unix_nano: '1' }, `${at}.time_unix_nano: no such field`, false],
  ['a name that there is not', { timestamp: '1' }, `${at}.timestamp: no such field`, true],
  [
    'a time that is a number',
    { timeUnixNano: 1893553445678 },
    `${at}.timeUnixNano: not a 64-bit number in a string`,
    false,
  ],
  [
    'a time that is a date',
    { timeUnixNano: '2030-01-02T03:04:05Z' },
    `${at}.timeUnixNano: not a 64-bit number in a string`,
    true,
  ],
  ['a negative time', { timeUnixNano: '-1' }, `${at}.timeUnixNano: not a 64-bit number in a string`, true],
  [
    'an enumeration by name',
    { severityNumber: 'SEVERITY_NUMBER_INFO' },
    `${at}.severityNumber: not a number from 0 to 24`,
    false,
  ],
  ['a severity of 25', { severityNumber: 25 }, `${at}.severityNumber: not a number from 0 to 24`, false],
  [
    'a trace id in base64',
    { traceId: 'W47/95gDgQPSabYzgT/GDA==' },
    `${at}.traceId: not 16 bytes in hexadecimal`,
    true,
  ],
  ['a span id of zeroes', { spanId: '0'.repeat(16) }, `${at}.spanId: not 8 bytes in hexadecimal`, false],
  ['a body that is text', { body: 'opened' }, `${at}.body: not an object`, true],
  [
    'two values at once',
    attribute({ stringValue: 'a', intValue: '1' }),
    `${valueAt}: more than one value`,
    true,
  ],
  [
    'an int that is a number',
    attribute({ intValue: 1 }),
    `${valueAt}.intValue: not a 64-bit number in a string`,
    false,
  ],
  [
    'an int that is too large',
    attribute({ intValue: '9223372036854775808' }),
    `${valueAt}.intValue: not a 64-bit number in a string`,
    true,
  ],
  ['a boolean that is text', attribute({ boolValue: 'true' }), `${valueAt}.boolValue: not a boolean`, true],
  ['bytes that are not base64', attribute({ bytesValue: '*' }), `${valueAt}.bytesValue: not base64`, false],
  [
    'an array without its values',
    attribute({ arrayValue: [] }),
    `${valueAt}.arrayValue: not an object`,
    false,
  ],
  ['attributes that are an object', { attributes: {} }, `${at}.attributes: not an array`, true],
  [
    'an attribute twice',
    { attributes: [RECORD.attributes[0], RECORD.attributes[0]] },
    `${at}.attributes: a key comes twice`,
    false,
  ],
  ['flags beyond 32 bits', { flags: 2 ** 32 }, `${at}.flags: not a number from 0 to 4294967295`, true],
];

describe('refuses', () => {
  test.each(WRONG)('%s', async (_, change, message) => {
    const record = { ...RECORD, ...change };
    expect(outcome(await post(requestOf(record)))).toEqual([400, { code: 3, message }]);
    expect(await server.received()).toEqual([]);
    expect(await server.refused()).toMatchObject([{ status: 400, reason: message }]);
  });

  test('a body that is not JSON', async () => {
    expect(outcome(await post('{'))).toEqual([400, { code: 3, message: 'the body is not JSON' }]);
  });

  test('protobuf', async () => {
    expect((await post(REQUEST, { 'content-type': 'application/x-protobuf' })).status).toBe(415);
    expect(await server.received()).toEqual([]);
  });

  test('another path and method', async () => {
    const headers = { 'content-type': 'application/json' };
    expect((await send({ url: `${server.url}/v1/log`, method: 'POST', headers, body: '{}' })).status).toBe(
      404,
    );
    expect((await send({ url: `${server.url}/v1/logs` })).status).toBe(405);
  });

  test('a request without the headers that it must have', async () => {
    await server.requireHeaders({ 'Api-Key': 'secret' });
    expect((await post(REQUEST)).status).toBe(401);
    expect((await post(REQUEST, { 'api-key': 'other' })).status).toBe(401);
    expect((await post(REQUEST, { 'api-key': 'secret' })).status).toBe(200);
    expect(await server.received()).toHaveLength(1);
  });
});

test('takes what is compressed', async () => {
  const body = gzipSync(JSON.stringify(REQUEST));
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  const good = await fetch(`${server.url}/v1/logs`, { method: 'POST', body, headers });
  const bad = await fetch(`${server.url}/v1/logs`, {
    method: 'POST',
    body: JSON.stringify(REQUEST),
    headers,
  });
  expect([good.status, bad.status]).toEqual([200, 400]);
  expect(await server.received()).toMatchObject([{ body: JSON.stringify(REQUEST) }]);
});

test('may say that it took a part', async () => {
  await server.partialSuccess({ rejectedLogRecords: 1, errorMessage: 'too much' });
  expect(outcome(await post(REQUEST))).toEqual([
    200,
    { partialSuccess: { rejectedLogRecords: '1', errorMessage: 'too much' } },
  ]);
  await server.partialSuccess(null);
  expect(outcome(await post(REQUEST))).toEqual([200, {}]);
});

test.each([
  [429, 8],
  [503, 14],
])('is throttled: %i', async (status, code) => {
  await server.fault({ status, code: 'slow down', setHeaders: { 'retry-after': '1' } });
  const reply = await post(REQUEST);
  expect(outcome(reply)).toEqual([status, { code, message: 'slow down' }]);
  expect(reply.headers['retry-after']).toBe('1');
  expect(outcome(await post(REQUEST))).toEqual([200, {}]);
  expect(await server.received()).toHaveLength(1);
});

test('over TLS', async () => {
  await using tls = await startOtlp({ tls: true });
  const headers = { 'content-type': 'application/json' };
  const ca = readFileSync(CA_FILE, 'utf8');
  expect((await send({ url: `${tls.url}/v1/logs`, method: 'POST', headers, body: '{}', ca })).status).toBe(
    200,
  );
});

describeReal('otlp', "OpenTelemetry's own messages", () => {
  let collector: OtlpCollector;

  beforeAll(async () => {
    collector = await startOtlpCollector();
  });
  afterAll(() => collector?.stop());

  test('read the same out of a request', async () => {
    expect(outcome(await post(REQUEST, { url: collector.endpoint }))).toEqual([200, {}]);
    expect(await collector.received()).toContainEqual(REQUEST);
  });

  test.each(WRONG.filter(([, , , isWrongThere]) => isWrongThere))('refuse %s, too', async (_, change) => {
    const reply = await post(requestOf({ ...RECORD, ...change }), { url: collector.endpoint });
    expect(reply.status).toBe(400);
    expect(JSON.parse(reply.body.toString()).message).toMatch(/Error: /);
  });

  test.each(WRONG.filter(([, , , isWrongThere]) => !isWrongThere))('are laxer: %s', async (_, change) => {
    const reply = await post(requestOf({ ...RECORD, ...change }), { url: collector.endpoint });
    expect(reply.status).toBe(200);
  });
});
