import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RawReply, type RawRequest, send } from './raw-client.ts';
import { CA_FILE, startWebhook, WEBHOOK_SECRET, type WebhookServer } from './start.ts';

const EVENT = { specversion: '1.0', id: 'e1', source: 'urn:envseal:host', type: 'envseal.access.granted' };
const BODY = JSON.stringify({ ...EVENT, data: { word: 'Größe' } });
const OTHER_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const HOUR_SECONDS = 3600;

let server: WebhookServer;

beforeAll(async () => {
  server = await startWebhook();
});
afterAll(() => server.stop());
beforeEach(() => server.reset());

function now(): number {
  return Math.floor(Date.now() / 1000);
}

function sign(secret: string, id: string, timestamp: number | string, body: string): string {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

interface Delivery {
  readonly id?: string;
  readonly timestamp?: number | string;
  readonly secret?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly url?: string;
  readonly method?: string;
  readonly ca?: string;
}

/** Signed as it should be, and then changed. */
function deliver({ id = 'm1', timestamp = now(), secret = WEBHOOK_SECRET, ...rest }: Delivery = {}) {
  const { body = BODY, headers = {}, url = `${server.url}/hook?tenant=1`, ...more } = rest;
  const all = {
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': sign(secret, id, timestamp, body),
    ...headers,
  };
  const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
  return send({ url, method: 'POST', body, ...more, headers: sent as Record<string, string> } as RawRequest);
}

function outcome({ status, body }: RawReply): [number, string] {
  return [status, body.toString()];
}

test('takes what is signed, and keeps it as it came', async () => {
  const reply = await deliver();
  expect(outcome(reply)).toEqual([204, '']);
  expect(await server.received()).toEqual([
    {
      id: 'm1',
      timestamp: expect.closeTo(now(), -1),
      target: '/hook?tenant=1',
      headers: expect.objectContaining({ 'webhook-id': 'm1' }),
      body: BODY,
      duplicate: false,
    },
  ]);
  expect(await server.refused()).toEqual([]);
});

test("takes the signature of the specification's libraries", async () => {
  const body = '{"test": 2432232314}';
  const headers = { 'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=' };
  const delivery = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330, body, headers };
  await server.clock(1_614_265_330_000 - Date.now());
  // The signature is right, the body is not a CloudEvent.
  expect(outcome(await deliver(delivery))).toEqual([400, 'specversion is not 1.0']);
  expect(outcome(await deliver({ ...delivery, body: `${body} ` }))).toEqual([
    401,
    'No matching signature found',
  ]);
});

describe('refuses', () => {
  test.each<[string, Delivery, number, string]>([
    ['no id', { headers: { 'webhook-id': null } }, 400, 'Missing required headers'],
    ['no timestamp', { headers: { 'webhook-timestamp': null } }, 400, 'Missing required headers'],
    ['no signature', { headers: { 'webhook-signature': null } }, 400, 'Missing required headers'],
    ['an id with a full stop', { id: 'a.b' }, 400, 'an id has no full stop'],
    ['a timestamp that is none', { timestamp: 'now' }, 400, 'Invalid Signature Headers'],
    ['a timestamp in milliseconds', { timestamp: Date.now() }, 400, 'Message timestamp too new'],
    ['what is too old', { timestamp: now() - HOUR_SECONDS }, 400, 'Message timestamp too old'],
    ['a secret of its own', { secret: OTHER_SECRET }, 401, 'No matching signature found'],
    ['another version', { headers: { 'webhook-signature': 'v2,AAAA' } }, 401, 'No matching signature found'],
    ['half a signature', { headers: { 'webhook-signature': 'v1,' } }, 401, 'No matching signature found'],
    [
      'plain JSON',
      { headers: { 'content-type': 'application/json' } },
      415,
      'the content type is not that of a CloudEvent',
    ],
    ['a body that is not JSON', { body: '{' }, 400, 'the body is not JSON in UTF-8'],
    ['an event without its type', { body: JSON.stringify({ ...EVENT, type: '' }) }, 400, 'type is missing'],
    [
      'an attribute in camel case',
      { body: JSON.stringify({ ...EVENT, dataSchema: 'x' }) },
      400,
      "dataSchema is no attribute's name",
    ],
    [
      'a time without a zone',
      { body: JSON.stringify({ ...EVENT, time: '2030-01-01T00:00:00' }) },
      400,
      'time is not of RFC 3339',
    ],
    ['a PUT', { method: 'PUT' }, 405, 'a webhook is a POST'],
  ])('%s', async (_, delivery, status, reason) => {
    expect(outcome(await deliver(delivery))).toEqual([status, reason]);
    expect(await server.received()).toEqual([]);
    expect(await server.refused()).toEqual([expect.objectContaining({ status, reason })]);
  });

  test('a signature of something else', async () => {
    const headers = { 'webhook-signature': sign(WEBHOOK_SECRET, 'm1', now(), `${BODY} `) };
    expect((await deliver({ headers })).status).toBe(401);
    expect((await deliver({ headers: { 'webhook-id': 'm2' } })).status).toBe(401);
  });
});

test('a batch is an array of events', async () => {
  const headers = { 'content-type': 'application/cloudevents-batch+json' };
  expect((await deliver({ body: `[${BODY},${BODY}]`, headers })).status).toBe(204);
  expect((await deliver({ body: BODY, headers })).status).toBe(400);
  expect((await deliver({ body: `[${BODY}]` })).status).toBe(400);
});

test('while a secret is changed, either of two signatures will do', async () => {
  const both = [OTHER_SECRET, WEBHOOK_SECRET].map((secret) => sign(secret, 'm1', now(), BODY)).join(' ');
  const headers = { 'webhook-signature': `v1a,AAAA ${both}` };
  const statuses: number[] = [];
  for (const secrets of [[WEBHOOK_SECRET], [OTHER_SECRET], [OTHER_SECRET, WEBHOOK_SECRET]]) {
    await server.secrets(secrets);
    statuses.push((await deliver({ headers })).status);
  }
  expect(statuses).toEqual([204, 204, 204]);
  await server.secrets([`whsec_${Buffer.alloc(24, 1).toString('base64')}`]);
  expect((await deliver({ headers })).status).toBe(401);
});

test('a secret has its form', async () => {
  await expect(server.secrets(['whsec_short'])).rejects.toThrow('base64');
  await expect(server.secrets(['whsec_AAAA'])).rejects.toThrow('24 to 64 bytes');
});

test('without secrets, a signature is not asked for', async () => {
  await server.secrets([]);
  const headers = { 'webhook-signature': null };
  expect((await deliver({ headers })).status).toBe(204);
});

test('says which ids came more than once', async () => {
  for (const id of ['m1', 'm2', 'm1', 'm1']) await deliver({ id });
  expect(await server.duplicates()).toEqual(['m1']);
  expect((await server.received()).map(({ duplicate }) => duplicate)).toEqual([false, false, true, true]);
});

test('answers success as configured', async () => {
  await server.success(200, 'thanks');
  expect(outcome(await deliver())).toEqual([200, 'thanks']);
});

test('says when something has come', async () => {
  const waiting = server.awaitReceived(2);
  await deliver({ id: 'm1' });
  await deliver({ id: 'm2' });
  expect((await waiting).map(({ id }) => id)).toEqual(['m1', 'm2']);
});

describe('a fault', () => {
  test('of the status, after or without taking the event', async () => {
    await server.fault({ status: 503, setHeaders: { 'retry-after': '7' } });
    await server.fault({ status: 500, applied: true });
    expect((await deliver({ id: 'm1' })).headers['retry-after']).toBe('7');
    expect((await deliver({ id: 'm2' })).status).toBe(500);
    expect((await deliver({ id: 'm2' })).status).toBe(204);
    expect((await server.received()).map(({ id }) => id)).toEqual(['m2', 'm2']);
    expect(await server.duplicates()).toEqual(['m2']);
  });

  test('that sends elsewhere', async () => {
    await server.fault({ status: 307, setHeaders: { location: 'http://127.0.0.1:1/' } });
    const { status, headers } = await deliver();
    expect([status, headers.location]).toEqual([307, 'http://127.0.0.1:1/']);
    expect(await server.received()).toEqual([]);
  });

  test('of the connection', async () => {
    await server.fault({ resetBeforeHeaders: true, match: '^/hook$' });
    expect((await deliver()).failure).toBe('ECONNRESET');
    expect((await deliver()).status).toBe(204);
  });

  test('of the clock', async () => {
    await server.clock(HOUR_SECONDS * 1000);
    expect(outcome(await deliver())).toEqual([400, 'Message timestamp too old']);
    await server.reset();
    expect((await deliver()).status).toBe(204);
  });
});

test('over TLS', async () => {
  await using tls = await startWebhook({ tls: true });
  const ca = readFileSync(CA_FILE, 'utf8');
  expect((await deliver({ url: `${tls.url}/`, ca })).status).toBe(204);
  expect(await tls.received()).toHaveLength(1);
  await tls.fault({ resetBeforeHeaders: true });
  expect((await deliver({ url: `${tls.url}/`, ca })).failure).toBe('ECONNRESET');
});
