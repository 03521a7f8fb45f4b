/** `envseal rollback`, `copy` and `rotate`: the same values at another version, place or key. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { B, identities } from '../../sealing/sops/age-keys.ts';
import {
  ACCESS_KEY_ID,
  kmsKeyArn,
  managedKeyArn,
  OTHER_CLOUD_KMS_KEY,
  SECRET_ACCESS_KEY,
} from '../../servers/start.ts';
import { folder } from '../folder.ts';
import {
  AWS_KEY,
  type Clouds,
  ENV_FILE,
  encryptWithAws,
  put,
  sopsFile,
  startClouds,
  VARIABLES,
} from '../sealed.ts';
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
  variablesAt,
  variablesOf,
} from './places.ts';

let clouds: Clouds;

beforeAll(async () => {
  clouds = await startClouds();
});
afterAll(() => clouds.stop());
beforeEach(() => clouds.reset());

describe.each(['s3', 'gs'] as const)('rollback at %s', (scheme) => {
  let place: Place;
  let first: string;
  beforeEach(async () => {
    place = await placeIn(clouds, scheme);
    first = String((await pushed(place)).version);
    await pushed(place, `TOKEN=${CANARY}-2\n`);
  });

  test('an older version becomes the newest, sealed as it was, and nothing is deleted', async () => {
    const { uri, env, key } = place;
    const answer = await answers(['rollback', uri, first], env);
    expect(answer).toMatchObject({ outcome: 'stored', added: ['DB_URL'], changed: ['TOKEN'], removed: [] });
    expect(await variablesAt(place, ['--kms-key', key])).toEqual(variablesOf(FILE));
    const { versions } = (await answers(['history', uri], env)) as { versions: unknown[] };
    expect(versions).toHaveLength(3);
  });

  test('to the version that is current changes nothing', async () => {
    const { version } = await answers(['list', place.uri], place.env);
    expect(await answers(['rollback', place.uri, String(version)], place.env)).toMatchObject({
      outcome: 'unchanged',
    });
  });

  test('to a version that is not there', async () => {
    const other = scheme === 's3' ? 'x'.repeat(32) : '1';
    expect(await refuses(['rollback', place.uri, other], place.env)).toMatchObject({ status: 66 });
    expect(await variablesAt(place)).toEqual({ TOKEN: `${CANARY}-2` });
  });

  test('from a broken current version', async () => {
    const { uri, env } = place;
    await put(clouds, scheme, 'env', `${CANARY} no assignment\n`);
    await does(['rollback', uri, first], env);
    expect(await variablesAt(place)).toEqual(variablesOf(FILE));
  });

  test('to a version that a start would refuse', async () => {
    const other = scheme === 's3' ? managedKeyArn('us-east-1') : OTHER_CLOUD_KMS_KEY;
    expect(await refuses(['rollback', '--kms-key', other, place.uri, first], place.env)).toMatchObject({
      status: 65,
    });
  });
});

test('files have no versions to go back to', async () => {
  const place = await placeIn(clouds, 'file');
  await pushed(place);
  expect(await refuses(['rollback', place.uri, '1'], place.env)).toEqual({
    status: 78,
    stderr: expect.stringContaining('git'),
  });
});

describe.each(SCHEMES)('copy from %s', (from) => {
  test.each(SCHEMES)('to %s: sealed for that place, and its values the same', async (to) => {
    const [source, target] = [await placeIn(clouds, from, 'dev'), await placeIn(clouds, to, 'prod')];
    await pushed(source);
    const env = { ...source.env, ...target.env };
    const answer = await answers(['copy', ...target.seal, source.uri, target.uri], env);
    expect(answer).toMatchObject({ sealing: target.sealing, added: ['DB_URL', 'TOKEN'] });
    expect(await variablesAt(target, ['--kms-key', target.key])).toEqual(variablesOf(FILE));
    expect(await answers(['copy', ...target.seal, source.uri, target.uri], env)).toMatchObject({
      outcome: 'unchanged',
    });
  });
});

test('a plain copy keeps comments byte for byte', async () => {
  const [source, target] = [await placeIn(clouds, 's3', 'dev'), await placeIn(clouds, 's3', 'prod')];
  await pushed(source);
  await does(['copy', ...target.seal, source.uri, target.uri], target.env);
  const path = join(folder(), 'out');
  await does(['get', '--out', path, target.uri], target.env);
  expect(readFileSync(path, 'utf8')).toBe(FILE);
});

test('a SOPS file under AWS KMS is bound to its place: its bytes do not open elsewhere, a copy does', async () => {
  const [dev, prod] = [await placeIn(clouds, 's3', 'dev'), await placeIn(clouds, 's3', 'prod')];
  const seal = ['--seal', 'sops', '--kms-key', kmsKeyArn()];
  const path = join(folder(), 'dev');
  await does(['push', ...seal, '-', dev.uri], dev.env, FILE);
  await clouds.s3.put('snacks', 'stolen', await bytesOf('dev'), { sse: 'AES256' });
  expect(await refuses(['list', 's3://snacks/stolen'], dev.env)).toEqual({
    status: 65,
    stderr: expect.stringContaining('s3://snacks/dev'),
  });
  await does(['copy', ...seal, dev.uri, prod.uri], dev.env);
  expect(await variablesAt(prod)).toEqual(variablesOf(FILE));
  // A file is moved about, so it is bound to none.
  await does(['copy', ...seal, dev.uri, path], dev.env);
  expect(await variablesAt({ uri: path, env: dev.env })).toEqual(variablesOf(FILE));
});

/** As they lie in the bucket, fetched without envseal. */
async function bytesOf(key: string): Promise<Uint8Array> {
  const client = new S3Client({
    region: 'us-east-1',
    endpoint: clouds.s3.url,
    forcePathStyle: true,
    credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY },
  });
  const { Body } = await client.send(new GetObjectCommand({ Bucket: 'snacks', Key: key }));
  const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
  client.destroy();
  return bytes;
}

test('a KMS ciphertext becomes a file that can be changed', async () => {
  const uri = await put(clouds, 's3', 'legacy', await encryptWithAws(clouds, ENV_FILE));
  const target = await placeIn(clouds, 's3', 'new');
  expect(await refuses(['set', uri, 'A'], target.env, CANARY)).toEqual({
    status: 78,
    stderr: expect.stringContaining('envseal copy'),
  });
  await does(['copy', ...target.seal, uri, target.uri], target.env);
  expect(await variablesAt(target)).toEqual(VARIABLES);
  await does(['set', target.uri, 'A'], target.env, CANARY);
});

describe('rotate', () => {
  test.each(SCHEMES)('%s: the values stay, and other keys open it', async (scheme) => {
    const place = await placeIn(clouds, scheme);
    await pushed(place);
    const [args, key] = NEW_KEY[scheme];
    const answer = await answers(['rotate', ...args, place.uri], place.env);
    expect(answer.files).toMatchObject([
      { uri: place.uri, outcome: 'rotated', kmsKeys: [expect.stringContaining(key)] },
    ]);
    const env = scheme === 'file' ? { ...place.env, SOPS_AGE_KEY: NEW_IDENTITY } : place.env;
    expect(await variablesAt({ uri: place.uri, env }, ['--kms-key', key])).toEqual(variablesOf(FILE));
    if (scheme === 'file') return;
    expect(await answers(['rotate', ...args, place.uri], place.env)).toMatchObject({
      files: [{ outcome: 'left alone' }],
    });
  });

  test.each(SCHEMES)('%s: without other keys, a new data key for the same ones', async (scheme) => {
    const place = await placeIn(clouds, scheme);
    await pushed(place);
    const before = scheme === 'file' ? readFileSync(place.uri, 'utf8') : '';
    expect(await answers(['rotate', place.uri], place.env)).toMatchObject({
      files: [{ outcome: 'rotated' }],
    });
    expect(await variablesAt(place, ['--kms-key', place.key])).toEqual(variablesOf(FILE));
    if (scheme !== 'file') return;
    const after = readFileSync(place.uri, 'utf8').split('\n');
    const kept = before.split('\n').filter((line) => line !== '' && after.includes(line));
    // Comments aside, which keys and which rules are all that stays.
    expect(kept.filter((line) => /ENC\[|_enc=/.test(line))).toEqual([]);
  });

  test('a folder: a table, and what fails does not stop the others', async () => {
    const place = await placeIn(clouds, 's3', 'team/a');
    await pushed(place);
    await put(clouds, 's3', 'team/b', `${CANARY} broken\n`);
    await clouds.s3.put('snacks', 'team/c', (await sopsFile(clouds, [AWS_KEY])).bytes, { sse: 'AES256' });
    const other = managedKeyArn('us-east-1');
    await clouds.kms.kmsKey({ arn: other });
    const { status, stderr } = await refuses(['rotate', '--kms-key', other, 's3://snacks/team/'], place.env);
    expect(status).toBe(65);
    expect(stderr).toContain('1 of 3 files were not rotated');
    expect(await variablesAt(place, ['--kms-key', other])).toEqual(variablesOf(FILE));
    expect(await variablesAt({ uri: 's3://snacks/team/c', env: place.env }, ['--kms-key', other])).toEqual(
      VARIABLES,
    );
  });

  test('--from-kms-key: a file sealed with another key is not sealed anew under a trusted key', async () => {
    const place = await placeIn(clouds, 's3');
    const planted = managedKeyArn('us-east-1');
    await does(['push', '--kms-key', planted, '-', place.uri], place.env, FILE);
    const from = ['--from-kms-key', kmsKeyArn()];
    const args = ['rotate', ...from, '--kms-key', kmsKeyArn(), place.uri];
    expect(await refuses(args, place.env)).toEqual({
      status: 65,
      stderr: expect.stringContaining('not pinned'),
    });
    const target = await placeIn(clouds, 's3', 'prod');
    const copy = ['copy', ...from, ...target.seal, place.uri, target.uri];
    expect(await refuses(copy, place.env)).toMatchObject({ status: 65 });
    expect(await refuses(['list', target.uri], place.env)).toMatchObject({ status: 66 });
  });

  test('with --event-policy required and a dead sink, what was rotated is said to be', async () => {
    const place = await placeIn(clouds, 'file');
    await pushed(place);
    const required = ['--event-sink', 'http://127.0.0.1:9/', '--event-policy', 'required'];
    const env = { ...place.env, ENVSEAL_WEBHOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' };
    const { status, stderr } = await refuses(['rotate', ...required, place.uri], env);
    expect(status).toBe(69);
    expect(stderr).toContain('was changed, but its event was not delivered');
    expect(stderr).not.toContain('were not rotated');
  });

  test('--dry-run says what is due', async () => {
    const place = await placeIn(clouds, 's3');
    await pushed(place);
    const args = ['rotate', '--dry-run', '--kms-key', managedKeyArn('us-east-1'), place.uri];
    expect(await answers(args, place.env)).toMatchObject({ files: [{ outcome: 'would rotate' }] });
    expect(await variablesAt(place, ['--kms-key', place.key])).toEqual(variablesOf(FILE));
  });

  test('--before goes on where another run was interrupted', async () => {
    const place = await placeIn(clouds, 'file');
    await pushed(place);
    const args = ['rotate', '--before', '2020-01-01T00:00:00Z', place.uri];
    expect(await answers(args, place.env)).toMatchObject({ files: [{ outcome: 'left alone' }] });
    expect(await refuses(['rotate', '--before', 'yesterday', place.uri], place.env)).toMatchObject({
      status: 64,
    });
  });
});

const NEW_IDENTITY = identities[1] as string;
const NEW_KEY = {
  s3: [['--kms-key', managedKeyArn('us-east-1')], managedKeyArn('us-east-1')],
  gs: [['--kms-key', OTHER_CLOUD_KMS_KEY], OTHER_CLOUD_KMS_KEY],
  file: [['--age', B], B],
} as const;
