/**
 * Many writers at once, writers that are killed, and stores that cannot distinguish one writer from another:
 * nothing is lost.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  CreateBucketCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeReal } from '../../real/available.ts';
import { type RealS3, startCeph } from '../../real/start.ts';
import { ACCESS_KEY_ID, kmsKeyArn, SECRET_ACCESS_KEY } from '../../servers/start.ts';
import { BARE } from '../aws.ts';
import { folder } from '../folder.ts';
import { envseal, envsealWords, isBundle, runWords, startWords } from '../program.ts';
import { AGE_KEY, type Clouds, envFor, startClouds } from '../sealed.ts';
import { CANARY } from '../transcript.ts';
import {
  answers,
  does,
  expectNoValue,
  FILE,
  type Place,
  placeIn,
  pushed,
  refuses,
  SCHEMES,
  STORES,
  variablesAt,
  variablesOf,
} from './places.ts';

/** The bundle takes a tenth of a second of a processor for each. */
const WRITERS = Array.from({ length: isBundle ? 10 : 20 }, (_, number) => number);
const HALF = WRITERS.length / 2;

/** `rotate` says besides how to go on. */
const ENDED = /^(?:envseal: warning: stopped at .*\n)?envseal: error: ended by SIGTERM\n$/;

let clouds: Clouds;

beforeAll(async () => {
  clouds = await startClouds();
});
afterAll(() => clouds.stop());
beforeEach(() => clouds.reset());

/** What a writer pushes, of several variables, so that a mixture would show. */
function contentOf(writer: number): string {
  return Array.from({ length: 5 }, (_, i) => `V_${i}=${CANARY} of ${writer}\n`).join('');
}

interface Answer {
  readonly status: number | null;
  readonly stderr: string;
  readonly version: string | null;
  readonly previousVersion: string | null;
}

async function writes(args: readonly string[], { env }: Place, stdin: string): Promise<Answer> {
  const { status, stdout, stderr } = await envseal([...args, '--json'], { env, stdin });
  expectNoValue({ stdout, stderr });
  const { version = null, previousVersion = null } = status === 0 ? JSON.parse(stdout) : {};
  return { status, stderr, version, previousVersion };
}

async function versionsAt({ uri, env }: Place): Promise<string[]> {
  const { versions } = await answers(['history', uri], env);
  return (versions as { version: string }[]).map(({ version }) => version);
}

/** The successful writes in the order of the versions, each of which replaced the one before. */
function inOrder<T extends Answer>(done: readonly T[], first: string): T[] {
  const order: T[] = [];
  for (let version: string | null = first; ; ) {
    const next = done.filter(({ previousVersion }) => previousVersion === version);
    if (next.length === 0) break;
    expect(next).toHaveLength(1);
    order.push(...next);
    version = order.at(-1)?.version ?? null;
  }
  expect(order).toHaveLength(done.length);
  return order;
}

describe.each(SCHEMES)(`${WRITERS.length} pushes at once, at %s`, (scheme) => {
  test('each succeeds, or gets a conflict that names what won; the file is one of them', async () => {
    const place = await placeIn(clouds, scheme);
    const { version: first } = await pushed(place);
    const outcomes = await Promise.all(
      WRITERS.map(async (writer) => {
        const answer = await writes(['push', '-', place.uri], place, contentOf(writer));
        return { writer, ...answer };
      }),
    );
    const done = outcomes.filter(({ status }) => status === 0);
    const refused = outcomes.filter(({ status }) => status !== 0);
    expect(done.length).toBeGreaterThan(0);
    for (const { status, stderr } of refused) {
      expect({ status, stderr }).toEqual({
        status: 75,
        stderr: expect.stringMatching(/^envseal: error: .*\nenvseal: hint: nothing was written: .*\n$/),
      });
    }
    const candidates = done.map(({ writer }) => variablesOf(contentOf(writer)));
    const now = await variablesAt(place);
    if (!place.isVersioned) {
      for (const { stderr } of refused)
        expect(stderr).toMatch(/another version at \d{4}-|someone else is writing/);
      expect(candidates).toContainEqual(now);
      return;
    }
    const versions = await versionsAt(place);
    expect(versions).toHaveLength(1 + done.length);
    for (const { stderr } of refused) {
      expect(versions).toContain(/someone stored version (\S+) in the meantime/.exec(stderr)?.[1]);
    }
    const last = inOrder(done, String(first)).at(-1);
    expect(now).toEqual(variablesOf(contentOf(last?.writer ?? -1)));
  });

  test('of a new file, one makes it', async () => {
    const place = await placeIn(clouds, scheme);
    const args = ['push', ...place.seal, '-', place.uri];
    const outcomes = await Promise.all(WRITERS.map((writer) => writes(args, place, contentOf(writer))));
    const done = outcomes.filter(({ status }) => status === 0);
    expect(outcomes.filter(({ status }) => status !== 0 && status !== 75)).toEqual([]);
    expect(done.filter(({ previousVersion }) => previousVersion === null).length).toBeGreaterThan(0);
    const candidates = outcomes.flatMap(({ status }, writer) =>
      status === 0 ? [variablesOf(contentOf(writer))] : [],
    );
    expect(candidates).toContainEqual(await variablesAt(place));
    if (!place.isVersioned) return;
    expect(done.filter(({ previousVersion }) => previousVersion === null)).toHaveLength(1);
    expect(await versionsAt(place)).toHaveLength(done.length);
  });
});

describe.each(SCHEMES)(`${HALF} pushes and ${HALF} sets at once, at %s`, (scheme) => {
  test('every set succeeds, and is lost to a later push alone', async () => {
    const place = await placeIn(clouds, scheme);
    const { version: first } = await pushed(place, contentOf(99));
    const half = WRITERS.slice(0, HALF);
    const outcomes = await Promise.all([
      ...half.map(async (writer) => ({
        apply: () => variablesOf(contentOf(writer)),
        isPush: true,
        ...(await writes(['push', '-', place.uri], place, contentOf(writer))),
      })),
      ...half.map(async (writer) => ({
        apply: (before: object) => ({ ...before, [`SET_${writer}`]: CANARY }),
        isPush: false,
        ...(await writes(['set', place.uri, `SET_${writer}`], place, CANARY)),
      })),
    ]);
    for (const { isPush, status, stderr } of outcomes) {
      if (isPush && status === 75) continue;
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    }
    const now = await variablesAt(place);
    const done = outcomes.filter(({ status }) => status === 0);
    if (place.isVersioned) {
      const expected = inOrder(done, String(first)).reduce<object>(
        (before, { apply }) => apply(before),
        variablesOf(contentOf(99)),
      );
      expect(now).toEqual(expected);
      return;
    }
    const pushedParts = Object.fromEntries(Object.entries(now).filter(([name]) => name.startsWith('V_')));
    const candidates = done.flatMap(({ isPush, apply }) => (isPush ? [apply({})] : []));
    expect([variablesOf(contentOf(99)), ...candidates]).toContainEqual(pushedParts);
  });
});

describe('a concurrent change', () => {
  test('than a push that waits for its key: the conflict says when, and nothing is written', async () => {
    const uri = join(folder(), 'env');
    const env = envFor(clouds, ['aws', 'age']);
    const sealed = ['--seal', 'sops', '--kms-key', kmsKeyArn()];
    await does(['push', ...sealed, '-', uri], env, FILE);
    await clouds.kms.fault({ match: 'Encrypt', delayMs: 2000 });
    const before = (await clouds.kms.requests()).length;
    const slow = refuses(
      ['push', '--seal', 'sops', '--kms-key', kmsKeyArn(), '--age', AGE_KEY.key, '-', uri],
      env,
      contentOf(1),
    );
    await clouds.kms.seen('Encrypt', before);
    await does(['push', '--seal', 'sops', '--age', AGE_KEY.key, '-', uri], env, contentOf(2));
    expect(await slow).toEqual({
      status: 75,
      stderr: expect.stringMatching(/someone stored another version at \d{4}-\d\d-\d\dT/),
    });
    expect(await variablesAt({ uri, env })).toEqual(variablesOf(contentOf(2)));
  });

  test('--force does not look', async () => {
    const place = await placeIn(clouds, 's3');
    await pushed(place);
    await does(['push', '--force', ...place.seal, '-', place.uri], place.env, contentOf(1));
    const puts = (await clouds.s3.requests()).filter(({ method }) => method === 'PUT');
    expect(puts.at(-1)?.headers).not.toHaveProperty('if-match');
    expect(await variablesAt(place)).toEqual(variablesOf(contentOf(1)));
  });
});

const COMMANDS: Readonly<Record<string, (uri: string) => readonly string[]>> = {
  push: (uri) => ['push', '-', uri],
  set: (uri) => ['set', uri, 'A'],
  unset: (uri) => ['unset', uri, 'TOKEN'],
  rotate: (uri) => ['rotate', uri],
};

describe('a write that is interrupted', () => {
  describe.each(['s3', 'gs'] as const)('at %s', (scheme) => {
    test.each(
      Object.entries(COMMANDS).flatMap(([name, args]) =>
        (['SIGTERM', 'SIGKILL'] as const).map((signal) => [name, signal, args] as const),
      ),
    )('%s by %s, while its request is on the way: the old version stays', async (_, signal, args) => {
      const place = await placeIn(clouds, scheme);
      await pushed(place);
      const server = scheme === 's3' ? clouds.s3 : clouds.gcs;
      const method = scheme === 's3' ? 'PUT' : 'POST';
      const isWrite = (request: { method: string; subject: string }) =>
        request.method === method && request.subject === 'snacks/env';
      await server.fault({ method, match: '^snacks/env$', hang: true, count: 'always' });
      const before = (await server.requests()).filter(({ subject }) => subject === 'snacks/env').length;
      const { child, outcome } = startWords([...envsealWords, ...args(place.uri)], {
        env: place.env,
        stdin: `A=${CANARY}\n`,
      });
      // It is read, and then written.
      await server.seen('^snacks/env$', before + 2);
      expect((await server.requests()).filter(isWrite)).toHaveLength(2);
      child.kill(signal);
      const { status, signal: endedBy, stdout, stderr } = await outcome;
      expect(stdout).toBe('');
      expect(signal === 'SIGKILL' ? endedBy : { status, stderr }).toEqual(
        signal === 'SIGKILL' ? signal : { status: 143, stderr: expect.stringMatching(ENDED) },
      );
      await server.clearFaults();
      expect(await variablesAt(place)).toEqual(variablesOf(FILE));
      expect(await versionsAt(place)).toHaveLength(1);
    });
  });

  test('a lock that is never removed is a conflict that names it', async () => {
    const place = await placeIn(clouds, 'file');
    await pushed(place);
    const lock = `${place.uri}.lock`;
    writeFileSync(lock, '');
    for (const args of [COMMANDS.push, COMMANDS.set]) {
      // Who waits for the whole --timeout does not see the end of the test.
      const unhurried = [...(args?.(place.uri) ?? []), '--timeout', '600'];
      expect(await refuses(unhurried, place.env, `A=${CANARY}\n`)).toEqual({
        status: 75,
        stderr: `envseal: error: ${place.uri}: someone else is writing it\nenvseal: hint: nothing was written: try again; if no other envseal is running, remove ${lock}\n`,
      });
    }
    rmSync(lock);
    await does(['set', place.uri, 'A'], place.env, CANARY);
  });
});

describeReal('strace', 'a write to a file that is interrupted', () => {
  let place: Place;
  let before: Buffer;
  beforeEach(async () => {
    place = await placeIn(clouds, 'file');
    await pushed(place);
    before = readFileSync(place.uri);
  });

  /** Ends it by a signal that comes with a call to the kernel, such as `fsync:signal=SIGKILL:when=1`. */
  async function interrupt(args: readonly string[], injection: string, more: readonly string[] = []) {
    const [call] = injection.split(':', 1);
    const log = join(folder(), 'log');
    const strace = [
      'strace',
      '-f',
      '-qq',
      '-o',
      log,
      ...more,
      '-e',
      `trace=${call}`,
      '-e',
      `inject=${injection}`,
    ];
    const words = [...strace, ...envsealWords, ...args];
    const outcome = await runWords(words, { env: place.env, stdin: `A=${CANARY}\n` });
    expect(readFileSync(log, 'latin1')).toContain('SIG');
    expectNoValue(outcome);
    return outcome;
  }

  const filesBeside = () => readdirSync(dirname(place.uri)).toSorted();

  test.each(Object.entries(COMMANDS))(
    '%s by SIGKILL, with the lock in its hands: the old file stays',
    async (_, args) => {
      expect(await interrupt(args(place.uri), 'fsync:signal=SIGKILL:when=1')).toMatchObject({ stdout: '' });
      expect(readFileSync(place.uri)).toEqual(before);
      expect(await variablesAt(place)).toEqual(variablesOf(FILE));
      // What it leaves behind is sealed, and is reported to the next writer.
      const lock = `${place.uri}.lock`;
      expect(readFileSync(lock, 'latin1')).not.toContain(CANARY);
      rmSync(lock);
      await does(['set', place.uri, 'A'], place.env, CANARY);
      expect(filesBeside()).toEqual(['env']);
    },
  );

  test.each(Object.entries(COMMANDS))(
    '%s by SIGTERM, with the lock in its hands: the new file is there, and no lock',
    async (_, args) => {
      const { status } = await interrupt(args(place.uri), 'fsync:signal=SIGTERM:when=1');
      // It is done when it hears of it.
      expect([0, 143]).toContain(status);
      expect(readFileSync(place.uri)).not.toEqual(before);
      await variablesAt(place);
      expect(filesBeside()).toEqual(['env']);
    },
  );

  test.each(Object.entries(COMMANDS))('%s by SIGTERM, while another one has the lock', async (_, args) => {
    const lock = `${place.uri}.lock`;
    writeFileSync(lock, 'of another one');
    const { status, stdout, stderr } = await interrupt(args(place.uri), 'openat:signal=SIGTERM:when=3', [
      '-P',
      lock,
    ]);
    expect({ status, stdout, stderr }).toEqual({
      status: 143,
      stdout: '',
      stderr: expect.stringMatching(ENDED),
    });
    expect(readFileSync(place.uri)).toEqual(before);
    expect(readFileSync(lock, 'utf8')).toBe('of another one');
  });
});

/** A place without conditional writes. */
interface Unconditional {
  readonly place: () => Promise<Place>;
  /** The names of all objects in the bucket. */
  readonly objects: () => Promise<string[]>;
}

function tryUnconditional({ place: open, objects }: Unconditional): void {
  let place: Place;
  beforeEach(async () => {
    place = await open();
    await does(['push', '--force', ...place.seal, '-', place.uri], place.env, FILE);
  });

  const ALLOW = '--allow-unconditional';
  const WARNING =
    /^envseal: warning: s3:\/\/\S+: this store does not support conditional writes \(.*is lost\)\n$/;

  test.each([
    ['push', ({ uri }: Place) => ['push', '-', uri]],
    ['push of a new file', ({ uri, seal }: Place) => ['push', ...seal, '-', `${uri}-new`]],
    ['set', ({ uri }: Place) => ['set', uri, 'A']],
    ['unset', ({ uri }: Place) => ['unset', uri, 'TOKEN']],
    ['copy', ({ uri, seal }: Place) => ['copy', ...seal, uri, `${uri}-new`]],
    ['rotate', ({ uri }: Place) => ['rotate', uri]],
  ])('%s: nothing is written, and it says how to all the same', async (_, args) => {
    expect(await refuses(args(place), place.env, `A=${CANARY}\n`)).toEqual({
      status: 78,
      stderr: expect.stringContaining(ALLOW),
    });
    expect(await variablesAt(place)).toEqual(variablesOf(FILE));
    // What it was tried out with is gone.
    expect(await objects()).toEqual([place.uri.replace('s3://snacks/', '')]);

    const [command = '', ...words] = args(place);
    const { status, stdout, stderr } = await envseal([command, ALLOW, ...words], {
      env: place.env,
      stdin: `A=${CANARY}\n`,
    });
    expectNoValue({ stdout, stderr });
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(WARNING) });
  });

  test('with --allow-unconditional nothing else is lost', async () => {
    await envseal(['set', ALLOW, place.uri, 'A'], { env: place.env, stdin: CANARY });
    await envseal(['set', ALLOW, place.uri, 'B'], { env: place.env, stdin: CANARY });
    await envseal(['unset', ALLOW, place.uri, 'TOKEN'], { env: place.env });
    const { DB_URL } = variablesOf(FILE);
    expect(await variablesAt(place)).toEqual({ DB_URL, A: CANARY, B: CANARY });
  });

  test('of many files it warns once', async () => {
    const uris = [1, 2, 3].map((number) => `${place.uri}-${number}`);
    for (const uri of uris) await does(['push', '--force', ...place.seal, '-', uri], place.env, FILE);
    const { status, stdout, stderr } = await envseal(['rotate', ALLOW, ...uris], { env: place.env });
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(WARNING) });
    expect(stdout).toContain('3 rotated');
  });
}

describe.each(['ignored', 'unknown'] as const)('a store where conditions are %s', (conditions) => {
  const place = async () => {
    const { uri, ...rest } = await placeIn(clouds, 's3', 'dev/env');
    await clouds.s3.bucket('snacks', { conditions });
    return { uri, ...rest };
  };

  tryUnconditional({ place, objects: () => objectsAt(clouds.s3.url, ACCESS_KEY_ID, SECRET_ACCESS_KEY) });

  test('what is stored before it is looked at again is a conflict that names it', async () => {
    const { uri, env } = await place();
    await does(['push', '--force', ...STORES.s3.seal, '-', uri], env, FILE);
    await clouds.s3.fault({ method: 'GET', match: '^snacks/dev/env$', delayMs: 2000 });
    const before = (await clouds.s3.requests()).filter(({ subject }) => subject === 'snacks/dev/env').length;
    const slow = refuses(['push', '--allow-unconditional', '-', uri], env, contentOf(1));
    await clouds.s3.seen('^snacks/dev/env$', before + 1);
    const sealed = { sse: 'aws:kms', kmsKeyId: kmsKeyArn() } as const;
    const { versionId } = await clouds.s3.put('snacks', 'dev/env', contentOf(2), sealed);
    expect(await slow).toEqual({ status: 75, stderr: expect.stringContaining(`version ${versionId} `) });
    expect(await variablesAt({ uri, env })).toEqual(variablesOf(contentOf(2)));
  });
});

describeReal('ceph', 'Ceph, in a bucket with versions', () => {
  let ceph: RealS3;
  let number = 0;
  beforeAll(async () => {
    ceph = await startCeph();
    const client = clientAt(ceph.endpoint, ceph.accessKeyId, ceph.secretAccessKey);
    await client.send(new CreateBucketCommand({ Bucket: 'snacks' }));
    const versioning = { Status: 'Enabled' } as const;
    await client.send(
      new PutBucketVersioningCommand({ Bucket: 'snacks', VersioningConfiguration: versioning }),
    );
    client.destroy();
  });
  afterAll(() => ceph?.stop());

  const folderOf = () => `s3://snacks/${number}/`;

  tryUnconditional({
    place: async () => {
      number += 1;
      const env = {
        ...BARE,
        AWS_ACCESS_KEY_ID: ceph.accessKeyId,
        AWS_SECRET_ACCESS_KEY: ceph.secretAccessKey,
        AWS_ENDPOINT_URL_S3: ceph.endpoint,
      };
      const seal = ['--kms-key', ceph.kmsKeyA];
      return { ...STORES.s3, uri: `${folderOf()}env`, env, seal, key: ceph.kmsKeyA };
    },
    objects: () => objectsAt(ceph.endpoint, ceph.accessKeyId, ceph.secretAccessKey, `${number}/`),
  });
});

function clientAt(endpoint: string, accessKeyId: string, secretAccessKey: string): S3Client {
  const credentials = { accessKeyId, secretAccessKey };
  return new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials });
}

async function objectsAt(
  endpoint: string,
  accessKeyId: string,
  secretAccessKey: string,
  prefix = '',
): Promise<string[]> {
  const client = clientAt(endpoint, accessKeyId, secretAccessKey);
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: 'snacks', Prefix: prefix }));
  client.destroy();
  return Contents.map(({ Key = '' }) => Key);
}

describe('a bucket without versions', () => {
  const UNVERSIONED = /^envseal: warning: s3:\/\/snacks\/\S+: its bucket keeps no older versions \(.+\)\n$/;

  async function place(): Promise<Place> {
    const found = await placeIn(clouds, 's3');
    await clouds.s3.bucket('snacks', { versioning: 'Off' });
    await envseal(['push', ...found.seal, '-', found.uri], { env: found.env, stdin: FILE });
    return found;
  }

  test.each([
    ['push', (uri: string) => ['push', '-', uri]],
    ['set', (uri: string) => ['set', uri, 'A']],
    ['unset', (uri: string) => ['unset', uri, 'TOKEN']],
    ['copy', (uri: string) => ['copy', uri, `${uri}-new`]],
    ['rotate', (uri: string) => ['rotate', uri]],
  ])('%s: one warning, and with --require-versioning a refusal', async (_, args) => {
    const { uri, env } = await place();
    const [command = '', ...words] = args(uri);
    const stdin = `A=${CANARY}\n`;
    const requiring = await refuses([command, '--require-versioning', ...words], env, stdin);
    expect(requiring).toEqual({ status: 78, stderr: expect.stringContaining('keeps no older versions') });
    expect(await variablesAt({ uri, env })).toEqual(variablesOf(FILE));
    expect(await refuses([command, ...words], env, stdin)).toEqual({
      status: 0,
      stderr: expect.stringMatching(UNVERSIONED),
    });
  });

  test('of many files it warns once', async () => {
    const { uri, env, seal } = await place();
    const uris = [1, 2, 3].map((number) => `${uri}-${number}`);
    for (const each of uris) await envseal(['push', ...seal, '-', each], { env, stdin: FILE });
    expect(await refuses(['rotate', ...uris], env)).toEqual({
      status: 0,
      stderr: expect.stringMatching(UNVERSIONED),
    });
  });

  test('of Cloud Storage', async () => {
    const { uri, env, seal } = await placeIn(clouds, 'gs');
    await clouds.gcs.bucket('snacks', { versioning: false });
    expect(await refuses(['push', '--require-versioning', ...seal, '-', uri], env, FILE)).toMatchObject({
      status: 78,
    });
    expect(await refuses(['push', ...seal, '-', uri], env, FILE)).toEqual({
      status: 0,
      stderr: expect.stringMatching(/^envseal: warning: .*keeps no older versions.*\n$/),
    });
    expect(await refuses(['set', '--require-versioning', uri, 'A'], env, CANARY)).toMatchObject({
      status: 78,
    });
  });

  test('files have none: --require-versioning says so', async () => {
    const { uri, env } = await placeIn(clouds, 'file');
    const args = ['push', '--require-versioning', '--age', AGE_KEY.key, '-', uri];
    expect(await refuses(args, env, FILE)).toEqual({ status: 78, stderr: expect.stringContaining('git') });
    expect(existsSync(uri)).toBe(false);
  });
});
