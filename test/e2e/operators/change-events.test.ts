/**
 * Each change of each file is reported to the sinks once, whatever the outcome, and so is who opened a file
 * to look at it.
 */
import { createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { problems } from '../../events/valid.ts';
import { B, identities } from '../../sealing/sops/age-keys.ts';
import { accessToken } from '../../servers/google/access-tokens.ts';
import {
  ACCESS_KEY_ID,
  kmsKeyArn,
  managedKeyArn,
  OTHER_CLOUD_KMS_KEY,
  SECRET_ACCESS_KEY,
  startWebhook,
  WEBHOOK_SECRET,
  type WebhookServer,
} from '../../servers/start.ts';
import { accessKey } from '../aws.ts';
import { folder } from '../folder.ts';
import { envseal, envsealWords, type Outcome, startWords } from '../program.ts';
import { AGE_KEY, type Clouds, IDENTITY, put, type Scheme, startClouds } from '../sealed.ts';
import { CANARY, type Env } from '../transcript.ts';
import {
  answers,
  does,
  FILE,
  type Place,
  placeIn,
  pushed,
  SCHEMES,
  shellLine,
  variablesAt,
  variablesOf,
} from './places.ts';

interface Event {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

let clouds: Clouds;
let hook: WebhookServer;

beforeAll(async () => {
  [clouds, hook] = await Promise.all([startClouds(), startWebhook()]);
});
afterAll(() => Promise.all([clouds.stop(), hook.stop()]));
beforeEach(() => Promise.all([clouds.reset(), hook.reset()]));

const NAMES_KEY = 'pepper';
const CREDENTIALS = [SECRET_ACCESS_KEY, accessToken(), IDENTITY, ...identities, WEBHOOK_SECRET, NAMES_KEY];

/** Events by lines. None has a value, nor what envseal shows the clouds and the sinks. */
function readEvents(text: string): Event[] {
  for (const secret of [CANARY, ...CREDENTIALS]) expect(text).not.toContain(secret);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const event = JSON.parse(line) as Event;
      expect(problems(event)).toEqual([]);
      return event;
    });
}

/** A file that a sink appends to, and what is in it. */
function log() {
  const path = join(folder(), 'events.jsonl');
  return {
    uri: `file://${path}`,
    events: () => (existsSync(path) ? readEvents(readFileSync(path, 'utf8')) : []),
  };
}

interface Told extends Outcome {
  readonly events: Event[];
}

/** Runs with a file sink. */
async function told(args: readonly string[], env: Env, stdin = ''): Promise<Told> {
  const { uri, events } = log();
  const outcome = await envseal([...args, '--event-sink', uri], { env, stdin });
  expect(outcome.stdout + outcome.stderr).not.toContain(CANARY);
  return { ...outcome, events: events() };
}

const summary = ({ type, subject, data }: Event) => [type.replace('envseal.', ''), data.reason, subject];

function names(...all: string[]): object {
  return all.length === 0 ? { count: 0, names: [] } : { count: all.length, names: all };
}

function differences(added: string[], changed: string[], removed: string[]): object {
  return { added: names(...added), changed: names(...changed), removed: names(...removed) };
}

/** Those of the cloud's own log that were asked last. */
const REQUEST_IDS: Readonly<Record<Scheme, unknown>> = {
  s3: [expect.stringMatching(/^[0-9A-F]{16}$/), expect.any(String)],
  gs: [expect.any(String)],
  file: [],
};

const PRINCIPAL: Readonly<Record<Scheme, unknown>> = {
  s3: { origin: 'environment', name: ACCESS_KEY_ID },
  gs: { origin: 'environment', name: null },
  file: null,
};

const OTHER_KEY: Readonly<Record<Scheme, readonly [flag: string, key: string]>> = {
  s3: ['--kms-key', managedKeyArn('us-east-1')],
  gs: ['--kms-key', OTHER_CLOUD_KMS_KEY],
  file: ['--age', B],
};

async function versionOf({ uri, env, isVersioned }: Place): Promise<unknown> {
  if (!isVersioned) return null;
  const { stdout } = await envseal(['list', '--json', uri], { env });
  return (JSON.parse(stdout) as { version: unknown }).version;
}

describe.each(SCHEMES)('at %s', (scheme) => {
  let place: Place;
  beforeEach(async () => {
    place = await placeIn(clouds, scheme);
  });

  /** The command's change event, which has to be the only event, at the file that it is about. */
  async function change(args: readonly string[], stdin = ''): Promise<Event> {
    const { status, stderr, events } = await told(args, place.env, stdin);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(events).toHaveLength(1);
    return events[0] as Event;
  }

  /** Everything that is reported about a completed change. */
  async function expectDone(
    event: Event,
    what: string,
    previousVersion: unknown,
    variables: object,
    key = place.key,
  ): Promise<void> {
    expect(event).toMatchObject({
      type: `envseal.change.${what}`,
      subject: place.uri,
      data: { outcome: 'done', reason: 'done', sealing: place.sealing, previousVersion, variables },
    });
    const { data } = event;
    expect(data.version).toBe(await versionOf(place));
    expect(data.kmsKeys).toEqual([expect.stringContaining(key)]);
    expect(data.principal).toEqual(PRINCIPAL[scheme]);
    expect(data.requestIds).toEqual(REQUEST_IDS[scheme]);
  }

  test('push of a new file', async () => {
    const event = await change(['push', ...place.seal, '-', place.uri], FILE);
    await expectDone(event, 'stored', null, differences(['DB_URL', 'TOKEN'], [], []));
  });

  test('push over another one', async () => {
    const { version } = await pushed(place);
    const event = await change(['push', '-', place.uri], `TOKEN=${CANARY}-2\nNEW=${CANARY}\n`);
    await expectDone(event, 'stored', version, differences(['NEW'], ['TOKEN'], ['DB_URL']));
  });

  test('set', async () => {
    const { version } = await pushed(place);
    const event = await change(['set', place.uri, 'TOKEN'], CANARY);
    await expectDone(event, 'set', version, differences([], ['TOKEN'], []));
  });

  test('unset', async () => {
    const { version } = await pushed(place);
    const event = await change(['unset', place.uri, 'TOKEN', 'DB_URL']);
    await expectDone(event, 'unset', version, differences([], [], ['DB_URL', 'TOKEN']));
  });

  test('edit: who saw the values, and what was changed', async () => {
    const { version } = await pushed(place);
    const EDITOR = join(folder({ editor: `#!/bin/sh\necho 'NEW=${CANARY}' >>"$1"\n` }), 'editor');
    const { status, events } = await told(['edit', place.uri], { ...place.env, EDITOR });
    expect(status).toBe(0);
    expect(events.map(summary)).toEqual([
      ['access.granted', 'opened', place.uri],
      ['change.set', 'done', place.uri],
    ]);
    expect(events[0]?.data).toMatchObject({ command: 'envseal edit', variables: names('DB_URL', 'TOKEN') });
    await expectDone(events[1] as Event, 'set', version, differences(['NEW'], [], []));
  });

  test('rollback', async () => {
    const { version } = await pushed(place);
    const { version: second } = await pushed(place, `TOKEN=${CANARY}-2\n`);
    if (!place.isVersioned) return;
    const event = await change(['rollback', place.uri, String(version)]);
    await expectDone(event, 'rolled-back', second, differences(['DB_URL'], ['TOKEN'], []));
  });

  test('copy: who opened the one, and what the other got', async () => {
    const source = place;
    await pushed(source);
    place = { ...place, uri: scheme === 'file' ? join(folder(), 'copy') : `${place.uri}-copy` };
    const { status, events } = await told(['copy', ...place.seal, source.uri, place.uri], place.env);
    expect(status).toBe(0);
    expect(events.map(summary)).toEqual([
      ['access.granted', 'opened', source.uri],
      ['change.copied', 'done', place.uri],
    ]);
    expect(events[0]?.data).toMatchObject({ command: 'envseal copy' });
    await expectDone(events[1] as Event, 'copied', null, differences(['DB_URL', 'TOKEN'], [], []));
  });

  test('rotate, with a new data key', async () => {
    const { version } = await pushed(place);
    await expectDone(await change(['rotate', place.uri]), 'rotated', version, differences([], [], []));
  });

  test('rotate, for another key', async () => {
    const { version } = await pushed(place);
    const [flag, key] = OTHER_KEY[scheme];
    const event = await change(['rotate', flag, key, place.uri]);
    if (scheme === 'file') place = { ...place, env: { ...place.env, SOPS_AGE_KEY: identities[1] as string } };
    await expectDone(event, 'rotated', version, differences([], [], []), key);
  });

  test('what changes nothing is not reported', async () => {
    const { version } = await pushed(place);
    const commands: [args: string[], stdin?: string][] = [
      [['push', '-', place.uri], FILE],
      [['push', '--check', '-', place.uri], FILE],
      [['set', place.uri, 'TOKEN'], `${CANARY} #1`],
      [['rotate', '--dry-run', place.uri]],
      [['rotate', '--before', '2020-01-01', place.uri]],
      [['rotate', ...place.seal, place.uri]],
      ...(place.isVersioned ? [[['rollback', place.uri, String(version)]] as [string[]]] : []),
    ];
    for (const [args, stdin] of commands) {
      const { status, events } = await told(args, place.env, stdin);
      expect({ args, status, events }).toEqual({ args, status: 0, events: [] });
    }
    // These show values, so that is reported.
    const edited = await told(['edit', place.uri], { ...place.env, EDITOR: 'true' });
    expect(edited.events.map(summary)).toEqual([['access.granted', 'opened', place.uri]]);
    const other = `${place.uri}-copy`;
    await does(['copy', ...place.seal, place.uri, other], place.env);
    const copied = await told(['copy', ...place.seal, place.uri, other], place.env);
    expect(copied.events.map(summary)).toEqual([['access.granted', 'opened', place.uri]]);
  });

  test('get, list and diff', async () => {
    await pushed(place);
    const { uri, env } = place;
    const opened = (command: string) => [
      { subject: uri, data: { command, sealing: place.sealing, variables: names('DB_URL', 'TOKEN') } },
    ];
    const got = await told(['get', '--out', join(folder(), 'out'), uri, 'TOKEN'], env);
    expect(got.events).toMatchObject(opened('envseal get'));
    expect((await told(['list', uri], env)).events).toMatchObject(opened('envseal list'));
    const compared = await told(['diff', uri, '/dev/null'], env);
    expect(compared.events.map(summary)).toEqual([
      ['access.granted', 'opened', uri],
      ['access.granted', 'opened', '/dev/null'],
    ]);
    expect(compared.events).toMatchObject([...opened('envseal diff'), { data: { command: 'envseal diff' } }]);
  });

  test('what is not there', async () => {
    const absent = `${place.uri}-no-such`;
    const rows: [args: string[], type: string][] = [
      [['set', absent, 'A'], 'change.set'],
      [['unset', absent, 'A'], 'change.unset'],
      [['rotate', absent], 'change.rotated'],
      [['list', absent], 'access.failed'],
      [['get', '--out', join(folder(), 'out'), absent], 'access.failed'],
      [['edit', absent], 'access.failed'],
      [['copy', ...place.seal, absent, place.uri], 'access.failed'],
    ];
    for (const [args, type] of rows) {
      const { status, events } = await told(args, place.env, CANARY);
      expect(status).toBe(66);
      expect(events.map(summary)).toEqual([[type, 'not_found', absent]]);
    }
  });
});

/** A user with rights of their own. */
const OPERATOR = 'AKIDOPERATOR';

async function mayOnly(...actions: string[]): Promise<void> {
  await clouds.s3.accessKey(accessKey(OPERATOR, { allow: [{ actions, resources: ['*'] }] }));
}

describe('a change that does not happen', () => {
  interface Row {
    readonly title: string;
    readonly prepare?: () => Promise<unknown>;
    readonly args: readonly string[];
    readonly env?: Env;
    readonly outcome: string;
    readonly reason: string;
  }

  const URI = 's3://snacks/env';

  test.each<Row>([
    {
      title: 'who may not write',
      prepare: () => mayOnly('s3:Get*', 's3:ListBucket', 'kms:*'),
      args: ['set', URI, 'A'],
      env: { AWS_ACCESS_KEY_ID: OPERATOR },
      outcome: 'denied',
      reason: 'denied',
    },
    {
      title: 'who has no credentials',
      args: ['push', '-', URI],
      env: { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
      outcome: 'denied',
      reason: 'credentials',
    },
    {
      title: 'who may not use the key',
      prepare: () => clouds.s3.kmsKey({ arn: kmsKeyArn(), allow: { 'kms:GenerateDataKey': [] } }),
      args: ['push', '-', URI],
      outcome: 'denied',
      reason: 'denied',
    },
    {
      title: 'a key that is disabled',
      prepare: () => clouds.s3.kmsKey({ arn: kmsKeyArn(), state: 'Disabled' }),
      args: ['rotate', URI],
      outcome: 'denied',
      reason: 'key_unavailable',
    },
    {
      title: 'a public bucket',
      prepare: () => clouds.s3.bucket('snacks', { policy: 'public' }),
      args: ['push', '-', URI],
      outcome: 'failed',
      reason: 'exposed',
    },
    ...[
      ['push', '-', URI],
      ['set', URI, 'A'],
      ['unset', URI, 'TOKEN'],
      ['rotate', URI],
      ['rollback', URI, 'x'.repeat(32)],
    ].map(([command = '', ...words]) => ({
      title: `${command} in a bucket without versions, where they are required`,
      prepare: () => clouds.s3.bucket('snacks', { versioning: 'Off' }),
      args: [command, '--require-versioning', ...words],
      outcome: 'failed',
      reason: 'unversioned',
    })),
    {
      title: 'a store that ignores conditions',
      prepare: () => clouds.s3.bucket('snacks', { conditions: 'ignored' }),
      args: ['set', URI, 'A'],
      outcome: 'failed',
      reason: 'unconditional',
    },
    {
      title: 'another key than the pinned one',
      args: ['set', '--kms-key', managedKeyArn('us-east-1'), URI, 'A'],
      outcome: 'refused',
      reason: 'wrong_key',
    },
    {
      title: 'a file that is not sealed',
      prepare: () => put(clouds, 's3', 'env', `A=${CANARY}\n`),
      args: ['unset', URI, 'A'],
      outcome: 'refused',
      reason: 'unsealed',
    },
    {
      title: 'input that is not a valid env file',
      prepare: () => put(clouds, 's3', 'env', `${CANARY} x\n`),
      args: ['push', '--allow-unsealed', '-', URI],
      outcome: 'refused',
      reason: 'malformed',
    },
    {
      title: 'a server that never answers',
      prepare: () => clouds.s3.fault({ method: 'PUT', match: '^snacks/env$', hang: true, count: 'always' }),
      args: ['push', '--timeout', '1', '-', URI],
      outcome: 'failed',
      reason: 'timeout',
    },
  ])('$title', async ({ prepare, args, env = {}, outcome, reason }) => {
    const place = await placeIn(clouds, 's3');
    await pushed(place);
    await prepare?.();
    const { status, events } = await told(args, { ...place.env, ...env }, `A=${CANARY}\n`);
    expect(status).not.toBe(0);
    expect(events.map(summary)).toEqual([[expect.stringMatching(/^change\./), reason, URI]]);
    expect(events[0]?.data).toMatchObject({ outcome, version: null });
  });

  test.each(SCHEMES)('a concurrent change during an edit, at %s', async (scheme) => {
    const place = await placeIn(clouds, scheme);
    await pushed(place);
    const words = shellLine([...envsealWords, 'set', place.uri, 'TOKEN'], place.env);
    const script = `#!/bin/sh\nset -e\necho ${CANARY} quick | ${words} >&2\nsed -i 's/#1/slow/' "$1"\n`;
    const EDITOR = join(folder({ editor: script }), 'editor');
    const { status, events } = await told(['edit', place.uri], { ...place.env, EDITOR });
    expect(status).toBe(75);
    // What the other one stored was opened too, to be compared.
    expect(events.map(summary)).toEqual([
      ['access.granted', 'opened', place.uri],
      ['access.granted', 'opened', place.uri],
      ['change.set', 'conflict', place.uri],
    ]);
    expect(events[2]?.data).toMatchObject({
      outcome: 'failed',
      version: null,
      previousVersion: events[0]?.data.version,
      variables: differences([], ['TOKEN'], []),
    });
    expect(await variablesAt(place)).toMatchObject({ TOKEN: `${CANARY} quick` });
  });

  test('SIGTERM, while a push waits for its PUT', async () => {
    const place = await placeIn(clouds, 's3');
    const { version } = await pushed(place);
    await clouds.s3.fault({ method: 'PUT', match: '^snacks/env$', hang: true, count: 'always' });
    const { uri, events } = log();
    const { length: before } = await requestsOfFile();
    const words = [...envsealWords, 'push', '--event-sink', uri, '--event-sink', hook.url, '-', place.uri];
    const env = { ...place.env, ...SIGNED };
    const { child, outcome } = startWords(words, { env, stdin: `A=${CANARY}\n` });
    // It is read first.
    await clouds.s3.seen('^snacks/env$', before + 2);
    child.kill('SIGTERM');
    expect(await outcome).toEqual({
      status: 143,
      signal: null,
      stdout: '',
      stderr: 'envseal: error: ended by SIGTERM\n',
    });
    expect(events()).toMatchObject([
      {
        type: 'envseal.change.stored',
        subject: place.uri,
        data: { outcome: 'failed', reason: 'signal', version: null, previousVersion: version },
      },
    ]);
    expect(await hooked()).toEqual(events());
    await clouds.s3.clearFaults();
    expect(await variablesAt(place)).toEqual(variablesOf(FILE));
  });
});

async function requestsOfFile() {
  return (await clouds.s3.requests()).filter(({ subject }) => subject === 'snacks/env');
}

async function hooked(): Promise<Event[]> {
  return readEvents((await hook.received()).map(({ body }) => body).join('\n'));
}

const SIGNED = { ENVSEAL_WEBHOOK_SECRET: WEBHOOK_SECRET };

test('30 files, rotated: 30 events; one that fails has its own reason', async () => {
  const place = await placeIn(clouds, 's3');
  const numbers = Array.from({ length: 30 }, (_, number) => number);
  const sealed = { sse: 'aws:kms', kmsKeyId: kmsKeyArn() } as const;
  for (const number of numbers) await clouds.s3.put('snacks', `many/${number}`, `A=${CANARY}\n`, sealed);
  await clouds.s3.put('snacks', 'many/broken', `${CANARY} x\n`, sealed);
  const { uri, events } = log();
  const args = ['rotate', '--jobs', '8', '--event-sink', uri, '--event-sink', hook.url, 's3://snacks/many/'];
  const { status, stderr } = await envseal(args, { env: { ...place.env, ...SIGNED } });
  expect({ status, stderr }).toEqual({ status: 65, stderr: expect.stringContaining('1 of 31 files') });
  const expected = [
    ...numbers.map((number) => ['change.rotated', 'done', `s3://snacks/many/${number}`]),
    ['change.rotated', 'malformed', 's3://snacks/many/broken'],
  ];
  expect(events().map(summary).toSorted()).toEqual(expected.toSorted());
  const byId = (all: Event[]) => all.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  expect(byId(await hooked())).toEqual(byId(events()));
  expect(await hook.duplicates()).toEqual([]);
  // All of them again, under another key: what is done is left alone, and not reported.
  const other = [
    'rotate',
    '--kms-key',
    kmsKeyArn(),
    ...numbers.map((number) => `s3://snacks/many/${number}`),
  ];
  expect(await told(other, place.env)).toMatchObject({ status: 0, events: [] });
});

test('the keys of a SOPS file are all that it is sealed for, whichever opened it, and not that of the bucket', async () => {
  const place = await placeIn(clouds, 's3');
  await clouds.s3.bucket('snacks', {
    encryption: { algorithm: 'aws:kms', keyId: managedKeyArn('us-east-1') },
  });
  const env = { ...place.env, SOPS_AGE_KEY: IDENTITY };
  const keys = ['--age', AGE_KEY.key, '--kms-key', kmsKeyArn()];
  const EDITOR = join(folder({ editor: `#!/bin/sh\necho 'MORE=${CANARY}' >>"$1"\n` }), 'editor');
  const { version } = await answers(['push', '--seal', 'sops', ...keys, '-', place.uri], env, FILE);
  for (const args of [
    ['set', place.uri, 'NEW'],
    ['unset', place.uri, 'NEW'],
    ['edit', place.uri],
    ['rotate', place.uri],
    ['rollback', place.uri, String(version)],
  ]) {
    const { status, events } = await told(args, { ...env, EDITOR }, CANARY);
    expect(status).toBe(0);
    const change = events.find(({ type }) => type.startsWith('envseal.change.')) as Event;
    const kmsKeys = (change.data.kmsKeys as string[]).toSorted();
    expect([args[0], kmsKeys]).toEqual([args[0], [AGE_KEY.key, kmsKeyArn()]]);
  }
});

test('every kind of sink gets the same event', async () => {
  const place = await placeIn(clouds, 's3');
  const { uri, events } = log();
  const sinks = [hook.url, uri, 'stderr:'].flatMap((sink) => ['--event-sink', sink]);
  const env = { ...place.env, ...SIGNED };
  const { status, stderr } = await envseal(['push', ...place.seal, ...sinks, '-', place.uri], {
    env,
    stdin: FILE,
  });
  expect(status).toBe(0);
  expect(events()).toHaveLength(1);
  expect(readEvents(stderr)).toEqual(events());
  expect(await hooked()).toEqual(events());
  expect(JSON.stringify(await hook.received())).not.toContain(CANARY);
});

test('names alone, their number, or hashes of them', async () => {
  const place = await placeIn(clouds, 'file');
  await pushed(place);
  const env = { ...place.env, ENVSEAL_EVENT_NAMES_KEY: NAMES_KEY };
  const added = async (name: string, mode: string) => {
    const { events } = await told(['set', '--event-names', mode, place.uri, name], env, CANARY);
    return (events[0] as Event & { data: { variables: { added: object } } }).data.variables.added;
  };
  expect(await added('ONE', 'full')).toEqual({ count: 1, names: ['ONE'] });
  expect(await added('TWO', 'count')).toEqual({ count: 1 });
  const hash = createHmac('sha256', NAMES_KEY).update('THREE').digest('hex');
  expect(await added('THREE', 'hash')).toEqual({ count: 1, hashes: [hash] });
});

describe('a sink that takes nothing', () => {
  let place: Place;
  beforeEach(async () => {
    place = await placeIn(clouds, 's3');
    await pushed(place);
    await hook.fault({ status: 400, count: 'always' });
    place = { ...place, env: { ...place.env, ...SIGNED, ENVSEAL_EVENT_SINK: `${hook.url}/audit` } };
  });

  const required = () => ({ ...place.env, ENVSEAL_EVENT_POLICY: 'required' });

  test('best effort: the change is made, and one line says so', async () => {
    const { status, stderr } = await envseal(['set', place.uri, 'NEW'], { env: place.env, stdin: CANARY });
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringMatching(/^envseal: warning: http:\S+\/audit: .+\n$/),
    });
  });

  test.each<[string, (uri: string) => readonly string[], string]>([
    ['push', (uri) => ['push', '-', uri], `A=${CANARY}\n`],
    ['set', (uri) => ['set', uri, 'A'], CANARY],
    ['unset', (uri) => ['unset', uri, 'TOKEN'], ''],
    ['rotate', (uri) => ['rotate', uri], ''],
  ])('required: %s is done, and ends with 69 that says so', async (_, args, stdin) => {
    const { version } = (await versions(place))[0] as { version: string };
    const { status, stdout, stderr } = await envseal(args(place.uri), { env: required(), stdin });
    expect(status).toBe(69);
    expect(stdout + stderr).not.toContain(CANARY);
    expect(stderr).toMatch(
      /s3:\/\/snacks\/env was changed, but its event was not delivered: http:\S+\/audit: .+\nenvseal: hint: .+\n$/,
    );
    expect((await versions(place)).map((each) => each.version)).toEqual([expect.anything(), version]);
  });

  test('required: a rollback is done too', async () => {
    const first = (await versions(place))[0]?.version as string;
    await does(['set', place.uri, 'A'], withoutSinks(place.env), CANARY);
    const { status, stderr } = await envseal(['rollback', place.uri, first], { env: required() });
    expect({ status, stderr }).toEqual({ status: 69, stderr: expect.stringContaining('was changed') });
    expect(await variablesAt({ ...place, env: withoutSinks(place.env) })).toEqual(variablesOf(FILE));
  });

  test('required: no value is shown, and no file is created', async () => {
    const out = join(folder(), 'out');
    const EDITOR = join(folder({ editor: `#!/bin/sh\necho "${CANARY}" >&2\n` }), 'editor');
    const copy = 's3://snacks/copy';
    for (const args of [
      ['get', '--out', out, place.uri],
      ['list', place.uri],
      ['diff', place.uri, '/dev/null'],
      ['edit', place.uri],
      ['copy', ...place.seal, place.uri, copy],
    ]) {
      const { status, stdout, stderr } = await envseal(args, { env: { ...required(), EDITOR } });
      expect({ args, status, stdout }).toEqual({ args, status: 69, stdout: '' });
      expect(stderr).toMatch(/^envseal: error: the access event was not delivered: .+\nenvseal: hint: .+\n$/);
      expect(stderr).not.toContain(CANARY);
    }
    expect(existsSync(out)).toBe(false);
    expect((await clouds.s3.requests()).some(({ subject }) => subject === 'snacks/copy')).toBe(false);
  });

  test('required: after the first file, no other is rotated', async () => {
    const uris = Array.from({ length: 20 }, (_, number) => `s3://snacks/many/${number}`);
    for (const [number] of uris.entries()) {
      await clouds.s3.put('snacks', `many/${number}`, `A=${CANARY}\n`, {
        sse: 'aws:kms',
        kmsKeyId: kmsKeyArn(),
      });
    }
    const args = ['rotate', '--jobs', '2', '--json', ...uris];
    const { status, stdout } = await envseal(args, { env: required() });
    expect(status).toBe(69);
    const { files } = JSON.parse(stdout) as { files: { code: string; message: string }[] };
    expect(files.every(({ code }) => code === 'undelivered')).toBe(true);
    const changed = files.filter(({ message }) => message.includes('was changed'));
    expect(changed.length).toBeGreaterThanOrEqual(1);
    expect(changed.length).toBeLessThanOrEqual(2);
    const puts = (await clouds.s3.requests()).filter(
      ({ method, subject }) => method === 'PUT' && /^snacks\/many\/\d+$/.test(subject),
    );
    expect(puts).toHaveLength(changed.length);
  });
});

function withoutSinks({ ENVSEAL_EVENT_SINK: _, ...env }: Env): Env {
  return env;
}

async function versions({ uri, env }: Place): Promise<{ version: string }[]> {
  const { stdout } = await envseal(['history', '--json', uri], { env: withoutSinks(env) });
  return (JSON.parse(stdout) as { versions: { version: string }[] }).versions;
}
