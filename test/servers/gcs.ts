/** A Google Cloud Storage in memory: the XML API and the JSON API over the same objects. `node gcs.ts [--tls]`. */

import { parseArgs } from 'node:util';
import { gcsBehaviour } from './gcs/behaviour.ts';
import type { CmekKey } from './gcs/cmek.ts';
import { insertObject } from './gcs/insert-object.ts';
import type { NewObject } from './gcs/objects.ts';
import { type BucketSettings, GcsState } from './gcs/state.ts';
import { Clock } from './http/clock.ts';
import { announce } from './http/lifecycle.ts';
import { Service } from './http/service.ts';

/** Options of an object that a test stores without a request. */
export type GcsPutOptions = Omit<NewObject, 'bucket' | 'name' | 'bytes'>;

const { values } = parseArgs({ options: { tls: { type: 'boolean', default: false } } });
const clock = new Clock();
let state = new GcsState(clock);
const service = new Service(
  clock,
  gcsBehaviour(() => state),
);

const commands = {
  ...service.commands(() => {
    state = new GcsState(clock);
  }),
  /** Makes a bucket, or changes one. */
  bucket: (name: string, settings: Partial<BucketSettings> = {}): void => {
    state.configureBucket(name, settings);
  },
  /** Stores an object without asking anyone; makes the bucket when there is none. */
  put: (bucket: string, name: string, bytes: Buffer, options: GcsPutOptions = {}): { generation: string } => {
    const { generation } = insertObject(state, { ...options, bucket, name, bytes });
    return { generation: String(generation) };
  },
  /** The live object as it lies there: its encrypted bytes and what is known of them. */
  stored: (bucket: string, name: string) => state.buckets.get(bucket)?.objects.live(name) ?? null,
  /** What the principal may do, in that bucket or in all that are not named: `storage.objects.get`, …, or `*`. */
  allow: (principal: string, permissions: readonly string[], bucket?: string): void =>
    state.permissions.allow(principal, permissions, bucket),
  kmsKey: (key: CmekKey): void => state.kmsKeys.register(key),
  /** Whether a VPC Service Controls perimeter keeps every caller out. */
  perimeter: (closed: boolean): void => {
    state.perimeter = closed;
  },
};

export type GcsCommands = typeof commands;

await announce({ global: await service.listen('global', values.tls) }, commands);
