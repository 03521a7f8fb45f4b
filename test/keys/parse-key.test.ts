import { expect, test } from 'vitest';
import { parseKeyToWrapWith } from '../../src/keys/wrap.ts';

const CONTEXT = { source: 's3://snacks/dev/env' };
const ID = '1234abcd-12ab-34cd-56ef-1234567890ab';
const ARN = `arn:aws:kms:eu-west-1:111122223333:key/${ID}`;
const ROLE = 'arn:aws:iam::111122223333:role/team/ops';
const CLOUD = 'projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k';

test.each([
  ARN,
  ID,
  'arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab',
  'mrk-1234abcd12ab34cd56ef1234567890ab',
  'arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/1234',
  'arn:aws:kms:eu-west-1:111122223333:alias/team/envs',
  'alias/envs',
])('of AWS KMS, with the context: %s', (key) => {
  expect(parseKeyToWrapWith(key, CONTEXT)).toEqual({ kind: 'aws-kms', key, context: CONTEXT });
});

test('with the role that sops writes behind it', () => {
  const parsed = parseKeyToWrapWith(`${ARN}+${ROLE}`, {});
  expect(parsed).toEqual({ kind: 'aws-kms', key: ARN, context: {}, role: ROLE });
});

test.each([CLOUD, `${CLOUD}/cryptoKeyVersions/2`, CLOUD.replace('/p/', '/example.org:p/')])(
  'of Cloud KMS, which has no context: %s',
  (key) => expect(parseKeyToWrapWith(key, CONTEXT)).toEqual({ kind: 'cloud-kms', key }),
);

test.each(['age1mk7flsm7eealazj2ghgkpe0s5xjd65dq0zq2mp49tkqzkpw2fgpq8kpkju', 'age1pq1qqqq'])(
  'a recipient of age: %s',
  (key) => expect(parseKeyToWrapWith(key, CONTEXT)).toEqual({ kind: 'age', key }),
);

test.each([
  '',
  ' ',
  'AGE-SECRET-KEY-1QQQQ',
  'age1',
  'Age1abc',
  'ssh-ed25519 AAAA',
  'pgp',
  `${ID}0`,
  ` ${ARN}`,
  `${ARN}\n`,
  `${ARN}+x`,
  `${ARN}+arn:aws:iam::111122223333:user/x`,
  'arn:aws:s3:::snacks',
  'arn:aws:kms:eu-west-1::key/1',
  'arn:aws:kms::111122223333:key/1',
  'arn:aws:kms:eu-west-1:111122223333:key/1/2',
  'alias/',
  'projects/p/locations/l/keyRings/r',
  'projects/../locations/l/keyRings/r/cryptoKeys/k',
  `${CLOUD}/..`,
])('is none, and is not shown: %j', (text) => {
  let error: { code?: string; message?: string; hint?: string } = {};
  try {
    parseKeyToWrapWith(text, CONTEXT);
  } catch (caught) {
    error = caught as typeof error;
  }
  expect(error.code).toBe('configuration');
  if (text.trim().length > 4) expect(`${error.message} ${error.hint}`).not.toContain(text.trim());
});
