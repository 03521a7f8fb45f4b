import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EnvsealError } from '../src/errors.ts';
import { locationOf, parseSource } from '../src/source-uri.ts';

const PLAIN = { format: undefined, dialect: 'dotenv', isOptional: false };
const S3 = { ...PLAIN, scheme: 's3', versionId: undefined, region: undefined, endpoint: undefined };
const FILE = { ...PLAIN, scheme: 'file' };
const ACCESS_POINT = 'arn:aws:s3:eu-west-1:123456789012:accesspoint/snacks';

describe('Cloud Storage', () => {
  test.each<[string, object]>([
    ['gs://snacks/dev/env', { object: 'dev/env' }],
    ['gs://snacks//env', { object: '/env' }],
    ['gs://snacks/a/../b', { object: 'a/../b' }],
    ['gs://snacks/%23%3F%2F..', { object: '#?/..' }],
    ['gs://snacks/env#1736943720000000', { object: 'env', generation: '1736943720000000' }],
    ['gs://snacks/env?format=json', { object: 'env', format: 'json' }],
    ['gs://snacks/env?format=kms#12', { object: 'env', format: 'kms', generation: '12' }],
    ['gs://snacks/env#12?format=berglas', { object: 'env', format: 'berglas', generation: '12' }],
  ])('%j', (uri, expected) => {
    expect(parseSource(uri)).toEqual({
      ...PLAIN,
      scheme: 'gs',
      bucket: 'snacks',
      generation: undefined,
      uri,
      ...expected,
    });
  });
});

test.each([
  ['s3://snacks/dev%2Fenv?versionId=1', 's3://snacks/dev/env'],
  ['arn:aws:s3:::snacks/dev/env', 's3://snacks/dev/env'],
  ['gs://snacks/dev/env#12', 'gs://snacks/dev/env'],
  ['file:///etc/env?format=json', 'file:///etc/env'],
  ['/etc/env', 'file:///etc/env'],
])('%j lies at %j', (uri, location) => {
  expect(locationOf(parseSource(uri))).toBe(location);
});

describe('S3', () => {
  test.each<[string, object]>([
    ['s3://snacks/dev/env', { bucket: 'snacks', key: 'dev/env' }],
    ['s3://snacks/env', { bucket: 'snacks', key: 'env' }],
    ['s3://s.n-a_C.k5/env', { bucket: 's.n-a_C.k5', key: 'env' }],
    ['s3://snacks//env', { bucket: 'snacks', key: '/env' }],
    ['s3://snacks/dev/', { bucket: 'snacks', key: 'dev/' }],
    ['s3://snacks/a b+c=d&e', { bucket: 'snacks', key: 'a b+c=d&e' }],
    ['s3://snacks/%20%25%3F%23%2F', { bucket: 'snacks', key: ' %?#/' }],
    ['s3://snacks/caf%C3%A9/é', { bucket: 'snacks', key: 'café/é' }],
    ['s3://snacks/mail@example.com', { bucket: 'snacks', key: 'mail@example.com' }],
    ['s3://snacks/a..b/.env', { bucket: 'snacks', key: 'a..b/.env' }],
    ['s3://snacks/a\nb', { bucket: 'snacks', key: 'a\nb' }],
    ['arn:aws:s3:::snacks/dev/env', { bucket: 'snacks', key: 'dev/env' }],
    ['arn:aws-us-gov:s3:::snacks/env', { bucket: 'snacks', key: 'env' }],
    [`${ACCESS_POINT}/dev/env`, { bucket: ACCESS_POINT, key: 'dev/env' }],
    [`${ACCESS_POINT}/object/dev/env`, { bucket: ACCESS_POINT, key: 'dev/env' }],
    [
      'arn:aws:s3::123456789012:accesspoint/m.mrap/k',
      { bucket: 'arn:aws:s3::123456789012:accesspoint/m.mrap', key: 'k' },
    ],
  ])('%j', (uri, expected) => {
    expect(parseSource(uri)).toEqual({ ...S3, uri, ...expected });
  });

  test.each<[string, object]>([
    ['versionId=a.b_c', { versionId: 'a.b_c' }],
    ['region=eu-west-1', { region: 'eu-west-1' }],
    ['endpoint=https://minio:9000/base', { endpoint: 'https://minio:9000/base' }],
    ['endpoint=http%3A%2F%2F127.0.0.1', { endpoint: 'http://127.0.0.1' }],
    ['format=json', { format: 'json' }],
    ['format=dotenv&dialect=docker', { format: 'dotenv', dialect: 'docker' }],
    ['optional=true', { isOptional: true }],
    ['optional=false', { isOptional: false }],
    ['optional=true&versionId=1&region=r', { isOptional: true, versionId: '1', region: 'r' }],
    ['versionId=a=b', { versionId: 'a=b' }],
    ['versionId=a?b', { versionId: 'a?b' }],
  ])('with ?%s', (query, expected) => {
    const uri = `s3://snacks/env?${query}`;
    expect(parseSource(uri)).toEqual({ ...S3, bucket: 'snacks', key: 'env', uri, ...expected });
    const arn = `${ACCESS_POINT}/env?${query}`;
    expect(parseSource(arn)).toEqual({ ...S3, bucket: ACCESS_POINT, key: 'env', uri: arn, ...expected });
  });
});

describe('files', () => {
  test.each<[string, object]>([
    ['file:///etc/env', { path: '/etc/env' }],
    ['file://localhost/etc/env', { path: '/etc/env' }],
    ['file:///a%20b%3Fc', { path: '/a b?c' }],
    ['file:///a b', { path: '/a b' }],
    ['file:///', { path: '/' }],
    [
      'file:///etc/env?format=json&dialect=docker&optional=true',
      {
        path: '/etc/env',
        format: 'json',
        dialect: 'docker',
        isOptional: true,
      },
    ],
    ['/etc/env', { path: '/etc/env' }],
    ['./env', { path: './env' }],
    ['../env', { path: '../env' }],
    ['./a?optional=true#b%20', { path: './a?optional=true#b%20' }],
  ])('%j', (uri, expected) => {
    expect(parseSource(uri)).toEqual({ ...FILE, uri, ...expected });
  });
});

describe('invalid sources', () => {
  const KIND = 'is of an unknown kind; use s3://BUCKET/KEY, gs://BUCKET/OBJECT, file:///PATH or ./PATH';
  const GS_NO_OBJECT = 'names no object; use gs://BUCKET/OBJECT';
  const GENERATION = 'has a # that names no generation; write #NUMBER at its end, or %23 for a # in a name';
  const NO_OBJECT = 'names no object; use s3://BUCKET/KEY';
  const NO_BUCKET = 'names no bucket; use s3://BUCKET/KEY, without credentials';
  const NO_PATH = 'has no absolute path; use file:///PATH, or ./PATH for a relative one';
  const DOTS = 'has . or .. as a part of its key; copy the object to a key without them';
  const NO_VALUE = 'has a query parameter without a value; write name=value, or omit it';
  const TWICE = 'has a query parameter twice; keep one';
  const UNKNOWN = 'has an unknown query parameter; ';
  const ENDPOINT = 'has an invalid endpoint URL; use endpoint=https://HOST';

  test.each([
    ['', KIND],
    ['env', KIND],
    ['.env', KIND],
    ['~/env', KIND],
    ['.../env', KIND],
    ['http://x/env', KIND],
    ['S3://snacks/env', KIND],
    ['s3:snacks/env', KIND],
    [' s3://snacks/env', KIND],
    ['file:/etc/env', KIND],
    ['s3://', NO_OBJECT],
    ['s3://snacks', NO_OBJECT],
    ['s3://snacks/', NO_OBJECT],
    ['s3:///env', NO_OBJECT],
    ['s3://snacks?region=r', NO_OBJECT],
    ['arn:aws:s3:::snacks', NO_OBJECT],
    ['arn:aws:s3:::snacks/', NO_OBJECT],
    ['arn:aws:kms:eu-west-1:1:key/x', NO_OBJECT],
    [`${ACCESS_POINT}/`, NO_OBJECT],
    ['s3://sna cks/env', NO_BUCKET],
    ['s3://%73nacks/env', NO_BUCKET],
    ['s3://snäcks/env', NO_BUCKET],
    ['s3://snacks:80/env', NO_BUCKET],
    ['s3://snacks/../env', DOTS],
    ['s3://snacks/a/./env', DOTS],
    ['s3://snacks/a/%2e%2e', DOTS],
    ['file://etc/env', NO_PATH],
    ['file://', NO_PATH],
    ['file://localhost', NO_PATH],
    ['s3://snacks/a#b', 'has a #; write %23 for a # in a name'],
    ['gs://', GS_NO_OBJECT],
    ['gs://snacks', GS_NO_OBJECT],
    ['gs://snacks/', GS_NO_OBJECT],
    ['gs:///env', GS_NO_OBJECT],
    ['gs://snacks/#1', GS_NO_OBJECT],
    ['gs://snacks/..', 'names no object; no object can have this name'],
    ['gs://Snacks/env', 'names no bucket; use gs://BUCKET/OBJECT'],
    ['gs://sna cks/env', 'names no bucket; use gs://BUCKET/OBJECT'],
    ['gs://snacks:80/env', 'names no bucket; use gs://BUCKET/OBJECT'],
    ['gs://snacks/env#', GENERATION],
    ['gs://snacks/env#-1', GENERATION],
    ['gs://snacks/env#1x', GENERATION],
    ['gs://snacks/env#1#2', GENERATION],
    [
      'gs://snacks/env?versionId=1',
      `${UNKNOWN}known: format, dialect, optional; write %3F for a ? in a name`,
    ],
    ['s3://snacks/%', 'has an invalid % escape; write %25 for a %'],
    ['s3://snacks/%ff', 'has an invalid % escape; write %25 for a %'],
    ['s3://snacks/env?versionId=%', 'has an invalid % escape; write %25 for a %'],
    ['s3://snacks/%00', 'has a NUL; remove %00'],
    ['file:///etc/hostname%00.env', 'has a NUL; remove %00'],
    ['s3://snacks/env?', NO_VALUE],
    ['s3://snacks/env?optional', NO_VALUE],
    ['s3://snacks/env?region=', NO_VALUE],
    ['s3://snacks/env?region=r&', NO_VALUE],
    ['s3://snacks/env?region=r&region=r', TWICE],
    [
      's3://snacks/env?x=1',
      `${UNKNOWN}known: format, dialect, optional, versionId, region, endpoint; write %3F for a ? in a name`,
    ],
    ['s3://snacks/env?formt=json', `${UNKNOWN}did you mean format?`],
    ['s3://snacks/env?versionid=1', `${UNKNOWN}did you mean versionId?`],
    [
      's3://snacks/env?constructor=1',
      `${UNKNOWN}known: format, dialect, optional, versionId, region, endpoint; write %3F for a ? in a name`,
    ],
    [
      's3://snacks/env?__proto__=1',
      `${UNKNOWN}known: format, dialect, optional, versionId, region, endpoint; write %3F for a ? in a name`,
    ],
    ['file:///env?region=r', `${UNKNOWN}known: format, dialect, optional; write %3F for a ? in a name`],
    ['s3://snacks/env?format=yaml', 'has an unknown format; use one of dotenv, json, sops, kms, berglas'],
    ['s3://snacks/env?format=JSON', 'has an unknown format; use one of dotenv, json, sops, kms, berglas'],
    ['s3://snacks/env?dialect=sh', 'has an unknown dialect; use one of dotenv, docker'],
    ['s3://snacks/env?optional=1', 'has an unknown optional; use one of true, false'],
    ['s3://snacks/env?endpoint=minio:9000', ENDPOINT],
    ['s3://snacks/env?endpoint=ftp://minio', ENDPOINT],
    ['s3://snacks/env?endpoint=https://', ENDPOINT],
  ])('%j', (uri, problem) => {
    expect(problemOf(uri)).toBe(`usage: the source ${uri} ${problem}`);
  });

  test.each([
    ['s3://AKIA:canary@snacks/env', 's3://…@snacks/env'],
    ['s3://AKIA:can/ary/key@snacks/env', 's3://…@snacks/env'],
    ['https://user:canary@example.com/env', 'https://…@example.com/env'],
    ['s3://snacks/env?endpoint=https://user:canary@minio', 's3://…@minio'],
    ['s3://snacks/env?endpoint=https://:canary@minio', 's3://…@minio'],
    ['s3://snacks/env?endpoint=https%3A%2F%2Fuser:canary@minio', 's3://…@minio'],
  ])('credentials in it are not shown: %s', (uri, shown) => {
    expect(problemOf(uri)).toMatch(/^usage: the source /);
    expect(problemOf(uri)).toContain(` ${shown} `);
    expect(problemOf(uri)).not.toContain('canary');
  });

  test('what is shown of it has an end', () => {
    expect(problemOf('x'.repeat(131_071)).length).toBeLessThan(400);
  });
});

function problemOf(uri: string): string {
  try {
    parseSource(uri);
  } catch (error) {
    if (error instanceof EnvsealError) return `${error.code}: ${error.message}; ${error.hint}`;
    throw error;
  }
  return 'none';
}

describe('whatever the URI', () => {
  const piece = fc.constantFrom(
    's3://',
    'arn:aws:s3:::',
    'file://',
    './',
    'b',
    '/',
    '?',
    '#',
    '%',
    '%00',
    '&',
    '=',
    ':',
    '@',
    '..',
  );
  const option = fc.constantFrom(
    'format=json',
    'region=',
    'endpoint=https://',
    'optional=true',
    '__proto__=',
    'versionId=',
  );
  const uris = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.oneof(piece, option, fc.string()), { maxLength: 8 }).map((pieces) => pieces.join('')),
  );

  test('a source comes out that holds it, or an error of ours', () => {
    fc.assert(
      fc.property(uris, (uri) => {
        if (problemOf(uri) !== 'none') return;
        const source = parseSource(uri);
        expect(source.uri).toBe(uri);
        expect(locationOf(source)).toMatch(/^(s3|gs):\/\/[^/]+\/.|^file:\/\/./s);
        for (const value of Object.values(source)) expect(String(value)).not.toContain('\0');
      }),
      { numRuns: 5000 },
    );
  });

  test('a key of any characters is written with % and read back', () => {
    const keys = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((key) => !key.includes('\0') && key.isWellFormed() && !/^\.\.?$/.test(key));
    fc.assert(
      fc.property(keys, (key) => {
        expect(parseSource(`s3://b/${encodeURIComponent(key)}`)).toMatchObject({ bucket: 'b', key });
        expect(parseSource(`gs://bb/${encodeURIComponent(key)}`)).toMatchObject({
          bucket: 'bb',
          object: key,
        });
        expect(parseSource(`file:///${encodeURIComponent(key)}`)).toMatchObject({ path: `/${key}` });
      }),
    );
  });
});
