import { describe, expect, test } from 'vitest';
import { dnsSuffixOf, partitionOf } from '../../src/aws/partitions.ts';

describe('a region belongs to a partition', () => {
  test.for([
    ['us-east-1', 'aws', 'amazonaws.com'],
    ['ap-southeast-7', 'aws', 'amazonaws.com'],
    ['mx-central-1', 'aws', 'amazonaws.com'],
    ['zz-south-12', 'aws', 'amazonaws.com'],
    ['cn-northwest-1', 'aws-cn', 'amazonaws.com.cn'],
    ['us-gov-west-1', 'aws-us-gov', 'amazonaws.com'],
    ['us-iso-east-1', 'aws-iso', 'c2s.ic.gov'],
    ['us-isob-east-1', 'aws-iso-b', 'sc2s.sgov.gov'],
    ['us-isof-south-1', 'aws-iso-f', 'csp.hci.ic.gov'],
    ['eu-isoe-west-1', 'aws-iso-e', 'cloud.adc-e.uk'],
    ['eusc-de-east-1', 'aws-eusc', 'amazonaws.eu'],
  ] as const)('%s to %s at %s', ([region, partition, dnsSuffix]) => {
    expect(partitionOf(region)).toBe(partition);
    expect(dnsSuffixOf(region)).toBe(dnsSuffix);
  });

  test.for([
    '',
    'us-east',
    'us-east-1a',
    'us-east-1.evil.test',
    'evil.test/us-east-1',
    'us-east-1/',
    'US-EAST-1',
    'aws-global',
    'us-isox-east-1',
    'eusc-fr-west-1',
    'local',
    'auto',
    'us-east-1\n',
  ])('%j to none', (region) => {
    expect(partitionOf(region)).toBe('aws');
    expect(dnsSuffixOf(region)).toBeUndefined();
  });
});
