/** Every sink at once gets every event, and none of them a value, a credential or another sink's token. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeReal } from '../real/available.ts';
import { accessToken } from '../servers/google/access-tokens.ts';
import {
  ACCESS_KEY_ID,
  type CloudWatchServer,
  type GcpLoggingServer,
  kmsKeyArn,
  type OtlpServer,
  type S3Server,
  SECRET_ACCESS_KEY,
  SPLUNK_TOKEN,
  type SplunkServer,
  type StsServer,
  type SyslogServer,
  startCloudWatchLogs,
  startGcpLogging,
  startOtlp,
  startS3,
  startSplunk,
  startSts,
  startSyslog,
  startWebhook,
  WEBHOOK_SECRET,
  type WebhookServer,
} from '../servers/start.ts';
import { BARE, KEYS, SEALED, store } from './aws.ts';
import { folder } from './folder.ts';
import { envseal, envsealWords } from './program.ts';
import { callsWith, nameOf, trace } from './strace.ts';
import { CANARY, type Env } from './transcript.ts';

const ENV_FILE = 'A=canary\nB_NAME=canary too\n';
const TOKEN = accessToken();

let s3: S3Server;
let sts: StsServer;
let hook: WebhookServer;
let splunk: SplunkServer;
let otlp: OtlpServer;
let syslog: SyslogServer;
let watch: CloudWatchServer;
let logging: GcpLoggingServer;
let env: Env;
let sinks: readonly string[];

beforeAll(async () => {
  [s3, sts, hook, splunk, otlp, syslog, watch, logging] = await Promise.all([
    startS3(),
    startSts(),
    startWebhook(),
    startSplunk(),
    startOtlp(),
    startSyslog(),
    startCloudWatchLogs(),
    startGcpLogging(),
  ]);
  env = {
    ...BARE,
    ...KEYS,
    METADATA_SERVER_DETECTION: 'none',
    GOOGLE_OAUTH_ACCESS_TOKEN: TOKEN,
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: watch.url,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING: logging.url,
    ENVSEAL_WEBHOOK_SECRET: WEBHOOK_SECRET,
    ENVSEAL_SPLUNK_TOKEN: SPLUNK_TOKEN,
    ENVSEAL_OTLP_HEADERS: 'api-key=canary-of-otlp',
  };
  sinks = [
    `${hook.url}/audit`,
    `splunk+http://${splunk.host}`,
    `otlp+http://${otlp.host}`,
    `syslog+udp://127.0.0.1:${syslog.ports.udp}`,
    `syslog+tcp://127.0.0.1:${syslog.ports.tcp}`,
    'cloudwatch://envseal/api',
    'gcp-logging://envseal-test/envseal',
  ];
});
const servers = () => [s3, sts, hook, splunk, otlp, syslog, watch, logging];
afterAll(() => Promise.all(servers().map((server) => server.stop())));
beforeEach(async () => {
  await Promise.all(servers().map((server) => server.reset()));
  await watch.group({ name: 'envseal' });
  await store(s3, 'snacks/env', ENV_FILE);
});

const flags = (uris: readonly string[]) => uris.flatMap((uri) => ['--event-sink', uri]);

/** What each receiver took, as text. */
async function received(): Promise<Record<string, string>> {
  const udp = syslog.awaitReceived(2);
  const taken = {
    webhook: await hook.received(),
    splunk: await splunk.received(),
    otlp: (await otlp.received()).map(({ body }) => body),
    syslog: (await udp).map(({ transport, text, structuredData }) => ({ transport, text, structuredData })),
    cloudwatch: await watch.received('envseal', 'api'),
    logging: await logging.received(),
  };
  return Object.fromEntries(Object.entries(taken).map(([name, items]) => [name, JSON.stringify(items)]));
}

describe('all sinks at once', () => {
  test.for<[string, () => Promise<unknown>, readonly string[], number, string, string]>([
    ['a start', async () => {}, [], 0, 'granted', 'opened'],
    ['a refusal', () => store(s3, 'snacks/env', ENV_FILE, { sse: 'AES256' }), [], 65, 'refused', 'unsealed'],
    ['a broken file', () => store(s3, 'snacks/env', 'canary\n'), [], 65, 'refused', 'malformed'],
    [
      'a denial',
      () => s3.kmsKey({ arn: kmsKeyArn(), allow: { 'kms:Decrypt': [] } }),
      [],
      77,
      'denied',
      'denied',
    ],
    ['a missing command', async () => {}, ['--', 'no-such-command'], 127, 'failed', 'command_not_found'],
  ])('receive a report of %s', async ([, prepare, command, status, outcome, reason]) => {
    await prepare();
    const words = command.length > 0 ? command : ['--', 'true'];
    const run = await envseal([...flags(sinks), '-s', 's3://snacks/env', ...words], { env });
    expect({ status: run.status, warnings: /warning/.test(run.stderr) }).toEqual({ status, warnings: false });
    for (const [name, text] of Object.entries(await received())) {
      expect([name, text]).toEqual([name, expect.stringContaining(outcome)]);
      expect([name, text]).toEqual([name, expect.stringContaining(reason)]);
      for (const secret of [CANARY, SECRET_ACCESS_KEY, TOKEN, WEBHOOK_SECRET])
        expect([name, text.includes(secret)]).toEqual([name, false]);
    }
  });

  test('one that fails takes nothing from the others', async () => {
    await splunk.fault({ status: 400, code: '7', count: 'always' });
    const run = await envseal([...flags(sinks), '-s', 's3://snacks/env', '--', 'true'], { env });
    expect(run.status).toBe(0);
    expect(run.stderr).toMatch(/^envseal: warning: splunk\+http:\/\/\S+: .+\n$/);
    const { splunk: none, ...others } = await received();
    expect(none).toBe('[]');
    for (const [name, text] of Object.entries(others))
      expect([name, text]).toEqual([name, expect.stringContaining('granted')]);
  });

  test('no token goes to a host that another one names', async () => {
    const setHeaders = { location: `${hook.url}/stolen` };
    for (const server of [splunk, otlp, logging])
      await server.fault({ status: 307, code: 'x', setHeaders, count: 'always' });
    await envseal([...flags(sinks), '-s', 's3://snacks/env', '--', 'true'], { env });
    expect((await hook.requests()).map(({ subject }) => subject)).toEqual(['/audit']);
  });
});

describe('the principal', () => {
  async function principal(more: Env): Promise<unknown> {
    const { stderr } = await envseal(['--event-sink', 'stderr:', '-s', 's3://snacks/env', '--', 'true'], {
      env: { ...env, ...more },
    });
    return JSON.parse(stderr).data.principal;
  }

  test('is the access key of the environment', async () => {
    expect(await principal({})).toEqual({ origin: 'environment', name: ACCESS_KEY_ID });
  });

  test('is the role of a web identity', async () => {
    const arn = 'arn:aws:iam::111122223333:role/api';
    await s3.accessKey(await sts.role({ arn, webIdentityTokens: [{ token: 'good' }] }));
    const identity = {
      AWS_ACCESS_KEY_ID: '',
      AWS_ROLE_ARN: arn,
      AWS_WEB_IDENTITY_TOKEN_FILE: `${folder({ token: 'good' })}/token`,
      AWS_ENDPOINT_URL_STS: sts.url,
    };
    expect(await principal(identity)).toEqual({ origin: 'web identity', name: arn });
  });
});

describeReal('strace', 'system calls with sinks', () => {
  test.each(['best-effort', 'background'])(
    '%s: the value is in the execve of the command alone',
    async (policy) => {
      const canary = 'xQ7Zj0Kw9Vb3Gy';
      await s3.put('snacks', 'env', `A=${canary}\n`, SEALED);
      const args = [
        ...flags(sinks.slice(0, 3)),
        '--event-policy',
        policy,
        '-s',
        's3://snacks/env',
        '--',
        'true',
      ];
      const traced = await trace([...envsealWords, ...args], { env });
      expect(traced.outcome.status).toBe(0);
      await hook.awaitReceived(1);
      expect(callsWith(traced, canary).map(nameOf)).toEqual(['execve']);
    },
  );
});
