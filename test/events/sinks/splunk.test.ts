import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SPLUNK_TOKEN, type SplunkServer, startSplunk, startWebhook } from '../../servers/start.ts';
import { CANARY, CLOSED, change, event, expectSame, failure, NOW, send } from './sending.ts';

let splunk: SplunkServer;
let uri: string;
const variables = { ENVSEAL_SPLUNK_TOKEN: SPLUNK_TOKEN };

beforeAll(async () => {
  splunk = await startSplunk();
  uri = `splunk+${splunk.url}`;
});
afterAll(() => splunk.stop());
beforeEach(() => splunk.reset());

describe('what is sent', () => {
  test('all events in one request', async () => {
    const events = [event(), event({ outcome: 'failed', reason: 'timeout' })];
    await send(uri, { events, variables });
    expect(await splunk.requests()).toHaveLength(1);
    const received = await splunk.received();
    expect(received.map(({ envelope }) => envelope)).toEqual(
      events.map((sent) => ({
        time: NOW / 1000,
        host: 'snacks-6d4cf56db6-x7zqk',
        source: 'envseal',
        sourcetype: '_json',
        event: sent,
      })),
    );
    expect(received.map(({ channel, index }) => [channel, index])).toEqual([
      [null, 'main'],
      [null, 'main'],
    ]);
  });

  test('changes beside accesses', async () => {
    const events = [event(), change('set'), change('rolled-back', { outcome: 'failed', reason: 'conflict' })];
    await send(uri, { events, variables });
    expectSame(
      (await splunk.received()).map(({ envelope }) => envelope.event),
      events,
    );
  });

  test('with index, source and sourcetype of the URI', async () => {
    await send(`${uri}?index=audit&source=a&sourcetype=b:c`, { variables });
    const [{ envelope } = { envelope: {} }] = await splunk.received();
    expect(envelope).toMatchObject({ index: 'audit', source: 'a', sourcetype: 'b:c' });
  });

  test('without a host where none is known', async () => {
    const place = { host: null, containerId: null, pod: null, namespace: null, node: null, image: null };
    await send(`${uri}?path=/services/collector`, { events: [event({ place })], variables });
    const [{ envelope } = { envelope: {} }] = await splunk.received();
    expect(envelope).not.toHaveProperty('host');
  });

  test('a token from a file that ends with an empty line', async () => {
    await send(uri, { variables: { ENVSEAL_SPLUNK_TOKEN: `${SPLUNK_TOKEN}\n` } });
  });
});

describe('with ack=true', () => {
  beforeEach(() => splunk.token({ token: SPLUNK_TOKEN, ack: true }));

  test('it waits until the indexers have it', async () => {
    await splunk.acknowledgeAfter(3);
    await send(`${uri}?ack=true`, { variables });
    const requests = await splunk.requests();
    expect(requests.map(({ subject }) => subject)).toEqual([
      '/services/collector/event',
      ...Array(4).fill('/services/collector/ack'),
    ]);
    expect(new Set(requests.map(({ headers }) => headers['x-splunk-request-channel'])).size).toBe(1);
  });

  test('they never say so', async () => {
    await splunk.acknowledgeAfter(1e9);
    const { code, message } = await failure(`${uri}?ack=true`, { variables, seconds: 3 });
    expect({ code, message }).toEqual({
      code: 'undelivered',
      message: 'Splunk accepted the event but did not index it in time',
    });
  });

  test('the ack endpoint is silent', async () => {
    await splunk.fault({ match: 'ack$', hang: true, count: 'always' });
    expect(await failure(`${uri}?ack=true`, { variables, seconds: 0.5 })).toMatchObject({ code: 'timeout' });
  });

  test('the ack endpoint fails, then answers', async () => {
    await splunk.fault({ match: 'ack$', status: 503 });
    await send(`${uri}?ack=true`, { variables });
  });

  test('a token that does not acknowledge', async () => {
    await splunk.token({ token: SPLUNK_TOKEN, ack: false });
    expect(await failure(`${uri}?ack=true`, { variables })).toMatchObject({
      code: 'undelivered',
      message: 'Splunk accepted the event but returned no ackId',
      hint: 'remove ack=true, or enable indexer acknowledgment for the token',
    });
  });

  test('a token that acknowledges, without it', async () => {
    expect(await failure(uri, { variables })).toMatchObject({
      code: 'undelivered',
      message: 'Splunk rejected the event: code 10',
      hint: 'the token has indexer acknowledgment enabled: add ack=true',
    });
  });
});

describe('what fails', () => {
  test('a wrong token', async () => {
    expect(await failure(uri, { variables: { ENVSEAL_SPLUNK_TOKEN: CANARY } })).toMatchObject({
      code: 'credentials',
      message: 'Splunk does not accept the token: code 4',
    });
  });

  test('a token that is disabled', async () => {
    await splunk.token({ token: SPLUNK_TOKEN, disabled: true });
    expect(await failure(uri, { variables })).toMatchObject({ code: 'credentials' });
  });

  test('a token that is not a valid header', async () => {
    const wrong = { ENVSEAL_SPLUNK_TOKEN: `a\r\nx: ${CANARY}` };
    expect(await failure(uri, { variables: wrong })).toMatchObject({ code: 'configuration' });
  });

  test('an index that the token may not write to', async () => {
    expect(await failure(`${uri}?index=other`, { variables })).toMatchObject({
      code: 'undelivered',
      message: 'Splunk rejected the event: code 7',
      hint: 'allow the index for this token, or check ?index=',
    });
  });

  test.each([4, 6, 14] as const)('a 200 with code %i', async (code) => {
    await splunk.lie(code);
    const expected = code === 4 ? 'credentials' : 'undelivered';
    expect(await failure(uri, { variables })).toMatchObject({ code: expected });
    expect(await splunk.requests()).toHaveLength(1);
  });

  test('busy, whatever the status says', async () => {
    await splunk.lie(9);
    expect(await failure(uri, { variables, seconds: 2 })).toMatchObject({ code: 'unreachable' });
    expect((await splunk.requests()).length).toBeGreaterThan(1);
  });

  test('busy, then success', async () => {
    await splunk.fault({ status: 503, code: '9', count: 3 });
    await send(uri, { variables });
    expect(await splunk.received()).toHaveLength(1);
  });

  test('throttled, with Retry-After', async () => {
    await splunk.fault({ status: 429, setHeaders: { 'retry-after': '1' } });
    await send(uri, { variables });
    expect(await splunk.requests()).toHaveLength(2);
  });

  test('throttled, with a Retry-After beyond the deadline', async () => {
    await splunk.fault({ status: 429, setHeaders: { 'retry-after': '60' } });
    expect(await failure(uri, { variables, seconds: 20 })).toMatchObject({ code: 'throttled', attempts: 1 });
  });

  test('silence', async () => {
    await splunk.fault({ hang: true, count: 'always' });
    expect(await failure(uri, { variables, seconds: 0.5 })).toMatchObject({ code: 'timeout' });
  });

  test('a redirect: the token stays', async () => {
    await using other = await startSplunk();
    await splunk.fault({ status: 301, setHeaders: { location: other.url } });
    expect(await failure(uri, { variables })).toMatchObject({ code: 'undelivered' });
    expect(await other.requests()).toEqual([]);
  });

  test('a server that is not Splunk', async () => {
    await using other = await startWebhook();
    await other.secrets([]);
    await other.fault({ status: 200, count: 'always' });
    expect(await failure(`splunk+${other.url}`, { variables })).toMatchObject({
      code: 'undelivered',
      message: 'it does not respond like an HTTP Event Collector',
    });
  });

  test('no server', async () => {
    const sent = failure(`splunk+http://${CLOSED}`, { variables, seconds: 2 });
    expect(await sent).toMatchObject({
      code: 'unreachable',
      message: `cannot reach ${CLOSED}: ECONNREFUSED`,
    });
  });
});
