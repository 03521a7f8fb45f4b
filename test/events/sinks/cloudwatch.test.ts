/** Against our own test server, which verifies every signature, and moto. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EnvsealError } from '../../../src/errors.ts';
import { Deadline } from '../../../src/net/deadline.ts';
import { describeReal } from '../../real/available.ts';
import { startMoto } from '../../real/start.ts';
import {
  ACCESS_KEY_ID,
  type CloudWatchServer,
  SECRET_ACCESS_KEY,
  startCloudWatchLogs,
} from '../../servers/start.ts';
import { CLOSED, change, event, failure, NOW, send, type Variables } from './sending.ts';

const HOST = 'snacks-6d4cf56db6-x7zqk';
let logs: CloudWatchServer;
let variables: Variables;

beforeAll(async () => {
  logs = await startCloudWatchLogs();
  variables = {
    AWS_ACCESS_KEY_ID: ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: logs.url,
  };
});
afterAll(() => logs.stop());
beforeEach(async () => {
  await logs.reset();
  await logs.group({ name: '/audit/envseal', streams: ['all'] });
});

describe('what is sent', () => {
  test('all events in one call, each with its metric', async () => {
    const events = [event(), event({ outcome: 'denied', reason: 'denied' })];
    await send('cloudwatch:///audit/envseal/all', { events, variables });
    expect(await logs.requests()).toHaveLength(1);
    const [{ events: received } = expect.unreachable()] = await logs.puts();
    expect(received.map(({ timestamp, message }) => ({ timestamp, message: JSON.parse(message) }))).toEqual(
      events.map((sent) => ({
        timestamp: NOW,
        message: {
          _aws: {
            Timestamp: NOW,
            CloudWatchMetrics: [
              {
                Namespace: 'envseal',
                Dimensions: [['source', 'outcome'], ['outcome']],
                Metrics: [{ Name: 'Accesses', Unit: 'Count' }],
              },
            ],
          },
          ...sent,
          source: 's3://snacks/prod/env',
          outcome: sent.data.outcome,
          Accesses: 1,
        },
      })),
    );
  });

  test('changes, with a metric of their own', async () => {
    const events = [change('rotated'), change('set', { outcome: 'failed', reason: 'conflict' })];
    await send('cloudwatch:///audit/envseal/all', { events, variables });
    const [{ events: received } = expect.unreachable()] = await logs.puts();
    expect(received.map(({ message }) => JSON.parse(message))).toEqual(
      events.map((sent, index) => ({
        _aws: {
          Timestamp: NOW,
          CloudWatchMetrics: [
            {
              Namespace: 'envseal',
              Dimensions: [['change', 'outcome'], ['outcome']],
              Metrics: [{ Name: 'Changes', Unit: 'Count' }],
            },
          ],
        },
        ...sent,
        source: 's3://snacks/prod/env',
        change: ['rotated', 'set'][index],
        outcome: ['done', 'failed'][index],
        Changes: 1,
      })),
    );
  });

  test('to the region of the URI', async () => {
    await logs.group({ name: 'audit', region: 'eu-west-1', streams: ['a b'] });
    const eu = { ...variables, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: logs.endpoints['eu-west-1'] ?? '' };
    await send('cloudwatch://audit/a%20b?region=eu-west-1', { variables: eu });
    expect(await logs.received('audit', 'a b', 'eu-west-1')).toHaveLength(1);
  });

  test('to a stream of the host, which is made', async () => {
    await send('cloudwatch:///audit/envseal/', { variables });
    expect(await logs.received('/audit/envseal', HOST)).toHaveLength(1);
    expect((await logs.requests()).map(({ subject }) => subject)).toEqual([
      'PutLogEvents',
      'CreateLogStream',
      'PutLogEvents',
    ]);
  });

  test('to a group that is made, where that is allowed', async () => {
    await send('cloudwatch://%2Fnew%2Fgroup?create-group=true', { variables });
    expect(await logs.received('/new/group', HOST)).toHaveLength(1);
  });

  test('to a group that many make at once', async () => {
    const uri = 'cloudwatch://many?create-group=true';
    await Promise.all(Array.from({ length: 10 }, () => send(uri, { variables })));
    expect(await logs.received('many', HOST)).toHaveLength(10);
  });

  test('after the end of the run, with credentials that were not requested before', async () => {
    const deadline = new Deadline(30);
    deadline.abort(new EnvsealError('unsealed', 'not sealed'));
    await send('cloudwatch:///audit/envseal/all', { variables, deadline });
    expect(await logs.puts()).toHaveLength(1);
  });

  test('with a wrong clock', async () => {
    await logs.clock(20 * 60_000);
    await send('cloudwatch:///audit/envseal/all', { variables });
    expect(await logs.puts()).toHaveLength(1);
  });
});

describe('what fails', () => {
  const uri = 'cloudwatch:///audit/envseal/all';

  test('a group that there is not', async () => {
    expect(await failure('cloudwatch://none', { variables })).toMatchObject({
      code: 'not_found',
      message: 'no such log group: none',
      hint: 'aws logs create-log-group --log-group-name none, or add create-group=true to the URI',
    });
  });

  test('no right to put', async () => {
    await logs.fault({ status: 400, code: 'AccessDeniedException' });
    expect(await failure(uri, { variables })).toMatchObject({
      code: 'denied',
      message:
        'these credentials may not perform logs:PutLogEvents on arn:aws:logs:us-east-1:*:log-group:/audit/envseal:log-stream:all',
    });
  });

  test('a wrong secret key', async () => {
    const wrong = { ...variables, AWS_SECRET_ACCESS_KEY: 'wrong' };
    expect(await failure(uri, { variables: wrong })).toMatchObject({ code: 'credentials' });
  });

  test.each([{ tooNewLogEventStartIndex: 0 }, { tooOldLogEventEndIndex: 1 }, { expiredLogEventEndIndex: 1 }])(
    'a 200 that rejects: %o',
    async (info) => {
      await logs.rejects(info);
      expect(await failure(uri, { variables })).toMatchObject({
        code: 'undelivered',
        message: 'CloudWatch Logs rejected the event as too old or too new',
      });
    },
  );

  test.each([
    { status: 400, code: 'ThrottlingException' },
    { status: 500, code: 'ServiceUnavailableException' },
    { resetBeforeHeaders: true },
  ])('not %o before success', async (fault) => {
    await logs.fault({ ...fault, count: 2 });
    await send(uri, { variables });
    expect(await logs.puts()).toHaveLength(1);
  });

  test('silence', async () => {
    await logs.fault({ hang: true, count: 'always' });
    expect(await failure(uri, { variables, seconds: 0.5 })).toMatchObject({ code: 'timeout' });
  });

  test('a redirect: the signature stays', async () => {
    await using other = await startCloudWatchLogs();
    await logs.fault({ status: 307, setHeaders: { location: other.url } });
    expect(await failure(uri, { variables })).toMatchObject({ code: 'configuration' });
    expect(await other.requests()).toEqual([]);
  });

  test('no server', async () => {
    const closed = { ...variables, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: `http://${CLOSED}` };
    expect(await failure(uri, { variables: closed, seconds: 2 })).toMatchObject({ code: 'unreachable' });
  });

  test.each([{}, { region: 'a.example%2F' }])('a region that is none: %o', async ({ region }) => {
    const { AWS_REGION: _, ...unplaced } = variables;
    const query = region === undefined ? '' : `?region=${region}`;
    expect(await failure(uri + query, { variables: unplaced })).toMatchObject({
      code: 'configuration',
      message: 'no region to send it to',
    });
  });

  test('an endpoint that is none', async () => {
    const wrong = { ...variables, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: 'logs.example' };
    expect(await failure(uri, { variables: wrong })).toMatchObject({
      code: 'configuration',
      hint: 'use AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=https://HOST, without user and password',
    });
  });
});

describeReal('moto', 'moto', () => {
  test('has the group that was made, and refuses a stranger', async () => {
    await using moto = await startMoto();
    const real = {
      AWS_ACCESS_KEY_ID: moto.accessKeyId,
      AWS_SECRET_ACCESS_KEY: moto.secretAccessKey,
      AWS_REGION: moto.region,
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: moto.endpoint,
    };
    expect(await failure('cloudwatch://real', { variables: real })).toMatchObject({ code: 'not_found' });
    for (let n = 0; n < 2; n++) await send('cloudwatch://real?create-group=true', { variables: real });
    const stranger = {
      ...real,
      AWS_ACCESS_KEY_ID: moto.stranger.accessKeyId,
      AWS_SECRET_ACCESS_KEY: moto.stranger.secretAccessKey,
    };
    expect(await failure('cloudwatch://real', { variables: stranger })).toMatchObject({ code: 'denied' });
  });
});
