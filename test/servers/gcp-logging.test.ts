import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { accessToken, SERVICE_ACCOUNT } from './google/access-tokens.ts';
import { PROJECT } from './google/defaults.ts';
import { type RawReply, send } from './raw-client.ts';
import { CA_FILE, type GcpLoggingServer, startGcpLogging } from './start.ts';

const LOG_NAME = `projects/${PROJECT}/logs/envseal.example.com%2Faccess`;
const RESOURCE = { type: 'global', labels: { project_id: PROJECT } };
const ENTRY = {
  logName: LOG_NAME,
  resource: RESOURCE,
  timestamp: '2024-01-02T03:04:05.678Z',
  severity: 'NOTICE',
  insertId: '0190f3c0-0000-7000-8000-000000000000',
  labels: { outcome: 'granted' },
  jsonPayload: { specversion: '1.0', data: { word: 'Größe' } },
};
const { logName: _, resource: __, ...PAYLOAD } = ENTRY;

let server: GcpLoggingServer;

beforeAll(async () => {
  server = await startGcpLogging();
});
afterAll(() => server.stop());
beforeEach(() => server.reset());

function post(value: unknown, authorization: string | null = `Bearer ${accessToken()}`): Promise<RawReply> {
  const headers = {
    'content-type': 'application/json',
    ...(authorization !== null && { authorization }),
  };
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  return send({ url: `${server.url}/v2/entries:write`, method: 'POST', headers, body });
}

function outcome({ status, body }: RawReply): [number, unknown] {
  return [status, JSON.parse(body.toString())];
}

const write = async (value: unknown, authorization?: string | null) =>
  outcome(await post(value, authorization));

function error(code: number, status: string, message: unknown, details?: unknown) {
  return [code, { error: { code, message, status, ...(details !== undefined && { details }) } }];
}

const invalid = (message: string) => error(400, 'INVALID_ARGUMENT', message);

test('keeps entries, and the requests as they came', async () => {
  const request = { entries: [ENTRY] };
  expect(await write(request)).toEqual([200, {}]);
  expect(await server.awaitReceived(1)).toEqual([{ ...ENTRY, principal: SERVICE_ACCOUNT, duplicate: false }]);
  expect(await server.bodies()).toEqual([JSON.stringify(request)]);
});

test('says for every entry what the request says for all', async () => {
  const request = { logName: LOG_NAME, resource: RESOURCE, labels: { a: '1', b: '1' } };
  const own = { ...PAYLOAD, labels: { b: '2' }, insertId: 'x' };
  expect(await write({ ...request, entries: [PAYLOAD, own] })).toEqual([200, {}]);
  expect(await server.received()).toMatchObject([
    { logName: LOG_NAME, resource: RESOURCE, labels: { a: '1', b: '1', outcome: 'granted' } },
    { labels: { a: '1', b: '2' } },
  ]);
});

test('shows what came twice', async () => {
  await write({ entries: [ENTRY, { ...ENTRY, insertId: 'other' }] });
  await write({ entries: [ENTRY] });
  expect((await server.received()).map(({ duplicate }) => duplicate)).toEqual([false, false, true]);
});

test('only looks when it is only to look', async () => {
  expect(await write({ entries: [ENTRY], dryRun: true })).toEqual([200, {}]);
  expect(await server.received()).toEqual([]);
});

describe('refuses', () => {
  const unknown = (name: string, at: string) =>
    `Invalid JSON payload received. Unknown name "${name}"${at}: Cannot find field.`;
  test.each<[string, unknown, string]>([
    ['a body that is not JSON', '{', 'Invalid JSON payload received. Unexpected token.'],
    ['no entries', {}, 'No log entries were given'],
    ['a field that the request has not', { entries: [ENTRY], partial: true }, unknown('partial', '')],
    [
      'a field that an entry has not',
      { entries: [ENTRY, { ...ENTRY, message: 'x' }] },
      unknown('message', " at 'entries[1]'"),
    ],
    [
      'a field that a resource has not',
      { entries: [{ ...ENTRY, resource: { ...RESOURCE, name: 'x' } }] },
      unknown('name', " at 'entries[0].resource'"),
    ],
    [
      'a severity that there is not',
      { entries: [{ ...ENTRY, severity: 'INFORMATIONAL' }] },
      `Invalid value at 'entries[0].severity' (type.googleapis.com/google.logging.type.LogSeverity), "INFORMATIONAL"`,
    ],
    [
      'a time without a zone',
      { entries: [{ ...ENTRY, timestamp: '2024-01-02T03:04:05' }] },
      `Invalid value at 'entries[0].timestamp' (type.googleapis.com/google.protobuf.Timestamp), "2024-01-02T03:04:05"`,
    ],
    [
      'a label that is not text',
      { entries: [{ ...ENTRY, labels: { count: 1 } }] },
      "Invalid value at 'entries[0].labels[count]' (TYPE_STRING), 1",
    ],
    [
      'a payload that is an array',
      { entries: [{ ...ENTRY, jsonPayload: [] }] },
      "Invalid value at 'entries[0].jsonPayload' (TYPE_MESSAGE), ",
    ],
    [
      'two payloads',
      { entries: [{ ...ENTRY, textPayload: 'x' }] },
      "Invalid value at 'payload' (oneof), oneof field 'payload' is already set",
    ],
    ['no payload', { entries: [{ ...ENTRY, jsonPayload: undefined }] }, 'Log entry has no payload'],
    ['no log', { entries: [PAYLOAD], resource: RESOURCE }, 'Log entry has no log name'],
    ['no resource', { entries: [PAYLOAD], logName: LOG_NAME }, 'Log entry has no monitored resource'],
    [
      'a log that is not encoded',
      { entries: [{ ...ENTRY, logName: `projects/${PROJECT}/logs/a/b` }] },
      `Log name does not have the form projects/PROJECT/logs/LOG: projects/${PROJECT}/logs/a/b`,
    ],
    [
      'a log with a space',
      { entries: [{ ...ENTRY, logName: `projects/${PROJECT}/logs/a%20b` }] },
      `Log name contains an illegal or unescaped character: projects/${PROJECT}/logs/a%20b`,
    ],
    [
      'a resource that there is not',
      { entries: [{ ...ENTRY, resource: { type: 'container' } }] },
      'Unknown monitored resource type: container',
    ],
    [
      "another resource's label",
      { entries: [{ ...ENTRY, resource: { type: 'global', labels: { pod_name: 'x' } } }] },
      'Unrecognized label for monitored resource global: pod_name',
    ],
    [
      'an id that is too long',
      { entries: [{ ...ENTRY, insertId: 'x'.repeat(513) }] },
      'insertId is longer than 512 characters',
    ],
    [
      'an entry that is too large',
      { entries: [{ ...ENTRY, jsonPayload: { a: 'x'.repeat(256 * 1024) } }] },
      'Log entry with size exceeds maximum size of 256.0K',
    ],
    [
      'what is to come',
      { entries: [{ ...ENTRY, timestamp: '9999-01-01T00:00:00Z' }] },
      'Log entry has a timestamp more than 24 hours in the future',
    ],
  ])('%s', async (_, request, message) => {
    expect(await write(request)).toEqual(invalid(message));
    expect(await server.received()).toEqual([]);
  });

  const reason = (text: string) => [expect.objectContaining({ reason: text })];
  const expired = { expiresAt: Date.now() - 1000 };
  const readOnly = { scopes: ['https://www.googleapis.com/auth/logging.read'] };
  test.each<[string, string | null, number, string, string]>([
    ['no token', null, 401, 'UNAUTHENTICATED', 'CREDENTIALS_MISSING'],
    ["others' token", 'Bearer ya29.x', 401, 'UNAUTHENTICATED', 'ACCESS_TOKEN_TYPE_UNSUPPORTED'],
    [
      'a token that has expired',
      `Bearer ${accessToken(expired)}`,
      401,
      'UNAUTHENTICATED',
      'ACCESS_TOKEN_EXPIRED',
    ],
    [
      'a token for reading',
      `Bearer ${accessToken(readOnly)}`,
      403,
      'PERMISSION_DENIED',
      'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
    ],
  ])('%s', async (_, authorization, code, status, text) => {
    const reply = await write({ entries: [ENTRY] }, authorization);
    expect(reply).toEqual(error(code, status, expect.any(String), reason(text)));
    expect(await server.received()).toEqual([]);
  });

  test('who may not', async () => {
    await server.allow(SERVICE_ACCOUNT, ['logging.logEntries.list'], PROJECT);
    expect(await write({ entries: [ENTRY] })).toEqual(
      error(
        403,
        'PERMISSION_DENIED',
        `Permission 'logging.logEntries.create' denied on resource 'projects/${PROJECT}' (or it may not exist).`,
        reason('IAM_PERMISSION_DENIED'),
      ),
    );
  });

  test('a project that there is not, until it is made', async () => {
    const entry = { ...ENTRY, logName: 'projects/another-project/logs/x' };
    const missing = error(404, 'NOT_FOUND', 'Project does not exist: another-project');
    expect(await write({ entries: [entry] })).toEqual(missing);
    await server.allow(SERVICE_ACCOUNT, ['logging.logEntries.create'], 'another-project');
    expect(await write({ entries: [entry] })).toEqual([200, {}]);
  });

  test('another method', async () => {
    expect((await send({ url: `${server.url}/v2/entries:write` })).status).toBe(404);
    expect((await send({ url: `${server.url}/v2/entries:list`, method: 'POST' })).status).toBe(404);
  });
});

test('writes no entry of a request with a wrong one, unless asked to', async () => {
  const entries = [ENTRY, { ...ENTRY, resource: { type: 'container' } }, { ...ENTRY, insertId: 'other' }];
  const message = 'Unknown monitored resource type: container';
  expect(await write({ entries })).toEqual(invalid(message));
  expect(await server.received()).toEqual([]);
  expect(await write({ entries, partialSuccess: true })).toEqual(
    error(400, 'INVALID_ARGUMENT', message, [
      {
        '@type': 'type.googleapis.com/google.logging.v2.WriteLogEntriesPartialErrors',
        logEntryErrors: { 1: { code: 3, message } },
      },
    ]),
  );
  expect((await server.received()).map(({ insertId }) => insertId)).toEqual([ENTRY.insertId, 'other']);
});

test('has faults in its own words', async () => {
  await server.fault({ status: 429, code: 'RATE_LIMIT_EXCEEDED' });
  await server.fault({ status: 503 });
  await server.fault({ status: 500, applied: true });
  const request = { entries: [ENTRY] };
  expect(await write(request)).toEqual(
    error(429, 'RESOURCE_EXHAUSTED', expect.stringContaining('Quota exceeded'), [
      expect.objectContaining({ reason: 'RATE_LIMIT_EXCEEDED' }),
    ]),
  );
  expect(await write(request)).toEqual(error(503, 'UNAVAILABLE', 'The service is currently unavailable.'));
  expect((await write(request))[0]).toBe(500);
  expect(await write(request)).toEqual([200, {}]);
  expect((await server.received()).map(({ duplicate }) => duplicate)).toEqual([false, true]);
});

test('over TLS', async () => {
  await using tls = await startGcpLogging({ tls: true });
  const headers = { authorization: `Bearer ${accessToken()}` };
  const ca = readFileSync(CA_FILE, 'utf8');
  const body = JSON.stringify({ entries: [ENTRY] });
  const reply = await send({ url: `${tls.url}/v2/entries:write`, method: 'POST', headers, body, ca });
  expect(outcome(reply)).toEqual([200, {}]);
  expect(await tls.received()).toHaveLength(1);
});
