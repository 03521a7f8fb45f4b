/** Everything one S3 process knows. */

import { AccessKeys } from '../aws/access-keys.ts';
import { ADMINISTRATOR, KMS_ALIAS, kmsKeyArn, managedKeyArn } from '../aws/defaults.ts';
import { KmsKeys } from '../aws/kms-keys.ts';
import type { Clock } from '../http/clock.ts';
import type { SealingRequest } from './encryption.ts';
import { Objects, type Versioning } from './objects.ts';

/**
 * What a request for a bucket of another region gets. S3 does each of them, depending on how the request was routed and
 * how old the bucket is: https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html
 */
export type WrongRegionAnswer = 'PermanentRedirect' | 'TemporaryRedirect' | 'AuthorizationHeaderMalformed';

export interface BucketSettings {
  readonly region: string;
  readonly versioning: Versioning;
  /** Every bucket encrypts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html */
  readonly encryption: SealingRequest;
  /** Whether its policy allows anyone; absent: it has none. */
  readonly policy?: 'private' | 'public';
  /** Only its last setting is distinguished; absent: none of the four is set. */
  readonly publicAccess?: 'blocked' | 'allowed';
  /** S3 obeys. `ignored`: as older stores of others do. `unknown`: these answer 501. Default `obeyed`. */
  readonly conditions?: 'obeyed' | 'ignored' | 'unknown';
}

export interface Bucket extends BucketSettings {
  readonly name: string;
  readonly objects: Objects;
}

export class S3State {
  readonly clock: Clock;
  /** Region to URL. */
  readonly endpoints: Record<string, string>;
  readonly accessKeys = new AccessKeys();
  readonly kmsKeys = new KmsKeys();
  readonly buckets = new Map<string, Bucket>();
  /** `NAME-ACCOUNT` to bucket. */
  readonly accessPoints = new Map<string, string>();
  wrongRegionAnswer: WrongRegionAnswer = 'PermanentRedirect';

  constructor(clock: Clock, endpoints: Record<string, string>, regions: readonly string[]) {
    this.clock = clock;
    this.endpoints = endpoints;
    this.accessKeys.register(ADMINISTRATOR);
    for (const region of regions) {
      this.kmsKeys.register({ arn: kmsKeyArn(region), aliases: [KMS_ALIAS] });
      this.kmsKeys.register({ arn: managedKeyArn(region), aliases: ['alias/aws/s3'] });
    }
  }

  /** Makes the bucket, or changes settings of the one there is. */
  configureBucket(name: string, settings: Partial<BucketSettings>, region: string): Bucket {
    const before = this.buckets.get(name) ?? {
      name,
      region,
      versioning: 'Enabled',
      encryption: { algorithm: 'AES256' },
      objects: new Objects(),
    };
    const bucket = { ...before, ...settings };
    this.buckets.set(name, bucket);
    return bucket;
  }
}
