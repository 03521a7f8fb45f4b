/** What a container on AWS has around it: its environment, its home and sealed objects. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import {
  ACCESS_KEY_ID,
  type AccessKey,
  kmsKeyArn,
  type PutOptions,
  type S3Server,
  SECRET_ACCESS_KEY,
} from '../servers/start.ts';
import { CANARY } from './transcript.ts';

const emptyHome = mkdtempSync(join(tmpdir(), 'envseal-home-'));
afterAll(() => rmSync(emptyHome, { recursive: true, force: true }));

/** Without credentials and without a place to look for them. */
export const BARE = {
  HOME: emptyHome,
  AWS_REGION: 'us-east-1',
  AWS_EC2_METADATA_DISABLED: 'true',
} as const;

/** With keys that may do everything. */
export const KEYS = {
  AWS_ACCESS_KEY_ID: ACCESS_KEY_ID,
  AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
} as const;

export const SEALED: PutOptions = { sse: 'aws:kms', kmsKeyId: kmsKeyArn() };

/** Stores an env file, sealed unless `options` say otherwise, as `BUCKET/KEY`. */
export async function store(
  s3: S3Server,
  path: string,
  body: string | Uint8Array,
  options: PutOptions = SEALED,
): Promise<{ versionId: string }> {
  const [, bucket = '', key = ''] = /^([^/]+)\/(.*)$/s.exec(path) ?? [];
  if (body.length > 0 && !Buffer.from(body).includes(CANARY))
    throw new Error(`a source needs the word ${CANARY}`);
  return await s3.put(bucket, key, body, options);
}

/** A home with an `~/.aws/config` and whatever else, gone when the test is over. */
export function home(config: string, files: Readonly<Record<string, string>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'envseal-home-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, content] of Object.entries({ '.aws/config': config, ...files })) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content, { mode: 0o755 });
  }
  return path;
}

/** An access key that the administrator's secret belongs to, with rights of its own. */
export function accessKey(accessKeyId: string, rights: Partial<AccessKey>): AccessKey {
  const arn = `arn:aws:iam::111122223333:user/${accessKeyId.toLowerCase()}`;
  return { accessKeyId, secretAccessKey: SECRET_ACCESS_KEY, arn, ...rights };
}
