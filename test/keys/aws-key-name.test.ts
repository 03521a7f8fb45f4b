import { describe, expect, test } from 'vitest';
import { isAlias, isSameKey, regionOfKey } from '../../src/keys/aws-key-name.ts';

const ID = '1234abcd-12ab-34cd-56ef-1234567890ab';
const MULTI_REGION_ID = 'mrk-1234abcd12ab34cd56ef1234567890ab';
const arn = (region: string, resource: string) => `arn:aws:kms:${region}:111122223333:${resource}`;
const KEY = arn('us-east-1', `key/${ID}`);

describe('isSameKey', () => {
  test.for([
    [KEY, KEY],
    [ID, KEY],
    [ID, ID],
    [MULTI_REGION_ID, arn('eu-west-1', `key/${MULTI_REGION_ID}`)],
  ] as const)('%s is %s', ([pin, reported]) => {
    expect(isSameKey(pin, reported)).toBe(true);
  });

  test.for([
    ['', KEY],
    ['', ''.padEnd(1)],
    [`key/${ID}`, KEY],
    [ID.slice(1), KEY],
    [ID.slice(0, -1), KEY],
    [`${ID}0`, KEY],
    [ID.toUpperCase(), KEY],
    ['*', KEY],
    [arn('eu-west-1', `key/${ID}`), KEY],
    [KEY.replace('111122223333', '444455556666'), KEY],
    [KEY.replace('arn:aws:', 'arn:aws-cn:'), KEY],
    [KEY, ID],
    [KEY, `${KEY} `],
    [ID, arn('us-east-1', `alias/${ID}`)],
    [ID, `arn:aws:s3:us-east-1:111122223333:key/${ID}x`],
    [arn('us-east-1', `key/${MULTI_REGION_ID}`), arn('eu-west-1', `key/${MULTI_REGION_ID}`)],
  ] as const)('%j is not %j', ([pin, reported]) => {
    expect(isSameKey(pin, reported)).toBe(false);
  });
});

describe('isAlias', () => {
  test.for(['alias/envseal', 'alias/aws/s3', arn('us-east-1', 'alias/envseal')])('%s', (name) => {
    expect(isAlias(name)).toBe(true);
  });
  test.for([KEY, ID, 'envseal', 'Alias/envseal', arn('us-east-1', 'key/alias/envseal')])('not %s', (name) => {
    expect(isAlias(name)).toBe(false);
  });
});

describe('regionOfKey', () => {
  test.for([
    [KEY, 'us-east-1'],
    [arn('cn-north-1', 'alias/envseal'), 'cn-north-1'],
    [ID, undefined],
    ['alias/envseal', undefined],
    ['arn:aws:s3:us-east-1:111122223333:accesspoint/reader', undefined],
    [arn('', `key/${ID}`), undefined],
  ] as const)('%s is in %s', ([key, region]) => {
    expect(regionOfKey(key)).toBe(region);
  });
});
