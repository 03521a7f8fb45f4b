/** Each source of each run is reported to the sinks once, whatever the outcome, and never with a value. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { accessToken } from '../servers/google/access-tokens.ts';
import {
  ACCESS_KEY_ID,
  CLOUD_KMS_KEY,
  cloudKmsKeyVersion,
  type GcsServer,
  kmsKeyArn,
  type S3Server,
  startGcs,
  startS3,
  startWebhook,
  type WebhookServer,
} from '../servers/start.ts';
import { skipFor } from '../skip.ts';
import { BARE, home, KEYS, store } from './aws.ts';
import { folder } from './folder.ts';
import {
  containerOnly,
  envseal,
  envsealWords,
  isBundle,
  type Outcome,
  PATH_WITH_NODE,
  startWords,
} from './program.ts';
import { CANARY, type Env } from './transcript.ts';

const ENV_FILE = 'A=canary\nB_NAME=canary too\n';
const OPEN = ['-s', 's3://snacks/env'];
const HOOK_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

let s3: S3Server;
let gcs: GcsServer;
let env: Env;

beforeAll(async () => {
  [s3, gcs] = await Promise.all([startS3(), startGcs()]);
  env = {
    ...BARE,
    ...KEYS,
    AWS_ENDPOINT_URL_S3: s3.url,
    GOOGLE_OAUTH_ACCESS_TOKEN: accessToken(),
    CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: gcs.url,
  };
});
afterAll(() => Promise.all([s3.stop(), gcs.stop()]));
beforeEach(async () => {
  await Promise.all([s3.reset(), gcs.reset()]);
  await store(s3, 'snacks/env', ENV_FILE);
});

const schema = JSON.parse(readFileSync('src/events/event.schema.json', 'utf8'));
const ajv = new Ajv2020({ strict: true });
addFormats.default(ajv);
const isValid = ajv.compile(schema);

interface Event {
  readonly type: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A file that a sink appends to, and what is in it. */
function log() {
  const folder = mkdtempSync(join(tmpdir(), 'envseal-events-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'events.jsonl');
  return { path, uri: `file://${path}`, events: () => readEvents(readFileSync(path, 'utf8')) };
}

function readEvents(text: string): Event[] {
  expect(text).not.toContain(CANARY);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const event = JSON.parse(line);
      isValid(event);
      expect(isValid.errors).toBe(null);
      return event;
    });
}

interface Told extends Outcome {
  readonly events: Event[];
}

/** Runs with a file sink. */
async function told(args: readonly string[], more: Env = {}, command = ['true']): Promise<Told> {
  const { uri, events } = log();
  const outcome = await envseal(['--event-sink', uri, ...args, '--', ...command], {
    env: { ...env, ...more },
  });
  return { ...outcome, events: events() };
}

const summary = ({ subject, type, data }: Event) => [subject, type, data.reason];

describe('what is reported', () => {
  test('who opened what, with which key, and where the clouds have it in their own logs', async () => {
    const { versionId } = await store(s3, 'snacks/env', ENV_FILE);
    const { status, stderr, events } = await told(OPEN, { HOSTNAME: 'api-7', POD_NAMESPACE: 'shop' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [request] = await s3.requests();
    expect(request?.status).toBe(200);
    expect(events).toMatchObject([
      {
        specversion: '1.0',
        source: 'urn:envseal:api-7',
        type: 'envseal.access.granted',
        subject: 's3://snacks/env',
        data: {
          outcome: 'granted',
          reason: 'opened',
          sealing: 'sse-kms',
          kmsKeys: [kmsKeyArn()],
          version: versionId,
          variables: { count: 2, names: ['A', 'B_NAME'] },
          principal: { origin: 'environment', name: ACCESS_KEY_ID },
          place: { host: 'api-7', namespace: 'shop' },
          command: 'true',
          requestIds: [expect.stringMatching(/^[0-9A-F]{16}$/), expect.any(String)],
          attempts: 1,
        },
      },
    ]);
  });

  test('the same of Cloud Storage', async () => {
    await gcs.put('snacks', 'env', ENV_FILE, { kmsKeyName: CLOUD_KMS_KEY });
    const { events } = await told(['-s', 'gs://snacks/env']);
    expect(events).toMatchObject([
      {
        type: 'envseal.access.granted',
        data: { sealing: 'cmek', kmsKeys: [cloudKmsKeyVersion(1)], principal: { origin: 'environment' } },
      },
    ]);
  });

  test('one event for each source, in one run', async () => {
    await store(s3, 'snacks/more', 'C=canary\n');
    const optional = 's3://snacks/absent?optional=true';
    const { status, events } = await told([...OPEN, '-s', 's3://snacks/more', '-s', optional]);
    expect(status).toBe(0);
    expect(events.map(summary)).toEqual([
      ['s3://snacks/env', 'envseal.access.granted', 'opened'],
      ['s3://snacks/more', 'envseal.access.granted', 'opened'],
      [optional, 'envseal.access.failed', 'absent'],
    ]);
  });

  test('tries', async () => {
    await s3.fault({ status: 503, code: 'SlowDown', count: 2 });
    expect((await told(OPEN)).events).toMatchObject([{ data: { attempts: 3 } }]);
  });

  test('names alone, their number, or hashes of them', async () => {
    const names = async (...flags: string[]) =>
      (await told([...OPEN, ...flags], { ENVSEAL_EVENT_NAMES_KEY: 'pepper' })).events[0]?.data.variables;
    expect(await names('--event-names', 'full')).toEqual({ count: 2, names: ['A', 'B_NAME'] });
    expect(await names('--event-names', 'count')).toEqual({ count: 2 });
    const hash = (name: string) => createHmac('sha256', 'pepper').update(name).digest('hex');
    expect(await names('--event-names=hash')).toEqual({ count: 2, hashes: [hash('A'), hash('B_NAME')] });
  });
});

describe('what is reported of a run that does not start', () => {
  test.for<[string, () => Promise<unknown>, readonly string[], string, string]>([
    ['unsealed', () => store(s3, 'snacks/env', ENV_FILE, { sse: 'AES256' }), [], 'refused', 'unsealed'],
    [
      'another key',
      async () => {},
      ['--kms-key', '1111aaaa-22bb-33cc-44dd-5555eeee6666'],
      'refused',
      'wrong_key',
    ],
    ['a line that is none', () => store(s3, 'snacks/env', 'canary\n'), [], 'refused', 'malformed'],
    ['a changed body', () => s3.fault({ wrongBody: true }), [], 'refused', 'corrupt'],
    [
      'a name that loads code',
      () => store(s3, 'snacks/env', 'LD_PRELOAD=canary\n'),
      [],
      'refused',
      'unsafe_name',
    ],
    ['a required variable', async () => {}, ['--require', 'NO_SUCH'], 'refused', 'unmet'],
    ['denied', () => s3.kmsKey({ arn: kmsKeyArn(), allow: { 'kms:Decrypt': [] } }), [], 'denied', 'denied'],
    [
      'a disabled key',
      () => s3.kmsKey({ arn: kmsKeyArn(), state: 'Disabled' }),
      [],
      'denied',
      'key_unavailable',
    ],
    ['absent', () => s3.fault({ status: 404, code: 'NoSuchKey' }), [], 'failed', 'not_found'],
    [
      'out of time',
      () => s3.fault({ hang: true, count: 'always' }),
      ['--timeout', '0.5'],
      'failed',
      'timeout',
    ],
  ])('%s', async ([, prepare, flags, outcome, reason]) => {
    await prepare();
    const { status, stderr, events } = await told([...OPEN, ...flags]);
    expect(status).not.toBe(0);
    expect(stderr).not.toContain(CANARY);
    expect(events.map(summary)).toEqual([['s3://snacks/env', `envseal.access.${outcome}`, reason]]);
  });

  test('a refusal says which requests it was', async () => {
    await s3.fault({ status: 403, code: 'AccessDenied' });
    const { events } = await told(OPEN);
    expect(events).toMatchObject([
      { data: { requestIds: [expect.any(String), expect.any(String)], attempts: 1 } },
    ]);
  });

  test('no credentials', async () => {
    const { events } = await told(OPEN, { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' });
    expect(events.map(summary)).toEqual([['s3://snacks/env', 'envseal.access.denied', 'credentials']]);
  });

  test('no command', async () => {
    const { status, events } = await told(OPEN, {}, ['no-such-command']);
    expect(status).toBe(127);
    expect(events).toMatchObject([
      { type: 'envseal.access.failed', data: { reason: 'command_not_found', sealing: 'sse-kms' } },
    ]);
  });

  test('a source is not blamed for another one', async () => {
    await store(s3, 'snacks/plain', ENV_FILE, { sse: 'AES256' });
    const { events } = await told([...OPEN, '-s', 's3://snacks/plain']);
    expect(events.map(summary)).toEqual([
      ['s3://snacks/env', 'envseal.access.failed', 'aborted'],
      ['s3://snacks/plain', 'envseal.access.refused', 'unsealed'],
    ]);
  });

  test.for([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('a stop by %s', async ([signal, status]) => {
    const { uri, events } = log();
    await s3.fault({ hang: true, count: 'always' });
    const words = [...envsealWords, ...OPEN, '--event-sink', uri, '--', 'true'];
    const { child, outcome } = startWords(words, { env });
    await s3.seen('^snacks/env$');
    child.kill(signal);
    expect(await outcome).toMatchObject({ status, stdout: '' });
    expect(events().map(summary)).toEqual([['s3://snacks/env', 'envseal.access.failed', 'signal']]);
  });
});

describe('where it is reported', () => {
  let hook: WebhookServer;

  const types = async () =>
    (await hook.received()).map(({ body }) => {
      const [event] = readEvents(typeof body === 'string' ? body : JSON.stringify(body));
      return [event?.type, event?.data.reason];
    });

  beforeAll(async () => {
    hook = await startWebhook();
  });
  afterAll(() => hook.stop());
  beforeEach(() => hook.reset());

  const secret = { ENVSEAL_WEBHOOK_SECRET: HOOK_SECRET };

  async function run(args: readonly string[], more: Env = secret): Promise<Outcome> {
    await hook.secrets([HOOK_SECRET]);
    return await envseal([...OPEN, ...args, '--', 'cat', '/proc/self/environ'], { env: { ...env, ...more } });
  }

  test('to several sinks, before the command starts; none of it reaches the command', async () => {
    const { uri, events } = log();
    const { status, stdout, stderr } = await run(['--event-sink', `${hook.url}/audit`, '--event-sink', uri]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).not.toMatch(/ENVSEAL|whsec/);
    expect(events()).toHaveLength(1);
    const received = await hook.received();
    expect(received).toHaveLength(1);
    expect(JSON.stringify(received)).not.toContain(CANARY);
  });

  test('a secret may be in a file', async () => {
    const { path, uri } = log();
    writeFileSync(path, `${HOOK_SECRET}\n`);
    const { status, stderr } = await run(['--event-sink', `${hook.url}/audit`], {
      ENVSEAL_WEBHOOK_SECRET_FILE: path,
    });
    expect({ status, stderr, uri }).toEqual({ status: 0, stderr: '', uri });
    expect(await hook.received()).toHaveLength(1);
  });

  test('to stderr', async () => {
    const { status, stderr } = await run(['--event-sink', 'stderr:']);
    expect(status).toBe(0);
    expect(readEvents(stderr).map(summary)).toEqual([
      ['s3://snacks/env', 'envseal.access.granted', 'opened'],
    ]);
  });

  test('to a file that only its owner can read', async () => {
    const { path, uri } = log();
    await run(['--event-sink', uri]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('best effort: a sink that does not take it costs a line on stderr', async () => {
    await hook.fault({ status: 400, count: 'always' });
    const { status, stderr } = await run(['--event-sink', `${hook.url}/audit`]);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^envseal: warning: http:\/\/127\.0\.0\.1:\d+\/audit: .+\n$/);
  });

  test('best effort: a sink that never answers costs the deadline and no more', async () => {
    await hook.fault({ hang: true, count: 'always' });
    const { status, stderr } = await run(['--event-sink', `${hook.url}/audit`, '--event-timeout', '0.5']);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringContaining('no answer within 0.5 s'),
    });
  });

  test('required: no delivery, no start', async () => {
    await hook.fault({ status: 400, count: 'always' });
    const outcome = await run(['--event-sink', `${hook.url}/audit`, '--event-policy', 'required']);
    expect(outcome).toMatchObject({ status: 69, stdout: '' });
    expect(outcome.stderr).toContain('the access event was not delivered');
  });

  test('required: the error that ends the run anyway is the one reported', async () => {
    await hook.fault({ status: 400, count: 'always' });
    const outcome = await run([
      '--event-sink',
      `${hook.url}/a`,
      '--event-policy',
      'required',
      '--require',
      'X',
    ]);
    expect(outcome.status).toBe(65);
    expect(outcome.stderr).toContain('required, but missing');
  });

  test('required: a start is reported before it happens', async () => {
    const { status } = await run(['--event-sink', `${hook.url}/audit`, '--event-policy', 'required']);
    expect(status).toBe(0);
    expect(await hook.received()).toHaveLength(1);
  });

  test('required: without a sink nothing starts', async () => {
    const outcome = await run(['--event-policy', 'required'], { ENVSEAL_EVENT_SINK: '' });
    expect(outcome).toMatchObject({ status: 78, stdout: '' });
  });

  test('required: a sink that took the event learns that another did not', async () => {
    const { uri, events } = log();
    await hook.fault({ status: 400, count: 'always' });
    const sinks = ['--event-sink', uri, '--event-sink', `${hook.url}/audit`];
    const outcome = await run([...sinks, '--event-policy', 'required']);
    expect(outcome).toMatchObject({ status: 69, stdout: '' });
    expect(outcome.stderr.trimEnd().split('\n')).toHaveLength(2);
    expect(events().map(summary)).toEqual([
      ['s3://snacks/env', 'envseal.access.granted', 'opened'],
      ['s3://snacks/env', 'envseal.access.failed', 'undelivered'],
    ]);
  });

  test('a start that fails at the last moment is reported again', async () => {
    const { uri, events } = log();
    const script = join(folder({ broken: '#!/no/such/interpreter\n' }), 'broken');
    const outcome = await envseal([...OPEN, '--event-sink', uri, '--', script], { env });
    expect(outcome.status).not.toBe(0);
    expect(events().map(({ type }) => type)).toEqual(['envseal.access.granted', 'envseal.access.failed']);
  });

  test.each(['best-effort', 'required', 'background'])(
    '%s: a signal during the fetch ends it, whatever the sinks do',
    async (policy) => {
      await s3.fault({ delayMs: 300, count: 'always' });
      await hook.fault({ delayMs: 600, count: 'always' });
      const args = [...OPEN, '--event-sink', `${hook.url}/audit`, '--event-policy', policy];
      const words = [...envsealWords, ...args, '--', 'echo', 'started'];
      const { child, outcome } = startWords(words, { env: { ...env, ...secret } });
      await s3.seen('^snacks/env$');
      child.kill('SIGTERM');
      expect(await outcome).toMatchObject({ status: 143, stdout: '' });
      expect(await types()).toEqual([['envseal.access.failed', 'signal']]);
    },
  );

  test('a signal during the delivery ends it once it is reported', async () => {
    await hook.fault({ delayMs: 400, count: 1 });
    const words = [...envsealWords, ...OPEN, '--event-sink', `${hook.url}/audit`, '--', 'echo', 'started'];
    const { child, outcome } = startWords(words, { env: { ...env, ...secret } });
    await hook.seen('^/audit$');
    child.kill('SIGTERM');
    expect(await outcome).toMatchObject({ status: 143, stdout: '' });
    expect(await types()).toEqual([
      ['envseal.access.granted', 'opened'],
      ['envseal.access.failed', 'signal'],
    ]);
  });

  test('a second signal does not wait', async () => {
    await hook.fault({ hang: true, count: 'always' });
    const sink = ['--event-sink', `${hook.url}/audit`, '--event-timeout', '60'];
    const { child, outcome } = startWords([...envsealWords, ...OPEN, ...sink, '--', 'echo'], {
      env: { ...env, ...secret },
    });
    await hook.seen('^/audit$');
    child.kill('SIGTERM');
    child.kill('SIGINT');
    expect((await outcome).status).toBeGreaterThan(128);
  });

  test('credentials that are on their way are not waited for', async () => {
    // It goes on until the test is over.
    const lock = join(folder({ lock: '' }), 'lock');
    const HOME = home(`[default]\ncredential_process = sh -c "while [ -e ${lock} ]; do sleep 1; done"\n`);
    const { status, events } = await told([...OPEN, '--timeout', '0.5'], {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      HOME,
      PATH: PATH_WITH_NODE,
    });
    expect(status).toBe(75);
    expect(events).toMatchObject([{ data: { reason: 'timeout', principal: null } }]);
  });

  test('in the background: the command does not wait, and has no child', async () => {
    await hook.fault({ delayMs: 300, count: 'always' });
    const args = ['--event-sink', `${hook.url}/audit`, '--event-policy', 'background'];
    const children = 'read -r pids < /proc/$$/task/$$/children; echo "children: $pids."';
    const outcome = await envseal([...OPEN, ...args, '--', 'sh', '-c', children], {
      env: { ...env, ...secret },
    });
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    // Node starts it as a child.
    expect(outcome.stdout).toMatch(isBundle ? /^children: \d+/ : /^children: \.\n$/);
    const [received] = await hook.awaitReceived(1);
    expect(JSON.stringify(received)).toContain('envseal.access.granted');
    expect(JSON.stringify(received)).not.toContain(CANARY);
  });

  // Linux before 6.3 has no such setting; only root may change it, and only for a namespace of its own.
  const NOEXEC = '/proc/sys/vm/memfd_noexec';
  const cannotSet = (!existsSync(NOEXEC) && 'needs Linux 6.3') || (process.getuid?.() !== 0 && 'needs root');
  test.each([0, 1, 2])(
    'in the background: whether files without a name may be executed or not (vm.memfd_noexec=%i)',
    isBundle ? containerOnly : skipFor(cannotSet),
    async (setting) => {
      await hook.fault({ hang: true, count: 'always' });
      const namespace = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
      const words = ['sh', '-c', `echo ${setting} >${NOEXEC} && exec "$@"`, 'sh', ...envsealWords, ...OPEN];
      const sink = ['--event-sink', `${hook.url}/audit`, '--event-timeout', '60'];
      const args = [...sink, '--event-policy', 'background', '--', 'sh', '-c', 'echo started; exec sleep 60'];
      const { child, outcome } = startWords([...namespace, ...words, ...args], {
        env: { ...env, ...secret },
      });
      // The receiver does not answer: who waits for it does not start.
      await once(child.stdout, 'data');
      await hook.seen('^/audit$');
      child.kill('SIGKILL');
      expect(await outcome).toMatchObject({ stdout: 'started\n', stderr: '' });
    },
  );

  test('in the background: what does not start is reported at once', async () => {
    const args = ['--event-sink', `${hook.url}/audit`, '--event-policy', 'background', '--require', 'X'];
    expect((await run(args)).status).toBe(65);
    expect(JSON.stringify(await hook.received())).toContain('envseal.access.refused');
  });

  test('in the background: our own stderr is refused', async () => {
    const outcome = await run(['--event-sink', 'stderr:', '--event-policy', 'background']);
    expect(outcome).toMatchObject({ status: 78, stdout: '' });
  });

  test('in the background: invalid input is usage', async () => {
    const { status, stderr } = await envseal(['deliver-events'], { stdin: 'canary' });
    expect(status).toBe(64);
    expect(stderr).not.toContain(CANARY);
  });

  test.each<[string, string, Env]>([
    ['unknown kind of event sink', 'canary-token', {}],
    ['has a user or a password', 'https://user:canary@127.0.0.1/x', {}],
    ['is not https:', 'http://192.0.2.1/x', {}],
    ['ENVSEAL_SPLUNK_TOKEN is not set', 'splunk+https://127.0.0.1:8088', {}],
    ['both set', 'https://127.0.0.1/x', { ...secret, ENVSEAL_WEBHOOK_SECRET_FILE: '/x' }],
    ['ENVSEAL_EVENT_NAMES_KEY', 'stderr:', { ENVSEAL_EVENT_NAMES: 'hash' }],
  ])('a faulty sink stops the run with 78: %s', async (message, uri, more) => {
    const { status, stdout, stderr } = await run(['--event-sink', uri], more);
    expect({ status, stdout }).toEqual({ status: 78, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain(CANARY);
  });
});
