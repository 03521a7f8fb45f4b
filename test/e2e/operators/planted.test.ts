/** Who can write a file must not get what operators put into it later, nor make them store what nothing opens. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { B } from '../../sealing/sops/age-keys.ts';
import { kmsKeyArn, managedKeyArn } from '../../servers/start.ts';
import { folder } from '../folder.ts';
import { AGE_KEY, type Clouds, envFor, startClouds } from '../sealed.ts';
import { CANARY } from '../transcript.ts';
import {
  answers,
  does,
  FILE,
  type Place,
  placeIn,
  pushed,
  refuses,
  variablesAt,
  variablesOf,
} from './places.ts';

let clouds: Clouds;
let place: Place;

beforeAll(async () => {
  clouds = await startClouds();
});
afterAll(() => clouds.stop());
beforeEach(async () => {
  await clouds.reset();
  place = await placeIn(clouds, 'file');
  await pushed(place);
});

function rewrite(change: (text: string) => string): void {
  const text = readFileSync(place.uri, 'utf8');
  const changed = change(text);
  expect(changed).not.toBe(text);
  writeFileSync(place.uri, changed);
}

describe('another recipient, written into a SOPS file', () => {
  const plant = () =>
    rewrite((text) => {
      const lines = text.split('\n').filter((line) => line.startsWith('sops_age__list_0__'));
      const planted = lines.map((line) => line.replace('list_0', 'list_1').replace(AGE_KEY.key, B));
      return `${text}${planted.join('\n')}\n`;
    });

  test.each([['rotate'], ['copy']])('%s does not seal for it where the keys are pinned', async (command) => {
    plant();
    const target = command === 'copy' ? [`${place.uri}-copy`] : [];
    const args = [command, '--from-kms-key', AGE_KEY.key, place.uri, ...target];
    expect(await refuses(args, place.env)).toEqual({ status: 65, stderr: expect.stringContaining(B) });
  });

  test('push says for whom it seals', async () => {
    plant();
    expect(await does(['push', '-', place.uri], place.env, `${FILE}NEW=${CANARY}\n`)).toContain(B);
    await does(['push', '--age', AGE_KEY.key, '-', place.uri], place.env, `${FILE}NEWER=${CANARY}\n`);
    expect(readFileSync(place.uri, 'utf8')).not.toContain(B);
  });
});

test('a rule that leaves values plain gets none', async () => {
  rewrite((text) => text.replace(/^sops_unencrypted_suffix=.*$/m, 'sops_encrypted_regex=^(DB_URL|TOKEN)$'));
  expect(await refuses(['set', place.uri, 'SECRET'], place.env, CANARY)).toEqual({
    status: 65,
    stderr: expect.stringContaining('leaves SECRET in plain text'),
  });
  expect(readFileSync(place.uri, 'latin1')).not.toContain(CANARY);
  await does(['set', place.uri, 'TOKEN'], place.env, `${CANARY}-2`);
  await does(['set', '--allow-unsealed', place.uri, 'PUBLIC'], place.env, 'open');
  expect(readFileSync(place.uri, 'utf8')).toContain('PUBLIC=open\n');
});

describe('another dialect', () => {
  const text = `A="${CANARY} c"\nB=x # y\n`;
  const expected = { A: `"${CANARY} c"`, B: 'x # y' };

  test('of the file: it is written in that of the target', async () => {
    const s3 = await placeIn(clouds, 's3');
    const path = join(folder({ env: text }), 'env');
    // It warns of the quotes, which are a part of the value there.
    const args = ['push', ...s3.seal, `file://${path}?dialect=docker`, s3.uri];
    expect(await refuses(args, s3.env)).toMatchObject({ status: 0 });
    expect(await variablesAt(s3)).toEqual(expected);
    const copy = 's3://snacks/copy?dialect=docker';
    await does(['copy', ...s3.seal, s3.uri, copy], s3.env);
    expect(await variablesAt({ uri: copy, env: s3.env })).toEqual(expected);
    expect(await answers(['diff', s3.uri, copy], s3.env)).toMatchObject({ isSame: true });
  });

  test('that cannot hold a value is an error', async () => {
    const s3 = await placeIn(clouds, 's3');
    const args = ['push', ...s3.seal, '-', `${s3.uri}?dialect=docker`];
    expect(await refuses(args, s3.env, `A="${CANARY}\\ntwo"\n`)).toMatchObject({ status: 65 });
  });
});

describe('what no start would open is not stored', () => {
  test.each([
    ['a name of sops', 'sops_token', CANARY],
    ['lines of a SOPS file', 'FILE', `${CANARY}\nsops_version=3\nsops_mac=x`],
    ['what looks encrypted', 'X', 'ENC[AES256_GCM,data:x]'],
  ])('%s', async (_, name, value) => {
    const s3 = await placeIn(clouds, 's3');
    await pushed(s3);
    const { status } = await refuses(['set', s3.uri, name], s3.env, value);
    const names = (await answers(['list', s3.uri], s3.env)).names as string[];
    // Refused, or stored so that it can be opened.
    expect([status, names.includes(name)]).toEqual(status === 0 ? [0, true] : [65, false]);
    expect(await variablesAt(s3)).toMatchObject(variablesOf(FILE));
  });

  test('a value over what the kernel takes', async () => {
    const args = ['set', place.uri, 'BIG'];
    expect(await refuses(args, place.env, CANARY.repeat(30_000))).toEqual({
      status: 65,
      stderr: expect.stringContaining('over the kernel'),
    });
  });
});

test('a store that seals with another key than it was asked for is found out', async () => {
  const s3 = await placeIn(clouds, 's3');
  const other = managedKeyArn('us-east-1');
  await clouds.s3.fault({
    method: 'PUT',
    match: '^snacks/env$',
    setHeaders: { 'x-amz-server-side-encryption-aws-kms-key-id': other },
  });
  expect(await refuses(['push', '--kms-key', kmsKeyArn(), '-', s3.uri], s3.env, FILE)).toEqual({
    status: 65,
    stderr: expect.stringContaining(other),
  });
});

test('rollback brings back the content, and not the key that was rotated', async () => {
  const s3 = await placeIn(clouds, 's3');
  const { version } = await pushed(s3);
  const next = managedKeyArn('us-east-1');
  await does(['rotate', '--kms-key', next, s3.uri], s3.env);
  await does(['push', '--kms-key', next, '-', s3.uri], s3.env, `A=${CANARY}\n`);
  await does(['rollback', s3.uri, String(version)], s3.env);
  expect(await variablesAt(s3, ['--kms-key', next])).toEqual(variablesOf(FILE));
});

test('rotate keeps what a key is bound to', async () => {
  const env = envFor(clouds, ['aws']);
  const path = join(folder(), 'env');
  const [key, next] = [kmsKeyArn(), managedKeyArn('us-east-1')];
  await clouds.kms.kmsKey({ arn: next });
  await does(
    ['push', '--seal', 'sops', '--kms-key', key, '--encryption-context', 'app=shop', '-', path],
    env,
    FILE,
  );
  await does(['rotate', '--kms-key', next, path], env);
  expect(readFileSync(path, 'utf8')).toContain('context__map_app=shop');
  expect(await variablesAt({ uri: path, env }, ['--kms-key', next])).toEqual(variablesOf(FILE));
});

test('copy opens what nothing seals only where that is allowed', async () => {
  await clouds.s3.put('snacks', 'plain', `A=${CANARY}\n`, { sse: 'AES256' });
  const s3 = await placeIn(clouds, 's3');
  const args = ['copy', ...s3.seal, 's3://snacks/plain', s3.uri];
  expect(await refuses(args, s3.env)).toMatchObject({ status: 65 });
  await does([...args, '--allow-unsealed'], s3.env);
  expect(await variablesAt(s3)).toEqual({ A: CANARY });
});

test('an object whose name no URI has does not hide the others', async () => {
  const gcs = await placeIn(clouds, 'gs');
  await pushed(gcs);
  await clouds.gcs.put('snacks', 'dir/..', `A=${CANARY}\n`, {});
  const { files } = await answers(['list', 'gs://snacks/'], gcs.env);
  expect(files).toHaveLength(2);
});
