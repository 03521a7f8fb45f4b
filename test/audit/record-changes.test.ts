/** Each change by a command is reported once, whatever comes of it, and so is who got to see values. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BARE, home, KEYS } from '../e2e/aws.ts';
import { folder } from '../e2e/folder.ts';
import { problems } from '../events/valid.ts';
import { accessToken } from '../servers/google/access-tokens.ts';
import {
  ACCESS_KEY_ID,
  type StsServer,
  startSts,
  startWebhook,
  type WebhookServer,
} from '../servers/start.ts';

type Env = Readonly<Record<string, string>>;

interface Event {
  readonly type: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const PROGRAM = join(import.meta.dirname, 'change-program.ts');

let hook: WebhookServer;
beforeAll(async () => {
  hook = await startWebhook();
});
afterAll(() => hook.stop());
beforeEach(async () => {
  await hook.reset();
  await hook.secrets([]);
});

function start(words: readonly string[], env: Env = {}) {
  const child = spawn(process.execPath, [PROGRAM, ...words], { env: { ...BARE, ...env } });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([stdout, stderr, [status]]) => ({ status, stdout, stderr }),
  );
  return { child, ended };
}

const run = (words: readonly string[], env: Env) => start(words, env).ended;

/** A file that a sink appends to, and what is in it. */
function log() {
  const path = join(folder(), 'events.jsonl');
  return { uri: `file://${path}`, events: () => (existsSync(path) ? parse(readFileSync(path, 'utf8')) : []) };
}

function parse(lines: string): Event[] {
  expect(lines).not.toContain('canary');
  return lines
    .trimEnd()
    .split('\n')
    .map((line) => {
      const event = JSON.parse(line);
      expect(problems(event)).toEqual([]);
      return event;
    });
}

const summary = ({ type, subject, data }: Event) => [type.replace('envseal.', ''), data.reason, subject];
const hooked = async () => parse((await hook.received()).map(({ body }) => body).join('\n')).map(summary);
const to = (...uris: string[]): Env => ({ ENVSEAL_EVENT_SINK: uris.join(' ') });
const REQUIRED = { ENVSEAL_EVENT_POLICY: 'required' };

test('a change that is done', async () => {
  const { uri, events } = log();
  const outcome = await run(['change', 's3://snacks/env'], { ...to(uri), HOSTNAME: 'ci-7' });
  expect(outcome).toEqual({ status: 0, stdout: 'did change\n', stderr: '' });
  expect(events()).toMatchObject([
    {
      source: 'urn:envseal:ci-7',
      type: 'envseal.change.rotated',
      subject: 's3://snacks/env',
      data: {
        outcome: 'done',
        reason: 'done',
        sealing: 'sops',
        version: 'v2',
        previousVersion: 'v1',
        variables: {
          added: { count: 1, names: ['NEW'] },
          changed: { count: 1, names: ['OLD'] },
          removed: { count: 0 },
        },
        principal: null,
      },
    },
  ]);
});

test('500 changes, in a few requests', async () => {
  const { uri, events } = log();
  const outcome = await run(['rotate', '500'], to(uri, hook.url));
  expect(outcome).toEqual({ status: 0, stdout: 'did rotate\n', stderr: '' });
  expect(new Set(events().map(({ subject }) => subject)).size).toBe(500);
  expect(events()).toHaveLength(500);
  expect(await hook.received()).toHaveLength(500);
});

test('what a signal ends', async () => {
  const { uri, events } = log();
  await hook.fault({ delayMs: 300, count: 'always' });
  const { child, ended } = start(['wait', 's3://snacks/env'], to(uri, hook.url));
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ status: 143, stdout: 'waits\n' });
  const told = [
    ['access.failed', 'signal', 's3://snacks/env'],
    ['change.set', 'signal', 's3://snacks/env'],
  ];
  expect(events().map(summary).toSorted()).toEqual(told);
  expect((await hooked()).toSorted()).toEqual(told);
  const change = events().find(({ type }) => type === 'envseal.change.set');
  expect(change?.data).toMatchObject({ outcome: 'failed', previousVersion: 'v1', version: null });
});

test('what a signal was too late for', async () => {
  const { uri, events } = log();
  await hook.fault({ delayMs: 500, count: 2 });
  const { child, ended } = start(['wait', 's3://snacks/env'], to(uri, hook.url));
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  await hook.seen('.');
  child.stdin.write('go on\n');
  expect(await ended).toMatchObject({ status: 143, stdout: 'waits\n' });
  expect(events().slice(0, 2).map(summary).toSorted()).toEqual([
    ['access.failed', 'signal', 's3://snacks/env'],
    ['change.set', 'signal', 's3://snacks/env'],
  ]);
  expect(events().slice(2).map(summary)).toEqual([['change.set', 'done', 's3://snacks/env']]);
});

describe('what is reported', () => {
  test('a conflict, with the requests that met it', async () => {
    const { uri, events } = log();
    const { status, stdout } = await run(['conflict', 's3://snacks/env'], to(uri));
    expect({ status, stdout }).toEqual({ status: 75, stdout: '' });
    expect(events()).toMatchObject([
      {
        type: 'envseal.change.rotated',
        data: { outcome: 'failed', reason: 'conflict', requestIds: ['ID1'] },
      },
    ]);
  });

  test('a bug, without its text', async () => {
    const { uri, events } = log();
    await run(['bug', 's3://snacks/env'], to(uri));
    expect(events().map(summary)).toEqual([['change.rotated', 'internal', 's3://snacks/env']]);
  });

  test('not what changes nothing', async () => {
    const { uri, events } = log();
    expect(await run(['drop', 's3://snacks/env'], to(uri))).toMatchObject({ status: 0 });
    expect(events()).toEqual([]);
  });

  test('values that are read for people, and files that are not there', async () => {
    const { uri, events } = log();
    const { status, stdout } = await run(['get', 's3://snacks/env', 'absent', './env'], to(uri));
    expect({ status, stdout }).toEqual({ status: 66, stdout: 'did get\n' });
    expect(events().map(summary)).toEqual([
      ['access.granted', 'opened', 's3://snacks/env'],
      ['access.failed', 'not_found', './env'],
    ]);
    expect(events()[0]?.data).toMatchObject({
      command: 'envseal get',
      variables: { count: 1, names: ['A'] },
    });
  });

  test.each([
    ['full', { count: 1, names: ['NEW'] }],
    ['count', { count: 1 }],
    ['hash', { count: 1, hashes: [expect.stringMatching(/^[0-9a-f]{64}$/)] }],
  ])('names as --event-names %s says', async (names, added) => {
    const { uri, events } = log();
    const env = { ...to(uri), ENVSEAL_EVENT_NAMES: names, ENVSEAL_EVENT_NAMES_KEY: 'pepper' };
    await run(['change', 's3://snacks/env'], env);
    expect(events()[0]?.data.variables).toMatchObject({ added });
  });

  test('nothing without a sink', async () => {
    expect(await run(['change', 's3://snacks/env', 'get', './env', 'drop', './env'], {})).toEqual({
      status: 0,
      stdout: 'did change\ndid get\ndid drop\n',
      stderr: '',
    });
  });
});

describe('the principal', () => {
  let sts: StsServer;
  beforeAll(async () => {
    sts = await startSts();
  });
  afterAll(() => sts.stop());

  async function principal(words: readonly string[], env: Env): Promise<unknown> {
    const { uri, events } = log();
    expect(await run(words, { ...env, ...to(uri) })).toMatchObject({ status: 0, stderr: '' });
    return events()[0]?.data.principal;
  }

  const aws = { origin: 'environment', name: ACCESS_KEY_ID };
  const google = { origin: 'environment', name: null };

  test.each([
    ['s3://snacks/env', 'aws', aws],
    ['gs://snacks/env', 'aws', null],
    ['s3://snacks/env', 'google', null],
    ['gs://snacks/env', 'google', google],
    // By its keys, a file can be of either.
    ['./env', 'aws', aws],
    ['./env', 'google', google],
  ])('of %s, where that of %s is known, is %o', async (uri, cloud, expected) => {
    const env = { ...KEYS, GOOGLE_OAUTH_ACCESS_TOKEN: accessToken() };
    expect(await principal(['ask', cloud, 'change', uri], env)).toEqual(expected);
  });

  test('is the role of a profile', async () => {
    const arn = 'arn:aws:iam::111122223333:role/ci';
    await sts.role({ arn, trustedAccessKeys: [ACCESS_KEY_ID] });
    const config = `[profile ci]\nrole_arn = ${arn}\ncredential_source = Environment\n`;
    const env = { ...KEYS, HOME: home(config), AWS_PROFILE: 'ci', AWS_ENDPOINT_URL_STS: sts.url };
    expect(await principal(['ask', 'aws', 'change', 's3://snacks/env'], env)).toEqual({
      origin: 'profile',
      name: arn,
    });
  });
});

describe('best effort', () => {
  test.each(['best-effort', 'background'])(
    'with %s, one line for a sink, however often it fails',
    async (policy) => {
      const { uri, events } = log();
      await hook.fault({ status: 400, count: 'always' });
      const env = { ...to(uri, `${hook.url}/audit`), ENVSEAL_EVENT_POLICY: policy };
      const { status, stdout, stderr } = await run(['rotate', '40', 'get', './env'], env);
      expect({ status, stdout }).toEqual({ status: 0, stdout: 'did rotate\ndid get\n' });
      expect(stderr).toMatch(
        /^envseal: warning: http:\/\/127\.0\.0\.1:\d+\/audit: it refused the event with 400 .+\n$/,
      );
      expect(events()).toHaveLength(41);
    },
  );

  test('a sink that never answers costs the deadline', async () => {
    await hook.fault({ hang: true, count: 'always' });
    const env = { ...to(hook.url), ENVSEAL_EVENT_TIMEOUT: '0.4' };
    const { status, stderr } = await run(['change', './env'], env);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^envseal: warning: .+: no answer within 0\.4 s .+\n$/);
  });

  test('a warning in JSON', async () => {
    await hook.fault({ status: 400, count: 'always' });
    const { stderr } = await run(['change', './env'], { ...to(hook.url), ENVSEAL_LOG_FORMAT: 'json' });
    expect(JSON.parse(stderr)).toMatchObject({ level: 'warning', code: 'undelivered' });
  });
});

describe('required', () => {
  test.each([
    [{}, '--event-policy required needs an --event-sink'],
    [to('https://x/a', 'file:///'), 'the event sink file:/// names no file'],
    [to('splunk+https://x'), 'ENVSEAL_SPLUNK_TOKEN is not set'],
    [{ ...to('stderr:'), ENVSEAL_EVENT_NAMES: 'hash' }, 'ENVSEAL_EVENT_NAMES_KEY is not set'],
  ])('nothing is changed before the sinks are made: %o', async (env, problem) => {
    const outcome = await run(['change', './env'], { ...env, ...REQUIRED });
    expect(outcome).toMatchObject({ status: 78, stdout: '' });
    expect(outcome.stderr).toContain(`envseal: error: ${problem}\n`);
  });

  test('a change that is reported', async () => {
    const env = { ...to(hook.url), ...REQUIRED };
    expect(await run(['change', './env', 'get', './env'], env)).toMatchObject({ status: 0, stderr: '' });
    expect(await hooked()).toEqual([
      ['change.rotated', 'done', './env'],
      ['access.granted', 'opened', './env'],
    ]);
  });

  test('a change that a sink does not take stays, and the error says so', async () => {
    const { uri, events } = log();
    await hook.fault({ status: 400, count: 'always' });
    const env = { ...to(uri, `${hook.url}/audit`), ...REQUIRED };
    const { status, stdout, stderr } = await run(['change', 's3://snacks/env', 'get', './env'], env);
    expect({ status, stdout }).toEqual({ status: 69, stdout: '' });
    expect(stderr).toMatch(
      /^envseal: error: s3:\/\/snacks\/env was changed, but its event was not delivered: http:\S+\/audit: it refused the event with 400\nenvseal: hint: .+; use --event-policy best-effort to continue without it\n$/,
    );
    expect(events().map(summary)).toEqual([['change.rotated', 'done', 's3://snacks/env']]);
  });

  test('after it nothing more is changed', async () => {
    const { uri, events } = log();
    await hook.fault({ status: 400, count: 'always' });
    const { stdout } = await run(['rotate', '100'], { ...to(uri, hook.url), ...REQUIRED });
    expect(stdout).toBe('failed 100\ndid rotate\n');
    // Those that were under way.
    expect(events()).toHaveLength(16);
  });

  test('a change that fails by itself fails with that', async () => {
    await hook.fault({ status: 400, count: 'always' });
    const { status, stderr } = await run(['conflict', './env'], { ...to(hook.url), ...REQUIRED });
    expect(status).toBe(75);
    expect(stderr).toMatch(/^envseal: warning: .+\nenvseal: error: a concurrent change\n$/);
  });

  test('values are not shown before delivery, and a sink that took the event learns that they were not', async () => {
    const { uri, events } = log();
    await hook.fault({ status: 400, count: 'always' });
    const { status, stdout, stderr } = await run(['get', './env'], { ...to(uri, hook.url), ...REQUIRED });
    expect({ status, stdout }).toEqual({ status: 69, stdout: '' });
    expect(stderr).toMatch(/^envseal: error: the access event was not delivered: .+\nenvseal: hint: .+\n$/);
    expect(events().map(summary)).toEqual([
      ['access.granted', 'opened', './env'],
      ['access.failed', 'undelivered', './env'],
    ]);
  });
});
