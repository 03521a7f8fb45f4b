/** `envseal list`, `get`, `diff` and `history`: what is there, without a value but for those who ask for one. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { kmsKeyArn } from '../../servers/start.ts';
import { folder } from '../folder.ts';
import { envseal } from '../program.ts';
import { type Clouds, envFor, put, SEALINGS, startClouds } from '../sealed.ts';
import { CANARY } from '../transcript.ts';
import { answers, does, FILE, type Place, placeIn, pushed, refuses, SCHEMES, variablesOf } from './places.ts';

let clouds: Clouds;

beforeAll(async () => {
  clouds = await startClouds();
});
afterAll(() => clouds.stop());
beforeEach(() => clouds.reset());

describe.each(SCHEMES)('at %s', (scheme) => {
  let place: Place;
  beforeEach(async () => {
    place = await placeIn(clouds, scheme);
    await pushed(place);
  });

  test('list of a file: its names and how it is sealed', async () => {
    const { uri, env, sealing, key } = place;
    expect(await answers(['list', uri], env)).toEqual({
      uri,
      sealing,
      kmsKeys: [expect.stringContaining(key)],
      version: place.isVersioned ? expect.any(String) : null,
      modified: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T/),
      size: expect.any(Number),
      names: ['DB_URL', 'TOKEN'],
    });
    expect(await does(['list', uri], env)).toMatch(/^\S+: sealed by .*\n {2}DB_URL\n {2}TOKEN\n$/);
  });

  test('list of a folder: its files, in order', async () => {
    const { uri, env, sealing } = place;
    const parent = uri.slice(0, uri.lastIndexOf('/') + 1);
    await does(['push', ...place.seal, '-', `${parent}other`], env, FILE);
    const { files } = await answers(['list', parent], env);
    expect(files).toMatchObject([
      { uri, sealing, kmsKeys: [expect.stringContaining(place.key)] },
      { uri: `${parent}other`, sealing },
    ]);
    const [head, ...lines] = (await does(['list', parent], env)).split('\n');
    expect(head).toMatch(/^file +size +sealing +key +version +age/);
    expect(lines[0]).toContain(uri);
  });

  test('get refuses a pipe', async () => {
    const { status, stdout, stderr } = await envseal(['get', place.uri, 'TOKEN'], { env: place.env });
    expect({ status, stdout }).toEqual({ status: 64, stdout: '' });
    expect(stderr).toContain('--out FILE');
  });

  test('get --out: a file for its owner alone, never over another', async () => {
    const path = join(folder(), 'value');
    await does(['get', '--out', path, place.uri, 'TOKEN'], place.env);
    expect(readFileSync(path, 'utf8')).toBe(`${CANARY} #1`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await refuses(['get', '--out', path, place.uri, 'TOKEN'], place.env)).toMatchObject({
      status: 78,
    });
  });

  test('get --out without a name: the whole file', async () => {
    const path = join(folder(), 'app.env');
    await does(['get', '--out', path, place.uri], place.env);
    expect(variablesOf(readFileSync(path, 'utf8'))).toEqual(variablesOf(FILE));
  });

  test('get of what is not there makes no file', async () => {
    const path = join(folder(), 'value');
    expect(await refuses(['get', '--out', path, place.uri, 'NO_SUCH'], place.env)).toMatchObject({
      status: 66,
    });
    expect(existsSync(path)).toBe(false);
  });

  test('diff: names only, against a plain file of this disk', async () => {
    const path = join(folder({ 'app.env': `TOKEN=${CANARY}-2\nNEW=${CANARY}\n` }), 'app.env');
    const { uri, env } = place;
    expect(await answers(['diff', uri, path], env)).toEqual({
      before: uri,
      after: path,
      isSame: false,
      added: ['NEW'],
      changed: ['TOKEN'],
      removed: ['DB_URL'],
    });
    expect(await does(['diff', uri, path], env)).toBe(
      '  added    NEW\n  changed  TOKEN\n  removed  DB_URL\n',
    );
    expect(await does(['diff', uri, uri], env)).toBe('no differences\n');
    expect(await refuses(['diff', '--exit-code', uri, path], env)).toEqual({ status: 1, stderr: '' });
    expect(await refuses(['diff', '--exit-code', uri, uri], env)).toEqual({ status: 0, stderr: '' });
    expect(await refuses(['diff', '--values', uri, path], env)).toMatchObject({ status: 64 });
  });

  test('history: newest first, and with what is current', async () => {
    const { uri, env, isVersioned } = place;
    if (!isVersioned) {
      expect(await refuses(['history', uri], env)).toEqual({
        status: 78,
        stderr: expect.stringContaining('git'),
      });
      return;
    }
    const first = (await answers(['list', uri], env)).version;
    const { version } = await pushed(place, `A=${CANARY}\n`);
    const { versions } = await answers(['history', uri], env);
    expect(versions).toMatchObject([
      { version, isCurrent: true, isDeletion: false },
      { version: first, isCurrent: false, isDeletion: false },
    ]);
    expect(await does(['history', uri], env)).toMatch(/^version +time +age +size\n.*current\n/);
  });

  test('a file that is not there', async () => {
    const { uri, env } = place;
    for (const args of [['list'], ['get', '--out', join(folder(), 'x')]]) {
      expect(await refuses([...args, `${uri}-no-such`], env)).toMatchObject({ status: 66 });
    }
  });
});

describe.each(SEALINGS)('a file that is sealed as %s', (_, make) => {
  test('is listed, and its sealing is detected in a folder without opening it', async () => {
    const sealed = await make(clouds, 'env');
    const uri = await put(clouds, 's3', 'env', sealed.bytes);
    const env = envFor(clouds, ['aws', ...sealed.needs]);
    const { names, sealing } = await answers(['list', ...sealed.args, uri], env);
    expect(names).toEqual(['DB_URL', 'MULTI', 'EMPTY']);
    const { files } = await answers(['list', 's3://snacks/'], envFor(clouds, ['aws']));
    expect(files).toMatchObject([{ uri: 's3://snacks/env', sealing }]);
  });
});

test('list of 1,001 files: two pages of the listing and one look at each', async () => {
  await Promise.all(
    Array.from({ length: 1001 }, (_, i) =>
      clouds.s3.put('snacks', `many/${String(i).padStart(4, '0')}`, `A=${CANARY}\n`, {
        sse: 'aws:kms',
        kmsKeyId: kmsKeyArn(),
      }),
    ),
  );
  const { files } = (await answers(['list', 's3://snacks/many/'], envFor(clouds, ['aws']))) as {
    files: { uri: string; kmsKeys: string[] }[];
  };
  expect(files).toHaveLength(1001);
  expect(files[1000]).toMatchObject({ uri: 's3://snacks/many/1000', kmsKeys: [kmsKeyArn()] });
  const requests = await clouds.s3.requests();
  expect(requests.filter(({ method }) => method === 'GET')).toHaveLength(2);
  expect(requests.filter(({ method }) => method === 'HEAD')).toHaveLength(1001);
  expect(requests).toHaveLength(1003);
});

test('a policy that refuses a start refuses get, list and diff too', async () => {
  const uri = await put(clouds, 's3', 'plain', `A=${CANARY}\n`);
  const env = envFor(clouds, ['aws']);
  expect(await refuses(['list', uri], env)).toMatchObject({ status: 65 });
  expect(await refuses(['get', '--out', join(folder(), 'x'), uri], env)).toMatchObject({ status: 65 });
  expect(await refuses(['diff', uri, uri], env)).toMatchObject({ status: 65 });
  expect(await answers(['list', '--allow-unsealed', uri], env)).toMatchObject({
    sealing: 'none',
    names: ['A'],
  });
});
