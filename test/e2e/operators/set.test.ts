/** `envseal set` and `unset`: one variable at a time, everything else byte for byte, and no change lost. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { folder } from '../folder.ts';
import { envseal } from '../program.ts';
import { type Clouds, startClouds } from '../sealed.ts';
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

describe.each(SCHEMES)('at %s', (scheme) => {
  let place: Place;
  beforeEach(async () => {
    place = await placeIn(clouds, scheme);
    await pushed(place);
  });

  test('a value from stdin, without the line feed that echo adds', async () => {
    const answer = await answers(['set', place.uri, 'TOKEN'], place.env, `${CANARY} new\n`);
    expect(answer).toMatchObject({ outcome: 'stored', added: [], changed: ['TOKEN'], removed: [] });
    expect(await variablesAt(place)).toEqual({ ...variablesOf(FILE), TOKEN: `${CANARY} new` });
  });

  test('a value from a file, of several lines', async () => {
    const file = join(folder({ value: `${CANARY}\n'two'\n\n` }), 'value');
    await does(['set', '--file', file, place.uri, 'CERT'], place.env);
    expect(await variablesAt(place)).toMatchObject({ CERT: `${CANARY}\n'two'\n` });
  });

  test('the value that is there already is not a new version', async () => {
    const answer = await answers(['set', place.uri, 'TOKEN'], place.env, `${CANARY} #1`);
    expect(answer).toEqual({ uri: place.uri, outcome: 'unchanged' });
  });

  test('unset removes', async () => {
    const answer = await answers(['unset', place.uri, 'TOKEN', 'DB_URL'], place.env);
    expect(answer).toMatchObject({ removed: ['DB_URL', 'TOKEN'] });
    expect(await variablesAt(place)).toEqual({});
  });

  test('unset of what is not there changes nothing', async () => {
    expect(await refuses(['unset', place.uri, 'TOKEN', 'NO_SUCH'], place.env)).toEqual({
      status: 66,
      stderr: expect.stringContaining('NO_SUCH'),
    });
    expect(await variablesAt(place)).toEqual(variablesOf(FILE));
  });

  test('of 20 writers at once, each change is in the result', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `N_${i}`);
    const outcomes = await Promise.all(
      names.map((name) => envseal(['set', place.uri, name], { env: place.env, stdin: `${CANARY} ${name}` })),
    );
    expect(outcomes.map(({ status, stderr }) => ({ status, stderr }))).toEqual(
      names.map(() => ({ status: 0, stderr: '' })),
    );
    const expected = Object.fromEntries(names.map((name) => [name, `${CANARY} ${name}`]));
    expect(await variablesAt(place)).toEqual({ ...variablesOf(FILE), ...expected });
  });
});

test('comments, order and blank lines stay byte for byte', async () => {
  const place = await placeIn(clouds, 's3');
  const text = `\ufeff# first ${CANARY}\r\n\r\nexport A = "${CANARY}"   # behind\r\n\tB='${CANARY}'\r\n# last`;
  await pushed(place, text);
  await does(['set', place.uri, 'A'], place.env, `${CANARY}2`);
  await does(['set', place.uri, 'C'], place.env, CANARY);
  await does(['unset', place.uri, 'B'], place.env);
  const path = join(folder(), 'out');
  await does(['get', '--out', path, place.uri], place.env);
  expect(readFileSync(path, 'utf8')).toBe(
    `\ufeff# first ${CANARY}\r\n\r\nexport A = ${CANARY}2   # behind\r\n# last\r\nC=${CANARY}\r\n`,
  );
});

describe('values are not accepted on the command line', () => {
  test.each([
    ['as a word', ['TOKEN', CANARY]],
    ['behind a =', [`TOKEN=${CANARY}`]],
  ])('%s', async (_, words) => {
    const { status, stderr } = await refuses(['set', 's3://snacks/env', ...words], {});
    expect(status).toBe(64);
    expect(stderr).toContain('your shell history keeps it');
  });
});

test.each([
  ['not UTF-8', Buffer.from([0xff, 0xfe]).toString('latin1'), 'is not UTF-8'],
  ['with a NUL', `${CANARY}\0`, 'contains a NUL'],
])('a value that is %s', async (_, value, text) => {
  const place = await placeIn(clouds, 'file');
  const file = join(folder({ value: Buffer.from(value, 'latin1') }), 'value');
  await pushed(place);
  expect(await refuses(['set', '--file', file, place.uri, 'A'], place.env)).toEqual({
    status: 65,
    stderr: expect.stringContaining(text),
  });
});

test('an empty stdin is not a value, and an empty line is the empty value', async () => {
  const place = await placeIn(clouds, 'file');
  await pushed(place);
  expect(await refuses(['set', place.uri, 'TOKEN'], place.env)).toMatchObject({ status: 64 });
  expect(await variablesAt(place)).toEqual(variablesOf(FILE));
  await does(['set', place.uri, 'TOKEN'], place.env, '\n');
  expect(await variablesAt(place)).toEqual({ ...variablesOf(FILE), TOKEN: '' });
});

test('a name that loads code needs --allow-name', async () => {
  const place = await placeIn(clouds, 'file');
  await pushed(place);
  expect(await refuses(['set', place.uri, 'LD_PRELOAD'], place.env, CANARY)).toMatchObject({ status: 65 });
  await does(['set', '--allow-name', 'LD_PRELOAD', place.uri, 'LD_PRELOAD'], place.env, CANARY);
});

test('a file that is not there', async () => {
  const place = await placeIn(clouds, 's3');
  expect(await refuses(['set', place.uri, 'A'], place.env, CANARY)).toMatchObject({ status: 66 });
});

test('a file that is sealed with a key other than the pinned one is not changed', async () => {
  const place = await placeIn(clouds, 's3');
  await pushed(place);
  const other = ['--kms-key', 'arn:aws:kms:us-east-1:111122223333:key/other'];
  expect(await refuses(['set', ...other, place.uri, 'A'], place.env, CANARY)).toMatchObject({ status: 65 });
});
