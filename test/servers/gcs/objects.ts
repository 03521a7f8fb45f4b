/** The generations of a bucket's objects. */

export interface StoredObject {
  readonly bucket: string;
  readonly name: string;
  readonly generation: number;
  /** Grows with every change of the metadata. */
  readonly metageneration: number;
  readonly createdMs: number;
  readonly updatedMs: number;
  /** The size of the bytes as stored, so of the compressed ones. */
  readonly size: number;
  readonly md5: string;
  readonly crc32c: string;
  readonly contentType: string;
  /** Absent: not encoded. */
  readonly contentEncoding?: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** The key's version; absent: Google's own key. */
  readonly kmsKeyName?: string;
  /** Answer a GET without `x-goog-encryption-kms-key-name`. */
  readonly hideKeyHeader: boolean;
  readonly sealed: Buffer;
}

export class Objects {
  /** Newest first. */
  readonly #generations = new Map<string, StoredObject[]>();
  /** Whether the newest one is the live one. */
  readonly #live = new Set<string>();

  live(name: string): StoredObject | undefined {
    return this.#live.has(name) ? this.#generations.get(name)?.[0] : undefined;
  }

  find(name: string, generation: number): StoredObject | undefined {
    return this.#generations.get(name)?.find((object) => object.generation === generation);
  }

  /** Without versioning the one before is gone. */
  add(object: StoredObject, versioning: boolean): void {
    const before = versioning ? (this.#generations.get(object.name) ?? []) : [];
    this.#generations.set(object.name, [object, ...before]);
    this.#live.add(object.name);
  }

  /** The same generation with other metadata. */
  replace(object: StoredObject): void {
    const all = this.#generations.get(object.name) ?? [];
    this.#generations.set(
      object.name,
      all.map((other) => (other.generation === object.generation ? object : other)),
    );
  }

  /** With versioning the live one becomes noncurrent, unless its generation is given. */
  remove(name: string, generation: number | undefined, versioning: boolean): void {
    const all = this.#generations.get(name) ?? [];
    const gone = generation ?? (versioning ? undefined : all[0]?.generation);
    if (generation === undefined || all[0]?.generation === generation) this.#live.delete(name);
    this.#generations.set(
      name,
      all.filter((object) => object.generation !== gone),
    );
  }

  /** By name, and the oldest generation of a name first. */
  list(versions: boolean): StoredObject[] {
    const names = [...this.#generations.keys()].sort((a, b) =>
      Buffer.compare(Buffer.from(a), Buffer.from(b)),
    );
    if (versions) return names.flatMap((name) => (this.#generations.get(name) ?? []).toReversed());
    return names.flatMap((name) => this.live(name) ?? []);
  }
}

export interface NewObject {
  readonly bucket: string;
  readonly name: string;
  readonly bytes: Buffer;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Without a version. Default: the bucket's. */
  readonly kmsKeyName?: string;
  readonly hideKeyHeader?: boolean;
}
