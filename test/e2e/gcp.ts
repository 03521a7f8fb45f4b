/** What a container on Google Cloud has around it: its environment, its home, tokens and sealed objects. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import { accessToken } from '../servers/google/access-tokens.ts';
import {
  CLOUD_KMS_KEY,
  type GcpMetadataServer,
  type GcsPutOptions,
  type GcsServer,
} from '../servers/start.ts';
import { CANARY, type Env } from './transcript.ts';

const emptyHome = mkdtempSync(join(tmpdir(), 'envseal-home-'));
afterAll(() => rmSync(emptyHome, { recursive: true, force: true }));

/** Without credentials and without a place to look for them. */
export const BARE = {
  HOME: emptyHome,
  METADATA_SERVER_DETECTION: 'none',
  AWS_EC2_METADATA_DISABLED: 'true',
} as const;

/** A token of the service account, which may do everything. */
export const TOKEN = { GOOGLE_OAUTH_ACCESS_TOKEN: accessToken() } as const;

/** A workload whose platform gives it tokens. */
export function workload(metadata: GcpMetadataServer): Env {
  return { GCE_METADATA_HOST: metadata.host, METADATA_SERVER_DETECTION: '' };
}

/** This server in place of Google's. */
export function at({ url }: GcsServer): Env {
  return { CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: url };
}

export const SEALED: GcsPutOptions = { kmsKeyName: CLOUD_KMS_KEY };

/** Stores an env file, sealed unless `options` say otherwise, as `BUCKET/OBJECT`. */
export async function storeGcs(
  gcs: GcsServer,
  path: string,
  body: string | Uint8Array,
  options: GcsPutOptions = SEALED,
): Promise<{ generation: string }> {
  const [, bucket = '', object = ''] = /^([^/]+)\/(.*)$/s.exec(path) ?? [];
  if (body.length > 0 && !Buffer.from(body).includes(CANARY))
    throw new Error(`a source needs the word ${CANARY}`);
  return await gcs.put(bucket, object, body, options);
}

/** A home with these files, gone when the test is over. */
export function homeWith(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), 'envseal-home-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content, { mode: 0o755 });
  }
  return path;
}
