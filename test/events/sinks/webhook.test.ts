import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EnvsealError } from '../../../src/errors.ts';
import {
  CA_FILE,
  OTHER_CA_FILE,
  startWebhook,
  WEBHOOK_SECRET,
  type WebhookServer,
} from '../../servers/start.ts';
import { CANARY, CLOSED, change, event, expectSame, failure, send } from './sending.ts';

let receiver: WebhookServer;
let other: WebhookServer;
const variables = { ENVSEAL_WEBHOOK_SECRET: WEBHOOK_SECRET };

beforeAll(async () => {
  [receiver, other] = await Promise.all([startWebhook(), startWebhook()]);
});
afterAll(() => Promise.all([receiver.stop(), other.stop()]));
beforeEach(() => Promise.all([receiver.reset(), other.reset()]));

describe('what is sent', () => {
  test('each event, signed', async () => {
    const events = [event(), event({ outcome: 'denied', reason: 'denied' }, 'gs://snacks/env')];
    await send(`${receiver.url}/hook?team=a`, { events, variables });
    const received = await receiver.received();
    expect(received.map(({ id }) => id).sort()).toEqual(events.map(({ id }) => id).sort());
    for (const { id, body, target, headers } of received) {
      expect(JSON.parse(body)).toEqual(events.find((sent) => sent.id === id));
      expect(target).toBe('/hook?team=a');
      expect(headers).toMatchObject({
        'content-type': 'application/cloudevents+json',
        'user-agent': expect.stringMatching(/^envseal\//),
      });
    }
  });

  test('each of many changes', async () => {
    const events = Array.from({ length: 40 }, (_, index) =>
      change('rotated', {}, `s3://snacks/${index}/env`),
    );
    await send(receiver.url, { events, variables });
    expectSame(
      (await receiver.received()).map(({ body }) => JSON.parse(body)),
      events,
    );
  });

  test('no more than 16 are on their way at once', async () => {
    const events = Array.from({ length: 40 }, () => change('rotated'));
    await receiver.fault({ hang: true, count: 'always' });
    expect(await failure(receiver.url, { events, variables, seconds: 3 })).toMatchObject({ code: 'timeout' });
    expect(await receiver.requests()).toHaveLength(16);
  });

  test('all others, where the first are refused', async () => {
    const events = Array.from({ length: 20 }, () => change('set'));
    await receiver.fault({ status: 400, count: 17 });
    expect(await failure(receiver.url, { events, variables })).toMatchObject({ code: 'undelivered' });
    expect(await receiver.requests()).toHaveLength(20);
  });

  test('a signature for each secret of a rotation, base64 or not', async () => {
    const before = Math.floor(Date.now() / 1000);
    await send(receiver.url, { variables: { ENVSEAL_WEBHOOK_SECRET: `${WEBHOOK_SECRET} raw-secret` } });
    const after = Date.now() / 1000;
    const [{ headers, body, id, timestamp } = expect.unreachable()] = await receiver.received();
    const sign = (key: Buffer | string) =>
      `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
    const key = Buffer.from(WEBHOOK_SECRET.slice('whsec_'.length), 'base64');
    expect(headers['webhook-signature']).toBe(`${sign(key)} ${sign('raw-secret')}`);
    expect(timestamp).toBeGreaterThanOrEqual(before);
    expect(timestamp).toBeLessThanOrEqual(after);
  });

  test('no signature without a secret', async () => {
    await receiver.secrets([]);
    await send(receiver.url);
    const [{ headers } = { headers: {} }] = await receiver.received();
    expect(headers).not.toHaveProperty('webhook-signature');
  });

  test.each([200, 201, 202, 204])('%i is success', async (status) => {
    await receiver.success(status, status === 204 ? '' : 'anything');
    await send(receiver.url, { variables });
  });

  test('with a certificate of the CA in SSL_CERT_FILE', async () => {
    await using secure = await startWebhook({ tls: true });
    await send(secure.url, { variables: { ...variables, SSL_CERT_FILE: CA_FILE } });
    expect(await secure.received()).toHaveLength(1);
    const wrong = await failure(secure.url, { variables: { ...variables, SSL_CERT_FILE: OTHER_CA_FILE } });
    expect(wrong).toMatchObject({ code: 'unreachable', attempts: 1 });
  });
});

describe('what fails', () => {
  test('a wrong secret', async () => {
    const wrong = { ENVSEAL_WEBHOOK_SECRET: `whsec_${Buffer.from(CANARY).toString('base64')}` };
    expect(await failure(receiver.url, { variables: wrong })).toMatchObject({
      code: 'credentials',
      message: 'authentication failed: 401',
    });
    expect(await receiver.refused()).toHaveLength(1);
  });

  test.each<[number, string, string]>([
    [403, 'denied', 'not authorized: 403'],
    [400, 'undelivered', 'it refused the event with 400'],
    [410, 'undelivered', 'it refused the event with 410'],
    [302, 'undelivered', 'it redirects elsewhere: 302'],
  ])('%i at once', async (status, code, message) => {
    await receiver.fault({ status, count: 'always' });
    expect(await failure(receiver.url, { variables })).toMatchObject({ code, message });
    expect(await receiver.requests()).toHaveLength(1);
  });

  test('a redirect is not followed', async () => {
    await receiver.fault({ status: 307, setHeaders: { location: other.url }, count: 'always' });
    expect(await failure(receiver.url, { variables })).toMatchObject({ code: 'undelivered' });
    expect(await other.requests()).toEqual([]);
  });

  test('429 is repeated after Retry-After, with the same id', async () => {
    await receiver.fault({ status: 429, setHeaders: { 'retry-after': '1' }, applied: true });
    await send(receiver.url, { variables });
    expect(await receiver.duplicates()).toHaveLength(1);
  });

  test('429 with a Retry-After beyond the deadline', async () => {
    await receiver.fault({ status: 429, setHeaders: { 'retry-after': '60' } });
    const failed = await failure(receiver.url, { variables, seconds: 20 });
    expect(failed).toMatchObject({ code: 'throttled', attempts: 1 });
  });

  test.each([{ status: 500 }, { status: 503 }, { resetBeforeHeaders: true }])(
    '%o, then success',
    async (fault) => {
      await receiver.fault({ ...fault, count: 2 });
      await send(receiver.url, { variables });
      expect(await receiver.received()).toHaveLength(1);
      expect(await receiver.requests()).toHaveLength(3);
    },
  );

  test('silence', async () => {
    await receiver.fault({ hang: true, count: 'always' });
    expect(await failure(receiver.url, { variables, seconds: 0.5 })).toMatchObject({ code: 'timeout' });
  });

  test('no server', async () => {
    expect(await failure(`http://${CLOSED}/`, { seconds: 2 })).toMatchObject({
      code: 'unreachable',
      message: `cannot reach ${CLOSED}: ECONNREFUSED`,
    });
  });

  test('one event of several: the others are sent all the same', async () => {
    await receiver.fault({ status: 400, count: 1 });
    const events = [event(), event(), event()];
    expect(await failure(receiver.url, { events, variables })).toMatchObject({ code: 'undelivered' });
    expect(await receiver.received()).toHaveLength(2);
  });

  test.each([
    ['whsec_', 'ENVSEAL_WEBHOOK_SECRET has no base64 after whsec_'],
    [`whsec_${CANARY}!`, 'ENVSEAL_WEBHOOK_SECRET has no base64 after whsec_'],
    [' ', 'ENVSEAL_WEBHOOK_SECRET is empty'],
  ])('the secret %j', async (secret, message) => {
    const wrong = { ENVSEAL_WEBHOOK_SECRET: secret };
    expect(await failure(receiver.url, { variables: wrong })).toMatchObject({
      code: 'configuration',
      message,
    });
  });

  test('an empty secret does not mean none', async () => {
    await expect(send(receiver.url, { variables: { ENVSEAL_WEBHOOK_SECRET: '' } })).rejects.toThrow(
      EnvsealError,
    );
    expect(await receiver.requests()).toEqual([]);
  });

  test('http: to another host', async () => {
    expect(await failure('http://events.example/')).toMatchObject({
      code: 'configuration',
      message: 'the endpoint http://events.example is not https:',
    });
  });
});
