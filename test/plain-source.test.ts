import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainSource } from '../src/plain-source.ts';
import { parseSource } from '../src/source-uri.ts';

test.each(['s3://snacks/env', 's3://snacks/dev/api.env', 's3://Snacks_1.x/a/b-c/~d', 's3://b/a..b'])(
  '%s is plain, and what the parser makes of it',
  (uri) => expect(plainSource(uri)).toEqual(parseSource(uri)),
);

test.each([
  ...['s3://b/', 's3://b', 's3:///k', 's3://b//k', 's3://b/k/', 's3://b/./k', 's3://b/../k', 's3://b/.env'],
  ...[
    's3://b/k?region=x',
    's3://b/k%20',
    's3://b/k#1',
    's3://b/k ',
    's3://b/k\n',
    's3://u:p@b/k',
    'S3://b/k',
  ],
  ...['gs://b/k', 'file:///k', './s3://b/k', 'arn:aws:s3:::b/k', ''],
])('%j is not plain', (uri) => expect(plainSource(uri)).toBeUndefined());

test('is what the parser makes of it, or left to that', () => {
  const part = fc.constantFrom(
    's3://',
    'b',
    '/',
    '.',
    '..',
    'k',
    '~',
    '-',
    '_',
    '%2e',
    '?',
    '#',
    '@',
    ':',
    'é',
    '\n',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const uri = `s3://b/${parts.join('')}`;
      const plain = plainSource(uri);
      if (plain !== undefined) expect(plain).toEqual(parseSource(uri));
    }),
    { numRuns: 3000 },
  );
});
