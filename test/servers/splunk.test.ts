import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RawReply, type RawRequest, send } from './raw-client.ts';
import { CA_FILE, SPLUNK_TOKEN, type SplunkServer, startSplunk } from './start.ts';

const CHANNEL = 'fe0ecfad-13d5-401b-847d-77833bd77131';
const ACK_TOKEN = '1A2B3C4D-5E6F-7890-ABCD-EF1234567890';
const GOOD = '{"event":"a"}';

let server: SplunkServer;

beforeAll(async () => {
  server = await startSplunk();
});
afterAll(() => server.stop());
beforeEach(() => server.reset());

async function post(path: string, body: string, headers: Record<string, string | null> = {}) {
  const all = { authorization: `Splunk ${SPLUNK_TOKEN}`, ...headers };
  const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
  return send({ url: server.url + path, method: 'POST', body, headers: sent } as RawRequest);
}

function outcome({ status, body }: RawReply): [number, unknown] {
  return [status, JSON.parse(body.toString())];
}

const events = async (body: string, headers: Record<string, string | null> = {}) =>
  outcome(await post('/services/collector/event', body, headers));

const success = [200, { text: 'Success', code: 0 }];

test('takes events one after the other, and keeps them as they came', async () => {
  const first = '{"time":1756912345.125,"host":"h","source":"s","sourcetype":"_json","event":{"a":"}{\\"é"}}';
  const second = '{"index":"audit","event":"line","fields":{"outcome":"granted","keys":["a","b"]}}';
  expect(await events(`${first}${second}\r\n${GOOD}\n`)).toEqual(success);
  const received = await server.received();
  expect(received.map(({ body, index }) => [body, index])).toEqual([
    [first, 'main'],
    [second, 'audit'],
    [GOOD, 'main'],
  ]);
  expect(received[0]).toMatchObject({
    token: SPLUNK_TOKEN,
    channel: null,
    ackId: null,
    envelope: { time: 1756912345.125, host: 'h', event: { a: '}{"é' } },
  });
});

test('has more than one path for them', async () => {
  expect(outcome(await post('/services/collector', GOOD))).toEqual(success);
  expect(outcome(await post('/services/collector/event/1.0', GOOD))).toEqual(success);
  expect((await post('/services/collector/events', GOOD)).status).toBe(404);
  expect((await send({ url: `${server.url}/services/collector/event` })).status).toBe(405);
  expect(await server.received()).toHaveLength(2);
});

describe('refuses', () => {
  test.each<[string, string, string | null, number, object]>([
    ['no token', GOOD, null, 401, { text: 'Token is required', code: 2 }],
    ['a bearer', GOOD, `Bearer ${SPLUNK_TOKEN}`, 401, { text: 'Invalid authorization', code: 3 }],
    ['an unknown token', GOOD, `Splunk ${ACK_TOKEN}`, 403, { text: 'Invalid token', code: 4 }],
  ])('%s', async (_, body, authorization, status, expected) => {
    expect(await events(body, { authorization })).toEqual([status, expected]);
    expect(await server.received()).toEqual([]);
  });

  test('a token in the query', async () => {
    const reply = await post(`/services/collector?token=${SPLUNK_TOKEN}`, GOOD, { authorization: null });
    expect(outcome(reply)).toEqual([400, { text: 'Query string authorization is not enabled', code: 16 }]);
  });

  test('a token that is disabled', async () => {
    await server.token({ token: SPLUNK_TOKEN, disabled: true });
    expect(await events(GOOD)).toEqual([403, { text: 'Token disabled', code: 1 }]);
  });

  const at = (code: number, text: string, number?: number) => ({
    text,
    code,
    ...(number !== undefined && { 'invalid-event-number': number }),
  });
  test.each<[string, string, object]>([
    ['nothing', ' \n', at(5, 'No data')],
    ['half an object', `${GOOD}{"event":`, at(6, 'Invalid data format', 1)],
    ['text', 'hello', at(6, 'Invalid data format', 0)],
    ['a comma between two', `${GOOD},${GOOD}`, at(6, 'Invalid data format', 1)],
    ['an array', `[${GOOD}]`, at(6, 'Invalid data format', 0)],
    ['a name that there is not', '{"event":"a","sourceType":"x"}', at(6, 'Invalid data format', 0)],
    ['a host that is not text', '{"event":"a","host":1}', at(6, 'Invalid data format', 0)],
    ['no event', `${GOOD}{"host":"h"}`, at(12, 'Event field is required', 1)],
    ['a blank event', '{"event":" "}', at(13, 'Event field cannot be blank', 0)],
    ['an empty event', '{"event":{}}', at(13, 'Event field cannot be blank', 0)],
    ['a date for a time', '{"event":"a","time":"today"}', at(15, 'Error in handling indexed fields', 0)],
    ['an exponent', '{"event":"a","time":1.7e9}', at(15, 'Error in handling indexed fields', 0)],
    ['nested fields', '{"event":"a","fields":{"a":{}}}', at(15, 'Error in handling indexed fields', 0)],
    ['an index of others', `${GOOD}{"event":"a","index":"x"}`, at(7, 'Incorrect index', 2)],
  ])('%s', async (_, body, expected) => {
    expect(await events(body)).toEqual([400, expected]);
    expect(await server.received()).toEqual([]);
  });
});

test("an event's own time is its own affair", async () => {
  expect(await events('{"event":{"time":1e9},"time":1700000000}')).toEqual(success);
  expect(await events('{"time":"1700000000.5","event":{"time":1e9}}')).toEqual(success);
  expect((await events('{"time":1e9,"event":{"time":1700000000}}'))[0]).toBe(400);
});

test('a token without a list writes anywhere', async () => {
  await server.token({ token: SPLUNK_TOKEN });
  expect(await events('{"event":"a","index":"anywhere"}')).toEqual(success);
});

describe('with indexer acknowledgement', () => {
  const headers = { authorization: `Splunk ${ACK_TOKEN}`, 'x-splunk-request-channel': CHANNEL };
  const acks = async (body: string, path = '/services/collector/ack', more: object = {}) =>
    outcome(await post(path, body, { ...headers, ...more }));

  beforeEach(() => server.token({ token: ACK_TOKEN, ack: true }));

  test('gives an id for each request, and says once that it is indexed', async () => {
    expect(await events(GOOD + GOOD, headers)).toEqual([200, { text: 'Success', code: 0, ackId: 0 }]);
    expect(await events(GOOD, headers)).toEqual([200, { text: 'Success', code: 0, ackId: 1 }]);
    expect((await server.received()).map(({ ackId, channel }) => [ackId, channel])).toEqual([
      [0, CHANNEL],
      [0, CHANNEL],
      [1, CHANNEL],
    ]);
    expect(await acks('{"acks":[0,1,2]}')).toEqual([200, { acks: { 0: true, 1: true, 2: false } }]);
    expect(await acks('{"acks":[0]}')).toEqual([200, { acks: { 0: false } }]);
  });

  test('may take its time', async () => {
    await server.acknowledgeAfter(2);
    await events(GOOD, headers);
    const seen: unknown[] = [];
    for (let poll = 0; poll < 4; poll++) seen.push((await acks('{"acks":[0]}'))[1]);
    expect(seen).toEqual([false, false, true, false].map((isIndexed) => ({ acks: { 0: isIndexed } })));
  });

  test('a channel may be in the query, and another one has its own ids', async () => {
    const other = CHANNEL.replace('fe', 'ff');
    const none = { 'x-splunk-request-channel': null };
    await events(GOOD, headers);
    const query = `?channel=${other}`;
    expect(outcome(await post(`/services/collector/event${query}`, GOOD, { ...headers, ...none }))).toEqual([
      200,
      { text: 'Success', code: 0, ackId: 0 },
    ]);
    expect(await acks('{"acks":[0]}', `/services/collector/ack${query}`, none)).toEqual([
      200,
      { acks: { 0: true } },
    ]);
    expect(await acks('{"acks":[0]}')).toEqual([200, { acks: { 0: true } }]);
  });

  test.each([
    ['no channel', { 'x-splunk-request-channel': null }, { text: 'Data channel is missing', code: 10 }],
    [
      'a channel that is not a GUID',
      { 'x-splunk-request-channel': 'mine' },
      { text: 'Invalid data channel', code: 11 },
    ],
  ])('refuses %s', async (_, change, expected) => {
    expect(await events(GOOD, { ...headers, ...change })).toEqual([400, expected]);
    expect(await acks('{"acks":[0]}', undefined, change)).toEqual([400, expected]);
    expect(await server.received()).toEqual([]);
  });

  test('refuses ids that are none, and a token without it', async () => {
    expect(await acks('{"acks":["0"]}')).toEqual([400, { text: 'Invalid data format', code: 6 }]);
    const plain = { authorization: `Splunk ${SPLUNK_TOKEN}` };
    expect(await acks('{"acks":[0]}', undefined, plain)).toEqual([
      400,
      { text: 'ACK is disabled', code: 14 },
    ]);
  });
});

test('may say 200 and mean no', async () => {
  await server.lie();
  expect(await events(GOOD)).toEqual([200, { text: 'Invalid token', code: 4 }]);
  await server.lie(9);
  expect(await events(GOOD)).toEqual([200, { text: 'Server is busy', code: 9 }]);
  expect(await server.received()).toEqual([]);
  await server.lie(null);
  expect(await events(GOOD)).toEqual(success);
});

test('says how it is', async () => {
  const url = `${server.url}/services/collector/health`;
  expect(outcome(await send({ url }))).toEqual([200, { text: 'HEC is healthy', code: 17 }]);
  await server.fault({ status: 503, code: '18' });
  expect(outcome(await send({ url }))).toEqual([
    503,
    { text: 'HEC is unhealthy, queues are full', code: 18 },
  ]);
});

test('has faults in its own words', async () => {
  await server.fault({ status: 503, count: 2 });
  expect(await events(GOOD)).toEqual([503, { text: 'Server is busy', code: 9 }]);
  await server.fault({ status: 500, applied: true });
  expect((await events(GOOD))[0]).toBe(503);
  expect(await events(GOOD)).toEqual([500, { text: 'Internal server error', code: 8 }]);
  await server.fault({ wrongBody: true });
  expect((await post('/services/collector', GOOD)).body.toString()).not.toBe('{"text":"Success","code":0}');
  await server.fault({ match: 'ack$', status: 503 });
  expect(await events(GOOD)).toEqual(success);
  expect(await server.received()).toHaveLength(3);
});

test('over TLS', async () => {
  await using tls = await startSplunk({ tls: true });
  const headers = { authorization: `Splunk ${SPLUNK_TOKEN}` };
  const url = `${tls.url}/services/collector`;
  const ca = readFileSync(CA_FILE, 'utf8');
  expect(outcome(await send({ url, method: 'POST', headers, body: GOOD, ca }))).toEqual(success);
  expect(await tls.received()).toHaveLength(1);
});
