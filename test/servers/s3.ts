/** An S3 in memory. `node s3.ts [--tls] [--region NAME]…`: one port a region. */

import { parseArgs } from 'node:util';
import type { AccessKey } from './aws/access-keys.ts';
import { REGIONS } from './aws/defaults.ts';
import type { KmsKey } from './aws/kms-keys.ts';
import { Clock } from './http/clock.ts';
import { announce } from './http/lifecycle.ts';
import { Service } from './http/service.ts';
import { s3Behaviour } from './s3/behaviour.ts';
import { type PutOptions, putHeaders } from './s3/direct-put.ts';
import { store } from './s3/put-object.ts';
import { type BucketSettings, S3State, type WrongRegionAnswer } from './s3/state.ts';

const { values } = parseArgs({
  options: { tls: { type: 'boolean', default: false }, region: { type: 'string', multiple: true } },
});
const regions = values.region ?? REGIONS;
const [home = 'us-east-1'] = regions;
const clock = new Clock();
const endpoints: Record<string, string> = {};
const fresh = () => new S3State(clock, endpoints, regions);
let state = fresh();
const service = new Service(
  clock,
  s3Behaviour(() => state),
);

const commands = {
  ...service.commands(() => {
    state = fresh();
  }),
  /** Makes a bucket, or changes one. */
  bucket: (name: string, settings: Partial<BucketSettings> = {}): void => {
    state.configureBucket(name, settings, home);
  },
  /** Stores an object without asking anyone; makes the bucket when there is none. */
  put: (
    bucketName: string,
    key: string,
    body: Buffer,
    options: PutOptions = {},
  ): { versionId: string; etag: string } => {
    const bucket = state.buckets.get(bucketName) ?? state.configureBucket(bucketName, {}, home);
    const { versionId, etag } = store({
      state,
      bucket,
      key,
      query: new URLSearchParams(),
      headers: putHeaders(options),
      body,
    });
    return { versionId, etag };
  },
  /** The current version as it lies there: its encrypted bytes and what is known of them. */
  stored: (bucketName: string, key: string) => {
    const version = state.buckets.get(bucketName)?.objects.current(key);
    return version?.kind === 'object' ? version : null;
  },
  accessKey: (key: AccessKey): void => state.accessKeys.register(key),
  kmsKey: (key: KmsKey): void => state.kmsKeys.register(key),
  /** Requests to `NAME-ACCOUNT.s3-accesspoint.REGION.amazonaws.com` are for this bucket. */
  accessPoint: (name: string, accountId: string, bucket: string): void => {
    state.accessPoints.set(`${name}-${accountId}`, bucket);
  },
  wrongRegion: (answer: WrongRegionAnswer): void => {
    state.wrongRegionAnswer = answer;
  },
};

export type S3Commands = typeof commands;

for (const region of regions) endpoints[region] = await service.listen(region, values.tls);
await announce(endpoints, commands);
