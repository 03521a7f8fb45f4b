import { describe, expect, test } from 'vitest';
import { parseArn } from '../../src/keys/arn.ts';

describe('parseArn', () => {
  test.for<[string, ReturnType<typeof parseArn>]>([
    [
      'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      {
        partition: 'aws',
        service: 'kms',
        region: 'us-east-1',
        account: '111122223333',
        resource: 'key/1234abcd-12ab-34cd-56ef-1234567890ab',
      },
    ],
    [
      'arn:aws-us-gov:s3:::snacks/dev/env',
      { partition: 'aws-us-gov', service: 's3', region: '', account: '', resource: 'snacks/dev/env' },
    ],
    [
      'arn:aws:s3:eu-west-1:111122223333:accesspoint:reader:object/a:b\nc',
      {
        partition: 'aws',
        service: 's3',
        region: 'eu-west-1',
        account: '111122223333',
        resource: 'accesspoint:reader:object/a:b\nc',
      },
    ],
  ])('reads %j', ([text, arn]) => {
    expect(parseArn(text)).toEqual(arn);
  });

  test.for([
    '',
    'arn',
    'arn:aws:kms:us-east-1:111122223333:',
    'arn:aws:kms:us-east-1:11112222333:key/x',
    'arn:aws:kms:us-east-1:1111222233334:key/x',
    'arn:aws:kms:us-east-1:account:key/x',
    'arn::kms:us-east-1:111122223333:key/x',
    'arn:aws::us-east-1:111122223333:key/x',
    'ARN:aws:kms:us-east-1:111122223333:key/x',
    ' arn:aws:kms:us-east-1:111122223333:key/x',
    'urn:aws:kms:us-east-1:111122223333:key/x',
    's3://snacks/dev/env',
    '1234abcd-12ab-34cd-56ef-1234567890ab',
    'alias/envseal',
  ])('knows that %j is none', (text) => {
    expect(parseArn(text)).toBeUndefined();
  });
});
