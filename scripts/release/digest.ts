/** Files and packages by what is in them. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file or package and its digests. https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md */
export interface Resource {
  readonly name: string;
  readonly uri?: string;
  readonly digest: Readonly<Record<string, string>>;
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

export function sha256OfFile(path: string): string {
  return sha256(readFileSync(path));
}

/** All files of a folder, in the order of their names. */
export function resourcesIn(folder: string): Resource[] {
  return readdirSync(folder)
    .sort()
    .map((name) => ({ name, digest: { sha256: sha256OfFile(join(folder, name)) } }));
}
