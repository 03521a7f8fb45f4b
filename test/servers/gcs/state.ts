/** Everything one Cloud Storage process knows. */

import type { Clock } from '../http/clock.ts';
import { Permissions } from './access.ts';
import { CmekKeys } from './cmek.ts';
import type { NewObject } from './objects.ts';
import { Objects } from './objects.ts';

export interface BucketSettings {
  /** Default true: every generation is kept. */
  readonly versioning: boolean;
  /** Seals what names no key of its own. */
  readonly defaultKmsKeyName?: string;
  /** Default `inherited`. */
  readonly publicAccessPrevention?: 'enforced' | 'inherited';
  /** Role to members. */
  readonly bindings?: Readonly<Record<string, readonly string[]>>;
}

export interface Bucket extends BucketSettings {
  readonly name: string;
  readonly createdMs: number;
  readonly objects: Objects;
}

export class GcsState {
  readonly clock: Clock;
  readonly permissions = new Permissions();
  readonly kmsKeys = new CmekKeys();
  readonly buckets = new Map<string, Bucket>();
  /** Resumable uploads that have begun, by id. */
  readonly uploads = new Map<string, Omit<NewObject, 'bytes'>>();
  /** A VPC Service Controls perimeter that leaves every caller outside. */
  perimeter = false;
  #lastGeneration = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Makes the bucket, or changes settings of the one there is. */
  configureBucket(name: string, settings: Partial<BucketSettings>): Bucket {
    const before = this.buckets.get(name) ?? {
      name,
      versioning: true,
      createdMs: this.clock.now(),
      objects: new Objects(),
    };
    const bucket = { ...before, ...settings };
    this.buckets.set(name, bucket);
    return bucket;
  }

  /** Microseconds, as Google's are, and never the same twice. */
  nextGeneration(): number {
    this.#lastGeneration = Math.max(this.#lastGeneration + 1, this.clock.now() * 1000);
    return this.#lastGeneration;
  }
}
