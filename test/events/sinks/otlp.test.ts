import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type OtlpServer, startOtlp, startWebhook } from '../../servers/start.ts';
import { CANARY, CLOSED, change, event, failure, NOW, send } from './sending.ts';

let collector: OtlpServer;
let uri: string;

beforeAll(async () => {
  collector = await startOtlp();
  uri = `otlp+${collector.url}`;
});
afterAll(() => collector.stop());
beforeEach(() => collector.reset());

/** Attributes as an object. */
const plain = (attributes: readonly { key: string; value: object }[] = []) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value]));
const text = (stringValue: string) => ({ stringValue });
const list = (...texts: string[]) => ({ arrayValue: { values: texts.map(text) } });

test('what is sent', async () => {
  const [sent, other] = await send(uri, {
    events: [event(), event({ outcome: 'refused', variables: null })],
  });
  expect(await collector.requests()).toHaveLength(1);
  const [{ request, records, headers } = expect.unreachable()] = await collector.received();
  expect(headers['content-type']).toBe('application/json');
  const [{ resource, scopeLogs } = expect.unreachable()] = request.resourceLogs ?? [];
  expect(plain(resource?.attributes)).toEqual({
    'service.name': text('envseal'),
    'service.version': text('0.0.0-source'),
    'host.name': text('snacks-6d4cf56db6-x7zqk'),
    'container.id': text('0f3deade416514b65143bdb917f86c290bf21b176d70d8ad8c4992469fdb28e6'),
    'container.image.name': text('registry.example/snacks'),
    'container.image.tags': list('1.4.2'),
    'k8s.pod.name': text('snacks-6d4cf56db6-x7zqk'),
    'k8s.namespace.name': text('shop'),
    'k8s.node.name': text('ip-10-0-3-17.eu-central-1.compute.internal'),
  });
  expect(scopeLogs?.[0]?.scope).toEqual({ name: 'envseal', version: '0.0.0-source' });
  const { attributes, ...record } = records[0] ?? {};
  expect(record).toEqual({
    timeUnixNano: `${NOW}000000`,
    observedTimeUnixNano: `${NOW}000000`,
    severityNumber: 10,
    severityText: 'NOTICE',
    eventName: 'envseal.access.granted',
    body: text('granted: s3://snacks/prod/env (opened)'),
  });
  expect(plain(attributes)).toEqual({
    'cloudevents.event_id': text(sent?.id ?? ''),
    'cloudevents.event_source': text('urn:envseal:snacks-6d4cf56db6-x7zqk'),
    'cloudevents.event_spec_version': text('1.0'),
    'cloudevents.event_subject': text('s3://snacks/prod/env'),
    'cloudevents.event_type': text('envseal.access.granted'),
    'envseal.outcome': text('granted'),
    'envseal.reason': text('opened'),
    'envseal.sealing': text('sse-kms'),
    'envseal.kms_keys': list(...(sent?.data.kmsKeys ?? [])),
    'envseal.version': text('L4kqtJlcpXroDTDmpUMLUo'),
    'envseal.variables.count': { intValue: '2' },
    'envseal.variables.names': list('DATABASE_URL', 'API_TOKEN'),
    'envseal.principal.origin': text('web identity'),
    'envseal.principal.name': text('arn:aws:iam::111122223333:role/snacks'),
    'envseal.command': text('/usr/bin/node'),
    'envseal.request_ids': list(...(sent?.data.requestIds ?? [])),
    'envseal.duration_ms': { doubleValue: 84.3 },
    'envseal.attempts': { intValue: '1' },
    'envseal.envseal': text('0.2.0'),
  });
  expect(records[1]).toMatchObject({ severityNumber: 18, eventName: other?.type });
});

test('changes', async () => {
  const failed = { outcome: 'failed', reason: 'conflict', variables: null } as const;
  const [sent] = await send(uri, { events: [change('rotated'), change('rolled-back', failed)] });
  const [{ records } = expect.unreachable()] = await collector.received();
  const { attributes, ...record } = records[0] ?? {};
  expect(record).toEqual({
    timeUnixNano: `${NOW}000000`,
    observedTimeUnixNano: `${NOW}000000`,
    severityNumber: 10,
    severityText: 'NOTICE',
    eventName: 'envseal.change.rotated',
    body: text('rotated done: s3://snacks/prod/env (done)'),
  });
  expect(plain(attributes)).toEqual({
    'cloudevents.event_id': text(sent?.id ?? ''),
    'cloudevents.event_source': text('urn:envseal:snacks-6d4cf56db6-x7zqk'),
    'cloudevents.event_spec_version': text('1.0'),
    'cloudevents.event_subject': text('s3://snacks/prod/env'),
    'cloudevents.event_type': text('envseal.change.rotated'),
    'envseal.outcome': text('done'),
    'envseal.reason': text('done'),
    'envseal.sealing': text('sops'),
    'envseal.kms_keys': list(...(sent?.data.kmsKeys ?? [])),
    'envseal.version': text('1712345678901234'),
    'envseal.previous_version': text('1712345678900000'),
    'envseal.variables.added.count': { intValue: '1' },
    'envseal.variables.added.names': list('NEW_TOKEN'),
    'envseal.variables.changed.count': { intValue: '1' },
    'envseal.variables.changed.hashes': list('9f'.repeat(32)),
    'envseal.variables.removed.count': { intValue: '0' },
    'envseal.principal.origin': text('gcloud login'),
    'envseal.principal.name': text('ann@example.com'),
    'envseal.request_ids': list('AHxI1nPqCwZ0'),
    'envseal.duration_ms': { intValue: '412' },
    'envseal.envseal': text('0.2.0'),
  });
  expect(records[1]).toMatchObject({
    severityNumber: 17,
    eventName: 'envseal.change.rolled-back',
    body: text('rolled-back failed: s3://snacks/prod/env (conflict)'),
  });
});

describe('headers', () => {
  test('of the variable', async () => {
    await collector.requireHeaders({ 'api-key': CANARY, 'x-scope': 'a,b c' });
    await send(uri, { variables: { ENVSEAL_OTLP_HEADERS: ` Api-Key=${CANARY} , x-scope = a%2Cb%20c,` } });
  });

  test('that are missing', async () => {
    await collector.requireHeaders({ 'api-key': 'a' });
    const variables = { ENVSEAL_OTLP_HEADERS: `api-key=${CANARY}` };
    expect(await failure(uri, { variables })).toMatchObject({
      code: 'credentials',
      hint: 'check ENVSEAL_OTLP_HEADERS',
    });
  });

  test.each([CANARY, `=${CANARY}`, `a b=${CANARY}`, `a=%ff${CANARY}`, `a=%0a${CANARY}`])(
    '%j',
    async (headers) => {
      expect(await failure(uri, { variables: { ENVSEAL_OTLP_HEADERS: headers } })).toMatchObject({
        code: 'configuration',
        message: 'ENVSEAL_OTLP_HEADERS is not a valid list of headers',
      });
    },
  );
});

describe('what fails', () => {
  test('a record that is rejected', async () => {
    await collector.partialSuccess({ rejectedLogRecords: 1, errorMessage: CANARY });
    expect(await failure(uri)).toMatchObject({
      code: 'undelivered',
      message: 'the receiver rejected the log record',
    });
  });

  test('not a partial success with a warning alone', async () => {
    await collector.partialSuccess({ rejectedLogRecords: 0, errorMessage: 'deprecated' });
    await send(uri);
  });

  test('another path', async () => {
    expect(await failure(`${uri}?path=/v2/logs`)).toMatchObject({
      code: 'undelivered',
      message: 'it refused the event with 404',
    });
  });

  test.each([429, 500, 503])('not %i before success', async (status) => {
    await collector.fault({ status, count: 2 });
    await send(uri);
    expect(await collector.received()).toHaveLength(1);
  });

  test('a redirect: the headers stay', async () => {
    await using other = await startOtlp();
    await collector.fault({ status: 308, setHeaders: { location: `${other.url}/v1/logs` } });
    expect(await failure(uri)).toMatchObject({ code: 'undelivered' });
    expect(await other.requests()).toEqual([]);
  });

  test('a server that is not a collector', async () => {
    await using other = await startWebhook();
    await other.fault({ status: 200 });
    expect(await failure(`otlp+${other.url}`)).toMatchObject({
      code: 'undelivered',
      message: 'it does not respond like an OTLP receiver',
    });
  });

  test('silence', async () => {
    await collector.fault({ hang: true, count: 'always' });
    expect(await failure(uri, { seconds: 0.5 })).toMatchObject({ code: 'timeout' });
  });

  test('no server', async () => {
    expect(await failure(`otlp+http://${CLOSED}`, { seconds: 2 })).toMatchObject({ code: 'unreachable' });
  });
});
