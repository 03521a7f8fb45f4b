/** `envseal push`: what is checked, sealed and stored, at every store, and what is refused. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { kmsKeyArn, managedKeyArn, OTHER_CLOUD_KMS_KEY } from '../../servers/start.ts';
import { accessKey } from '../aws.ts';
import { folder } from '../folder.ts';
import { envseal } from '../program.ts';
import { AGE_KEY, type Clouds, envFor, put, startClouds } from '../sealed.ts';
import { CANARY } from '../transcript.ts';
import {
  answers,
  does,
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

let clouds: Clouds;

beforeAll(async () => {
  clouds = await startClouds();
});
afterAll(() => clouds.stop());
beforeEach(() => clouds.reset());

describe.each(SCHEMES)('to %s', (scheme) => {
  let place: Place;
  beforeEach(async () => {
    place = await placeIn(clouds, scheme);
  });

  test('a new file is sealed with the key, and a start opens it with that key pinned', async () => {
    const { seal, key, sealing, uri } = place;
    expect(await pushed(place)).toEqual({
      uri,
      outcome: 'stored',
      version: place.isVersioned ? expect.any(String) : null,
      previousVersion: null,
      sealing,
      kmsKeys: [expect.stringContaining(key)],
      added: ['DB_URL', 'TOKEN'],
      changed: [],
      removed: [],
    });
    expect(seal).toContain(key);
    expect(await variablesAt(place, ['--kms-key', key])).toEqual(variablesOf(FILE));
  });

  test('what changes is said by name, and the version that was replaced', async () => {
    const { version } = await pushed(place);
    const next = await pushed(place, `TOKEN=${CANARY}-2\nNEW=${CANARY}\n`);
    expect(next).toMatchObject({
      outcome: 'stored',
      previousVersion: version,
      added: ['NEW'],
      changed: ['TOKEN'],
      removed: ['DB_URL'],
    });
    expect(await variablesAt(place)).toEqual({ TOKEN: `${CANARY}-2`, NEW: CANARY });
  });

  test('the same content again is not a new version', async () => {
    const { version } = await pushed(place);
    expect(await pushed(place)).toEqual({ uri: place.uri, outcome: 'unchanged' });
    if (place.isVersioned) {
      const { versions } = await answers(['history', place.uri], place.env);
      expect(versions).toMatchObject([{ version, isCurrent: true }]);
    }
  });

  test('text for people', async () => {
    const { uri, seal, env, sealing } = place;
    const text = await does(['push', ...seal, '-', uri], env, FILE);
    const [, key] = /sealed by \S+ \((.*)\)/.exec(text) ?? [];
    expect(key).toContain(place.key);
    expect(text.replace(/ as version [^,]+/, '').replace(` (${key})`, '')).toBe(
      `${uri}: stored, sealed by ${sealing}\n  added    DB_URL, TOKEN\n`,
    );
    expect(await does(['push', ...seal, '-', uri], env, FILE)).toBe(`${uri}: unchanged\n`);
  });

  test('a SOPS file for several keys', async () => {
    const { uri } = place;
    const env = envFor(clouds, ['aws', 'google', 'age']);
    const keys = ['--seal', 'sops', '--age', AGE_KEY.key, '--kms-key', kmsKeyArn()];
    const answer = await answers(['push', ...keys, '-', uri], env, FILE);
    expect(answer).toMatchObject({ sealing: 'sops', kmsKeys: [kmsKeyArn(), AGE_KEY.key] });
    expect(await variablesAt({ uri, env: envFor(clouds, ['age', ...needsOf(scheme)]) })).toEqual(
      variablesOf(FILE),
    );
    const { SOPS_AGE_KEY: _, ...withoutAge } = env;
    expect(await variablesAt({ uri, env: withoutAge })).toEqual(variablesOf(FILE));
    // Sealed so, it stays so.
    const next = await answers(['push', '-', uri], env, `${FILE}NEW=${CANARY}\n`);
    expect(next).toMatchObject({ sealing: 'sops', kmsKeys: [kmsKeyArn(), AGE_KEY.key], added: ['NEW'] });
  });

  test('JSON stays JSON', async () => {
    const text = `{"A": "${CANARY}", "PORT": 8080}`;
    await pushed(place, text);
    expect(await variablesAt(place)).toEqual({ A: CANARY, PORT: '8080' });
  });

  test('an existing file that is not an env file is not replaced without --force', async () => {
    const { seal, env } = place;
    const uri = await put(clouds, scheme, 'broken', `${CANARY} no assignment\n`);
    const args = ['push', ...seal, '-', uri];
    expect(await refuses(args, env, FILE)).toEqual({
      status: 65,
      stderr: expect.stringContaining('--force'),
    });
    await does([...args, '--force'], env, FILE);
    expect(await variablesAt({ uri, env })).toEqual(variablesOf(FILE));
  });
});

function needsOf(scheme: keyof typeof STORES) {
  return STORES[scheme].needs;
}

/** Requests that would store something; a custom endpoint is tried beside the file. */
async function stored() {
  const requests = await clouds.s3.requests();
  return requests.filter(({ method, subject }) => method === 'PUT' && subject === 'snacks/env');
}

describe('on S3', () => {
  let place: Place;
  beforeEach(async () => {
    place = await placeIn(clouds, 's3');
  });

  test('one conditional PUT with key, bucket key and checksum', async () => {
    await pushed(place);
    const puts = await stored();
    expect(puts).toHaveLength(1);
    expect(puts[0]?.headers).toMatchObject({
      'if-none-match': '*',
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': kmsKeyArn(),
      'x-amz-server-side-encryption-bucket-key-enabled': 'true',
    });
    const checksum = Object.keys(puts[0]?.headers ?? {}).filter((name) => name.startsWith('x-amz-checksum-'));
    expect(checksum).toHaveLength(1);
  });

  test('another key seals it anew, though the content is the same', async () => {
    await pushed(place);
    const other = managedKeyArn('us-east-1');
    const answer = await answers(['push', '--kms-key', other, '-', place.uri], place.env, FILE);
    expect(answer).toMatchObject({
      outcome: 'stored',
      kmsKeys: [other],
      added: [],
      changed: [],
      removed: [],
    });
  });

  test('without a key, the one that the bucket seals with', async () => {
    const key = managedKeyArn('us-east-1');
    await clouds.s3.bucket('snacks', { encryption: { algorithm: 'aws:kms', keyId: key } });
    expect(await answers(['push', '-', place.uri], place.env, FILE)).toMatchObject({ kmsKeys: [key] });
  });

  test("without a key and where the bucket has none, the account's own", async () => {
    await does(['push', '-', place.uri], place.env, FILE);
    expect(await variablesAt(place)).toEqual(variablesOf(FILE));
  });

  test('metadata, content type and tags of the object stay', async () => {
    await clouds.s3.put('snacks', 'env', `A=${CANARY}\n`, {
      sse: 'aws:kms',
      kmsKeyId: kmsKeyArn(),
      metadata: { team: 'snacks' },
    });
    await pushed(place);
    const put = (await clouds.s3.requests()).findLast(({ method }) => method === 'PUT');
    expect(put?.headers).toMatchObject({ 'x-amz-meta-team': 'snacks' });
  });

  test.each([
    ['public', { policy: 'public' }, 78, 'is public'],
    ['without versions', { versioning: 'Off' }, 0, 'keeps no older versions'],
  ] as const)('a bucket that is %s', async (_, settings, status, text) => {
    await clouds.s3.bucket('snacks', settings as object);
    expect(await refuses(['push', ...place.seal, '-', place.uri], place.env, FILE)).toEqual({
      status,
      stderr: expect.stringContaining(text),
    });
  });

  test('--require-versioning refuses a bucket without', async () => {
    await clouds.s3.bucket('snacks', { versioning: 'Off' });
    const args = ['push', '--require-versioning', ...place.seal, '-', place.uri];
    expect(await refuses(args, place.env, FILE)).toMatchObject({ status: 78 });
    expect(await stored()).toEqual([]);
  });

  test('a bucket that the credentials cannot inspect gives a warning', async () => {
    const allow = [{ actions: ['s3:GetObject', 's3:PutObject', 's3:ListBucket', 'kms:*'], resources: ['*'] }];
    await clouds.s3.accessKey(accessKey('AKIDPUSHER', { allow }));
    const env = { ...place.env, AWS_ACCESS_KEY_ID: 'AKIDPUSHER' };
    const { status, stderr } = await envseal(['push', ...place.seal, '-', place.uri], { env, stdin: FILE });
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringMatching(/^envseal: warning: cannot check the bucket snacks .*\n$/),
    });
  });

  test('without s3:PutObject it is denied, and says so', async () => {
    const allow = [{ actions: ['s3:Get*', 's3:ListBucket'], resources: ['*'] }];
    await clouds.s3.accessKey(accessKey('AKIDPUSHER', { allow }));
    const env = { ...place.env, AWS_ACCESS_KEY_ID: 'AKIDPUSHER' };
    expect(await refuses(['push', ...place.seal, '-', place.uri], env, FILE)).toEqual({
      status: 77,
      stderr: expect.stringContaining('s3:PutObject'),
    });
  });

  test('without kms:GenerateDataKey it is denied, and says so', async () => {
    await clouds.s3.kmsKey({ arn: kmsKeyArn(), allow: { 'kms:GenerateDataKey': [] } });
    expect(await refuses(['push', ...place.seal, '-', place.uri], place.env, FILE)).toEqual({
      status: 77,
      stderr: expect.stringContaining('kms:GenerateDataKey'),
    });
  });

  test('a concurrent change: a conflict that names the version that won', async () => {
    await pushed(place);
    // The stored file has been read by the time the bucket's settings arrive.
    await clouds.s3.fault({ method: 'GET', match: '^snacks/$', delayMs: 2000 });
    const read = (await clouds.s3.requests()).filter(({ subject }) => subject === 'snacks/env').length;
    const slow = refuses(['push', ...place.seal, '-', place.uri], place.env, `A=${CANARY}\n`);
    await clouds.s3.seen('^snacks/env$', read + 1);
    const { versionId } = await clouds.s3.put('snacks', 'env', `B=${CANARY}\n`, {
      sse: 'aws:kms',
      kmsKeyId: kmsKeyArn(),
    });
    expect(await slow).toEqual({ status: 75, stderr: expect.stringContaining(versionId) });
    expect(await variablesAt(place)).toEqual({ B: CANARY });
  });
});

test('Google Cloud Storage: another key of Cloud KMS', async () => {
  const place = await placeIn(clouds, 'gs');
  await pushed(place);
  const answer = await answers(['push', '--kms-key', OTHER_CLOUD_KMS_KEY, '-', place.uri], place.env, FILE);
  expect(answer).toMatchObject({ outcome: 'stored', sealing: 'cmek' });
  expect(await variablesAt(place, ['--kms-key', OTHER_CLOUD_KMS_KEY])).toEqual(variablesOf(FILE));
});

test('a file that was sealed keeps its mode, and a new one is for its owner alone', async () => {
  const place = await placeIn(clouds, 'file');
  await pushed(place);
  expect(statSync(place.uri).mode & 0o777).toBe(0o600);
  expect(readFileSync(place.uri, 'utf8')).not.toContain(CANARY);
});

describe('what goes in', () => {
  const key = ['--age', AGE_KEY.key];

  test('a file by its path, also without ./', async () => {
    const cwd = folder({ 'app.env': FILE });
    const uri = join(cwd, 'app.env.sealed');
    const outcome = await envseal(['push', ...key, 'app.env', uri], { cwd });
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    expect(await variablesAt({ uri, env: envFor(clouds, ['age']) })).toEqual(variablesOf(FILE));
  });

  test('--only and --exclude choose', async () => {
    const place = await placeIn(clouds, 'file');
    const text = `A_1=${CANARY}\nA_2=${CANARY}\nB=${CANARY}\n`;
    const args = ['push', ...key, '--only', 'A_*', '--exclude', 'A_2', '-', place.uri];
    expect(await answers(args, place.env, text)).toMatchObject({ added: ['A_1'] });
  });

  test("--from-env takes variables of envseal's own environment", async () => {
    const place = await placeIn(clouds, 'file');
    const env = { ...place.env, APP_B: `${CANARY} "b"`, APP_A: CANARY, OTHER: CANARY };
    const answer = await answers(['push', ...key, '--from-env', 'APP_*', place.uri], env);
    expect(answer).toMatchObject({ added: ['APP_A', 'APP_B'] });
    expect(await variablesAt(place)).toEqual({ APP_A: CANARY, APP_B: `${CANARY} "b"` });
  });

  test('--from-env without a match stores nothing', async () => {
    const place = await placeIn(clouds, 'file');
    expect(await refuses(['push', ...key, '--from-env', 'NONE_*', place.uri], place.env)).toMatchObject({
      status: 66,
    });
  });

  test('the docker dialect, said by the file: URI', async () => {
    const path = join(folder({ 'docker.env': `A="${CANARY}"\n` }), 'docker.env');
    const place = await placeIn(clouds, 's3');
    const args = ['push', '--seal', 'sops', ...key, `file://${path}?dialect=docker`, place.uri];
    expect(await refuses(args, envFor(clouds, ['aws']))).toMatchObject({ status: 0 });
    expect(await variablesAt({ uri: place.uri, env: envFor(clouds, ['aws', 'age']) })).toEqual({
      A: `"${CANARY}"`,
    });
  });

  test('what is sealed already is for copy', async () => {
    const place = await placeIn(clouds, 'file');
    await pushed(place);
    const other = await placeIn(clouds, 'file');
    expect(await refuses(['push', ...key, place.uri, other.uri], place.env)).toEqual({
      status: 64,
      stderr: expect.stringContaining('envseal copy'),
    });
  });
});

describe('--check', () => {
  const check = async (text: string, args: readonly string[] = []) => {
    const path = join(folder({ 'app.env': text }), 'app.env');
    const { status, stderr } = await refuses(['push', '--check', ...args, path], {});
    return { status, lines: stderr.replaceAll(path, 'app.env').split('\n').slice(0, -1) };
  };

  test('a good file: nothing is asked of any store', async () => {
    expect(await check(FILE)).toEqual({ status: 0, lines: [] });
  });

  test.each([
    ['a duplicate', `A=${CANARY}\nA=${CANARY}2\n`, 65, 'duplicate'],
    ['a name that loads code', `LD_PRELOAD=${CANARY}.so\n`, 65, 'loader-name'],
    ['no assignment', `A=${CANARY}\n${CANARY} x\n`, 65, 'syntax'],
    ['a quote that is not closed', `A="${CANARY}\n`, 65, 'syntax'],
    ['a value that no environment holds', `A=${CANARY.repeat(30_000)}\n`, 65, 'too-large'],
    ['a name of our own', `ENVSEAL_SOURCE=${CANARY}\n`, 65, 'reserved-name'],
  ])('%s is an error', async (_, text, status, rule) => {
    const result = await check(text);
    expect(result.status).toBe(status);
    expect(result.lines[0]).toMatch(new RegExp(`^app\\.env(:\\d+)?: error: .*\\[${rule}\\]$`));
  });

  test.each([
    ['a placeholder', 'TOKEN=changeme\n', 'placeholder'],
    ['white space at the end of a value', `A="${CANARY} "\n`, 'white-space'],
  ])('%s is a warning', async (_, text, rule) => {
    expect(await check(text)).toEqual({
      status: 0,
      lines: [expect.stringMatching(new RegExp(`^app\\.env:1: warning: .*\\[${rule}\\]$`))],
    });
    expect(await check(text, ['--fail-on-warnings'])).toMatchObject({ status: 65 });
  });

  test.each([['nothing'], ['# nothing but a comment']])('%s is not a file to push', async (text) => {
    const place = await placeIn(clouds, 's3');
    await pushed(place);
    expect(
      await refuses(['push', ...place.seal, '-', place.uri], place.env, text === 'nothing' ? '' : text),
    ).toEqual({
      status: 65,
      stderr: expect.stringContaining('has no variables'),
    });
    expect(await variablesAt(place)).toEqual(variablesOf(FILE));
  });

  test('with --json, what was found is in the answer', async () => {
    const path = join(folder({ 'app.env': `A=${CANARY}\nA=changeme\n` }), 'app.env');
    const { status, stdout, stderr } = await envseal(['push', '--check', '--json', path], {});
    expect(status).toBe(65);
    expect(stderr.split('\n')).toHaveLength(3);
    expect(JSON.parse(stdout)).toEqual({
      uri: path,
      outcome: 'refused',
      findings: [
        { rule: 'duplicate', severity: 'error', line: 2, name: 'A', message: expect.any(String) },
        { rule: 'placeholder', severity: 'warning', line: 2, name: 'A', message: expect.any(String) },
      ],
    });
  });

  test('errors keep a file from being stored', async () => {
    const place = await placeIn(clouds, 's3');
    const args = ['push', ...place.seal, '-', place.uri];
    expect(await refuses(args, place.env, `A=${CANARY}\nA=${CANARY}\n`)).toMatchObject({ status: 65 });
    expect(await stored()).toEqual([]);
  });
});

describe('what does not go together', () => {
  test.each([
    [['push', '-'], 'too few arguments'],
    [['push', 'a', './b', 'c'], 'too many arguments'],
    [['push', '--seal', 'cmek', '-', 's3://snacks/env'], 'cannot be sealed with --seal cmek'],
    [['push', '--seal', 'sse-kms', '-', './x'], 'cannot be sealed with --seal sse-kms'],
    [
      ['push', '--seal', 'sse-kms', '--age', 'age1x', '-', 's3://snacks/env'],
      '--age cannot be combined with --seal sse-kms',
    ],
    [['push', '--seal', 'sops', '-', './x'], 'no key to seal with'],
    [['push', '--seal', 'rot13', '-', './x'], 'must be one of sse-kms, cmek, sops, none'],
    [['push', '-', 's3://snacks/env?versionId=1'], 'names a version'],
    [['push', '-', 's3://snacks/'], 'is a folder'],
  ])('%s', async (args, text) => {
    const cwd = folder();
    writeFileSync(join(cwd, 'a'), 'A=1\n');
    const env = envFor(clouds, ['aws']);
    const { status, stderr } = await envseal(args, { env, cwd, stdin: FILE });
    expect({ status, stderr }).toEqual({ status: 64, stderr: expect.stringContaining(text) });
  });

  test('--seal none needs --allow-unsealed', async () => {
    const place = await placeIn(clouds, 'file');
    const args = ['push', '--seal', 'none', '-', place.uri];
    expect(await refuses(args, place.env, FILE)).toMatchObject({ status: 65 });
    await does([...args, '--allow-unsealed'], place.env, FILE);
    expect(readFileSync(place.uri, 'utf8')).toBe(FILE);
  });
});
