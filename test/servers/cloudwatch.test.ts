import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeReal } from '../real/available.ts';
import { type RealS3, startMoto } from '../real/start.ts';
import { type RawReply, type RawRequest, type Signing, send, sendSigned } from './raw-client.ts';
import {
  ACCESS_KEY_ID,
  ACCOUNT_ID,
  CA_FILE,
  CALLER_ARN,
  type CloudWatchServer,
  SECRET_ACCESS_KEY,
  startCloudWatchLogs,
} from './start.ts';

const GROUP = '/envseal/access';
const STREAM = 'host/1';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SIGNING = { service: 'logs' };

let server: CloudWatchServer;

beforeAll(async () => {
  server = await startCloudWatchLogs();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.reset();
  await server.group({ name: GROUP, streams: [STREAM] });
});

function request(action: string, input: unknown, url = server.url): RawRequest {
  return {
    url: `${url}/`,
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `Logs_20140328.${action}`,
    },
    body: typeof input === 'string' ? input : JSON.stringify(input),
  };
}

function outcome({ status, body }: RawReply): [number, unknown] {
  return [status, JSON.parse(body.toString() || '{}')];
}

async function call(action: string, input: unknown, signing: Signing = {}) {
  return outcome(await sendSigned(request(action, input), { ...SIGNING, ...signing }));
}

const put = (logEvents: unknown, more: object = {}) =>
  call('PutLogEvents', { logGroupName: GROUP, logStreamName: STREAM, logEvents, ...more });

const error = (code: string, message: unknown = expect.any(String)) => [400, { __type: code, message }];

function event(message = 'a', offsetMs = 0) {
  return { timestamp: Date.now() + offsetMs, message };
}

test('keeps events as they came', async () => {
  const events = [event('{"a":"Größe"}', -10), event('b')];
  expect(await put(events)).toEqual([200, { nextSequenceToken: expect.any(String) }]);
  await put([event('c', 10)]);
  expect((await server.received(GROUP, STREAM))?.map(({ message }) => message)).toEqual([
    '{"a":"Größe"}',
    'b',
    'c',
  ]);
  const [first] = await server.awaitPuts(2);
  expect(first).toEqual({
    region: 'us-east-1',
    group: GROUP,
    stream: STREAM,
    caller: CALLER_ARN,
    events,
    rejected: null,
  });
});

test('has its groups in a region', async () => {
  const there = server.endpoints['eu-west-1'];
  const signing = { ...SIGNING, region: 'eu-west-1' };
  const input = { logGroupName: GROUP, logStreamName: 'x' };
  expect(outcome(await sendSigned(request('CreateLogStream', input, there), signing))).toEqual(
    error('ResourceNotFoundException', 'The specified log group does not exist.'),
  );
  await server.group({ name: GROUP, region: 'eu-west-1' });
  expect((await sendSigned(request('CreateLogStream', input, there), signing)).status).toBe(200);
  expect([await server.streams(GROUP), await server.streams(GROUP, 'eu-west-1')]).toEqual([[STREAM], ['x']]);
});

describe('refuses', () => {
  test.each<[string, unknown, string, string]>([
    ['no events', [], 'InvalidParameterException', 'greater than or equal to 1'],
    ['no list', undefined, 'InvalidParameterException', 'Member must not be null'],
    ['an event without its time', [{ message: 'a' }], 'InvalidParameterException', 'timestamp'],
    ['an empty message', [event('')], 'InvalidParameterException', 'message'],
    ['a message that is not text', [{ ...event(), message: {} }], 'SerializationException', 'not an event'],
    [
      'a time with a fraction',
      [{ ...event(), timestamp: Date.now() + 0.5 }],
      'SerializationException',
      'not an event',
    ],
    [
      '10,001 events',
      Array.from({ length: 10_001 }, () => event()),
      'InvalidParameterException',
      'less than or equal to 10000',
    ],
    [
      'a byte too much',
      [event('é'.repeat((1_048_576 - 52) / 2)), event('a')],
      'InvalidParameterException',
      'Upload too large: 1048577 bytes exceeds limit of 1048576',
    ],
    ['a day and more', [event('a', -DAY_MS - 1000), event()], 'InvalidParameterException', '24 hours'],
  ])('%s', async (_, events, code, message) => {
    expect(await put(events)).toEqual(error(code, expect.stringContaining(message)));
    expect(await server.received(GROUP, STREAM)).toEqual([]);
  });

  test('a body that is not JSON, and an action that does not exist', async () => {
    expect(await call('PutLogEvents', '{')).toEqual(error('SerializationException'));
    expect(await call('GetLogEvents', {})).toEqual(error('UnknownOperationException'));
    const plain = request('PutLogEvents', {});
    const headers = { ...plain.headers, 'content-type': 'application/json' };
    expect(outcome(await sendSigned({ ...plain, headers }, SIGNING))).toEqual(
      error('UnknownOperationException'),
    );
  });

  test.each<[string, Signing, string]>([
    ['another service', { service: 'kms' }, 'InvalidSignatureException'],
    ['another region', { region: 'eu-west-1' }, 'InvalidSignatureException'],
    ['an old signature', { date: new Date(Date.now() - 600_000) }, 'InvalidSignatureException'],
    [
      'a wrong secret',
      { credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: 'wrong' } },
      'InvalidSignatureException',
    ],
    [
      'an unknown key',
      { credentials: { accessKeyId: 'AKIAX', secretAccessKey: 'x' } },
      'UnrecognizedClientException',
    ],
  ])('%s', async (_, signing, code) => {
    expect(await call('DescribeLogStreams', { logGroupName: GROUP }, signing)).toEqual(error(code));
  });

  test('a request without a signature', async () => {
    expect(outcome(await send(request('DescribeLogStreams', { logGroupName: GROUP })))).toEqual(
      error('MissingAuthenticationTokenException'),
    );
  });

  test('who may not', async () => {
    const credentials = { accessKeyId: 'AKIDWRITER', secretAccessKey: 'x' };
    const resources = [`arn:aws:logs:us-east-1:${ACCOUNT_ID}:log-group:${GROUP}:*`];
    const allow = [{ actions: ['logs:PutLogEvents'], resources }];
    await server.accessKey({ ...credentials, arn: 'arn:aws:iam::111122223333:user/writer', allow });
    const input = { logGroupName: GROUP, logStreamName: STREAM };
    expect((await call('PutLogEvents', { ...input, logEvents: [event()] }, { credentials }))[0]).toBe(200);
    expect(await call('CreateLogStream', input, { credentials })).toEqual(
      error(
        'AccessDeniedException',
        `User: arn:aws:iam::111122223333:user/writer is not authorized to perform: logs:CreateLogStream on resource: arn:aws:logs:us-east-1:${ACCOUNT_ID}:log-group:${GROUP}:log-stream:${STREAM} because no identity-based policy allows the logs:CreateLogStream action`,
      ),
    );
    const elsewhere = { ...input, logGroupName: '/other', logEvents: [event()] };
    expect(await call('PutLogEvents', elsewhere, { credentials })).toEqual(error('AccessDeniedException'));
  });
});

test('takes as much as it says', async () => {
  expect((await put([event('é'.repeat((1_048_576 - 26) / 2))]))[0]).toBe(200);
  expect((await put(Array.from({ length: 10_000 }, () => ({ ...event(), timestamp: Date.now() }))))[0]).toBe(
    200,
  );
});

describe('rejects some of the events', () => {
  test('that have expired in this group', async () => {
    await server.group({ name: GROUP, retentionDays: 7 });
    const events = [event('a', -10 * DAY_MS), event('b')];
    expect(await put(events)).toEqual([
      200,
      { nextSequenceToken: expect.any(String), rejectedLogEventsInfo: { expiredLogEventEndIndex: 1 } },
    ]);
    expect(await server.received(GROUP, STREAM)).toEqual([events[1]]);
  });

  test('that it is set to reject', async () => {
    const rejectedLogEventsInfo = { tooOldLogEventEndIndex: 1, tooNewLogEventStartIndex: 2 };
    await server.rejects(rejectedLogEventsInfo);
    const timestamp = Date.now();
    const events = ['a', 'b', 'c'].map((message) => ({ timestamp, message }));
    expect(await put(events)).toMatchObject([200, { rejectedLogEventsInfo }]);
    expect(await server.received(GROUP, STREAM)).toEqual([events[1]]);
    await server.rejects(null);
    expect(await put([event()])).toEqual([200, { nextSequenceToken: expect.any(String) }]);
  });
});

test('is throttled, and not there', async () => {
  await server.fault({ match: '^PutLogEvents$', status: 400, code: 'ThrottlingException' });
  await server.fault({ match: '^PutLogEvents$', status: 503, code: 'ServiceUnavailableException' });
  expect(await put([event()])).toEqual(error('ThrottlingException', 'Rate exceeded'));
  expect((await put([event()]))[0]).toBe(503);
  expect((await put([event()]))[0]).toBe(200);
  expect(await server.puts()).toHaveLength(1);
});

test('over TLS', async () => {
  await using tls = await startCloudWatchLogs({ tls: true, regions: ['us-east-1'] });
  const ca = readFileSync(CA_FILE, 'utf8');
  const made = await sendSigned(
    { ...request('CreateLogGroup', { logGroupName: 'g' }, tls.url), ca },
    SIGNING,
  );
  expect(made.status).toBe(200);
  expect(await tls.streams('g')).toEqual([]);
});

interface Place {
  readonly url: string;
  readonly credentials: { accessKeyId: string; secretAccessKey: string };
}

/** What both the test server and moto do. */
function contract(place: () => Place): void {
  const at = async (action: string, input: object) => {
    const { url, credentials } = place();
    return outcome(await sendSigned(request(action, input, url), { ...SIGNING, credentials }));
  };
  const into = (group: string, logEvents: object[]) =>
    at('PutLogEvents', { logGroupName: group, logStreamName: 's', logEvents });
  const exists = [400, { __type: 'ResourceAlreadyExistsException', message: expect.any(String) }];
  const notFound = (what: string) =>
    error('ResourceNotFoundException', `The specified log ${what} does not exist.`);

  test('groups and streams are made once', async () => {
    const [logGroupName, logStreamName] = ['contract/once', 's'];
    expect(await at('CreateLogStream', { logGroupName, logStreamName })).toEqual(notFound('group'));
    expect(await into(logGroupName, [event()])).toEqual(notFound('group'));
    expect(await at('DescribeLogStreams', { logGroupName })).toEqual(notFound('group'));
    expect(await at('CreateLogGroup', { logGroupName })).toEqual([200, {}]);
    expect(await at('CreateLogGroup', { logGroupName })).toEqual(exists);
    expect(await into(logGroupName, [event()])).toEqual(notFound('stream'));
    expect(await at('CreateLogStream', { logGroupName, logStreamName })).toEqual([200, {}]);
    expect(await at('CreateLogStream', { logGroupName, logStreamName })).toEqual(exists);
    expect(await into(logGroupName, [event()])).toEqual([200, { nextSequenceToken: expect.any(String) }]);
  });

  test('streams are described by their names', async () => {
    const logGroupName = 'contract/described';
    await at('CreateLogGroup', { logGroupName });
    for (const logStreamName of ['b1', 'a1', 'b0'])
      await at('CreateLogStream', { logGroupName, logStreamName });
    const named = (...names: string[]) => [
      200,
      expect.objectContaining({
        logStreams: names.map((logStreamName) => expect.objectContaining({ logStreamName })),
      }),
    ];
    expect(await at('DescribeLogStreams', { logGroupName })).toEqual(named('a1', 'b0', 'b1'));
    expect(await at('DescribeLogStreams', { logGroupName, logStreamNamePrefix: 'b' })).toEqual(
      named('b0', 'b1'),
    );
    expect(await at('DescribeLogStreams', { logGroupName, limit: 51 })).toEqual(
      error(
        'InvalidParameterException',
        "1 validation error detected: Value '51' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50",
      ),
    );
  });

  test('events are in the order of their times, and neither old nor to come', async () => {
    const logGroupName = 'contract/times';
    await at('CreateLogGroup', { logGroupName });
    await at('CreateLogStream', { logGroupName, logStreamName: 's' });
    expect(await into(logGroupName, [event('b', 10), event('a')])).toEqual(
      error(
        'InvalidParameterException',
        'Log events in a single PutLogEvents request must be in chronological order.',
      ),
    );
    const events = [event('old', -15 * DAY_MS), event('a'), event('new', 3 * HOUR_MS)];
    expect(await into(logGroupName, events)).toEqual([
      200,
      {
        nextSequenceToken: expect.any(String),
        rejectedLogEventsInfo: { tooOldLogEventEndIndex: expect.any(Number), tooNewLogEventStartIndex: 2 },
      },
    ]);
  });
}

describe('the test server', () => {
  contract(() => ({
    url: server.url,
    credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY },
  }));

  test('counts from where the old ones end', async () => {
    expect(await put([event('old', -15 * DAY_MS), event('a')])).toMatchObject([
      200,
      { rejectedLogEventsInfo: { tooOldLogEventEndIndex: 1 } },
    ]);
    expect((await server.received(GROUP, STREAM))?.map(({ message }) => message)).toEqual(['a']);
  });
});

describeReal('moto', "moto's CloudWatch Logs", () => {
  let moto: RealS3;

  beforeAll(async () => {
    moto = await startMoto();
  });
  afterAll(() => moto?.stop());

  contract(() => ({ url: moto.endpoint, credentials: moto }));
});
