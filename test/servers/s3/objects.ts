/** The versions of a bucket's objects. */

import { randomBytes } from 'node:crypto';
import type { Checksum } from './checksums.ts';
import type { Sealing } from './encryption.ts';

export type Versioning = 'Enabled' | 'Suspended' | 'Off';

export interface StoredObject {
  readonly kind: 'object';
  readonly versionId: string;
  readonly modifiedMs: number;
  /** With its quotes. */
  readonly etag: string;
  /** The size of the plaintext. */
  readonly size: number;
  /** What the writer sent along and every reader gets: content type, `x-amz-meta-*`, … */
  readonly headers: Readonly<Record<string, string>>;
  /** As `x-amz-tagging` had them. */
  readonly tags: string;
  readonly checksum: Checksum;
  readonly sealing: Sealing;
  readonly sealed: Buffer;
}

export interface DeleteMarker {
  readonly kind: 'marker';
  readonly versionId: string;
  readonly modifiedMs: number;
}

export type Version = StoredObject | DeleteMarker;

/** The id of a version that was written without versioning. */
const NULL_VERSION = 'null';

export class Objects {
  /** Newest first. */
  readonly #versions = new Map<string, Version[]>();

  versions(key: string): readonly Version[] {
    return this.#versions.get(key) ?? [];
  }

  current(key: string): Version | undefined {
    return this.versions(key)[0];
  }

  find(key: string, versionId: string): Version | undefined {
    return this.versions(key).find((version) => version.versionId === versionId);
  }

  /** A new null version takes the place of the old one. */
  add(key: string, version: Version): void {
    const others = version.versionId === NULL_VERSION ? this.#without(key, NULL_VERSION) : this.versions(key);
    this.#versions.set(key, [version, ...others]);
  }

  remove(key: string, versionId: string): void {
    const left = this.#without(key, versionId);
    if (left.length > 0) this.#versions.set(key, left);
    else this.#versions.delete(key);
  }

  /** In the order of their UTF-8 bytes, which is how S3 lists. */
  keys(): string[] {
    return [...this.#versions.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  #without(key: string, versionId: string): Version[] {
    return this.versions(key).filter((version) => version.versionId !== versionId);
  }
}

export function newVersionId(versioning: Versioning): string {
  return versioning === 'Enabled' ? randomBytes(24).toString('base64url').replaceAll('-', '.') : NULL_VERSION;
}
