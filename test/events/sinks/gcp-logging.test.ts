import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EnvsealError } from '../../../src/errors.ts';
import { Deadline } from '../../../src/net/deadline.ts';
import { accessToken } from '../../servers/google/access-tokens.ts';
import { PROJECT } from '../../servers/google/defaults.ts';
import { type GcpLoggingServer, startGcpLogging, startWebhook } from '../../servers/start.ts';
import { PLACE } from '../samples.ts';
import { CLOSED, change, event, expectSame, failure, NOW, send, type Variables } from './sending.ts';

let logging: GcpLoggingServer;
let variables: Variables;
const uri = `gcp-logging://${PROJECT}/audit/envseal`;

beforeAll(async () => {
  logging = await startGcpLogging();
  variables = at(logging.url);
});
afterAll(() => logging.stop());
beforeEach(() => logging.reset());

function at(endpoint: string): Variables {
  return {
    GOOGLE_OAUTH_ACCESS_TOKEN: accessToken(),
    CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING: endpoint,
  };
}

describe('what is sent', () => {
  test('all events in one call', async () => {
    const place = { ...PLACE, pod: null };
    const events = [event(), event({ outcome: 'refused', reason: 'unsealed', place })];
    await send(uri, { events, variables });
    const [body = '', ...more] = await logging.bodies();
    expect(more).toEqual([]);
    expect(JSON.parse(body)).toEqual({
      logName: `projects/${PROJECT}/logs/audit%2Fenvseal`,
      resource: { type: 'global', labels: { project_id: PROJECT } },
      entries: events.map((sent) => {
        const { outcome, reason } = sent.data;
        const { pod, ...known } = PLACE;
        return {
          insertId: sent.id,
          timestamp: new Date(NOW).toISOString(),
          severity: outcome === 'granted' ? 'NOTICE' : 'CRITICAL',
          labels: {
            outcome,
            reason,
            subject: 's3://snacks/prod/env',
            ...known,
            ...(outcome === 'granted' ? { pod } : {}),
          },
          jsonPayload: sent,
        };
      }),
    });
  });

  test('changes', async () => {
    const events = [change('copied'), change('stored', { outcome: 'denied', reason: 'denied' })];
    await send(uri, { events, variables });
    const [body = ''] = await logging.bodies();
    const { entries } = JSON.parse(body);
    expectSame(
      entries.map((entry: { jsonPayload: unknown }) => entry.jsonPayload),
      events,
    );
    expect(entries).toMatchObject([
      { severity: 'NOTICE', labels: { outcome: 'done', reason: 'done', subject: 's3://snacks/prod/env' } },
      { severity: 'WARNING', labels: { outcome: 'denied', reason: 'denied' } },
    ]);
  });

  test('to an endpoint with its version', async () => {
    await send(uri, { variables: at(`${logging.url}/v2/`) });
    expect(await logging.received()).toHaveLength(1);
  });

  test('after the end of the run, with a token that was not requested before', async () => {
    const deadline = new Deadline(30);
    deadline.abort(new EnvsealError('unsealed', 'not sealed'));
    await send(uri, { variables, deadline });
    expect(await logging.received()).toHaveLength(1);
  });

  test('again with the same id', async () => {
    await logging.fault({ status: 503, applied: true });
    await send(uri, { variables });
    expect((await logging.received()).map(({ duplicate }) => duplicate)).toEqual([false, true]);
  });
});

describe('what fails', () => {
  test('a token without the permission', async () => {
    const token = accessToken({ principal: 'other@example.iam.gserviceaccount.com' });
    expect(
      await failure(uri, { variables: { ...variables, GOOGLE_OAUTH_ACCESS_TOKEN: token } }),
    ).toMatchObject({
      code: 'denied',
      hint: `grant logging.logEntries.create on projects/${PROJECT} (roles/logging.logWriter)`,
    });
  });

  test('a token that is none', async () => {
    const wrong = { ...variables, GOOGLE_OAUTH_ACCESS_TOKEN: 'ya29.wrong' };
    expect(await failure(uri, { variables: wrong })).toMatchObject({ code: 'credentials' });
  });

  test('another project', async () => {
    expect(await failure('gcp-logging://none-1/audit', { variables })).toMatchObject({
      code: 'not_found',
      message: 'no such project: none-1',
    });
  });

  test.each([{ status: 429, code: 'RATE_LIMIT_EXCEEDED' }, { status: 500 }, { resetBeforeHeaders: true }])(
    'not %o before success',
    async (fault) => {
      await logging.fault({ ...fault, count: 2 });
      await send(uri, { variables });
      expect(await logging.received()).toHaveLength(1);
    },
  );

  test('what is not Cloud Logging', async () => {
    await using other = await startWebhook();
    await other.fault({ status: 200, count: 'always' });
    expect(await failure(uri, { variables: at(other.url) })).toMatchObject({
      code: 'unreachable',
      message: 'the service did not answer with JSON',
    });
  });

  test('a redirect: the token stays', async () => {
    await using other = await startGcpLogging();
    await logging.fault({ status: 307, setHeaders: { location: other.url } });
    expect(await failure(uri, { variables })).toMatchObject({ code: 'configuration' });
    expect(await other.requests()).toEqual([]);
  });

  test('silence', async () => {
    await logging.fault({ hang: true, count: 'always' });
    expect(await failure(uri, { variables, seconds: 0.5 })).toMatchObject({ code: 'timeout' });
  });

  test('no server', async () => {
    const closed = at(`http://${CLOSED}`);
    expect(await failure(uri, { variables: closed, seconds: 2 })).toMatchObject({ code: 'unreachable' });
  });
});
