/** One env file in each place that the matrix opens it from, and what a container needs to find it. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wrapForAge } from '../../src/keys/age/age.ts';
import { sealSops } from '../../src/sealing/sops/edit/seal.ts';
import { A, identities } from '../sealing/sops/age-keys.ts';
import { accessToken } from '../servers/google/access-tokens.ts';
import {
  ACCESS_KEY_ID,
  CLOUD_KMS_KEY,
  kmsKeyArn,
  SECRET_ACCESS_KEY,
  startGcs,
  startS3,
} from '../servers/start.ts';

export const SOURCES = ['S3', 'GCS', 'file'] as const;
export type Source = (typeof SOURCES)[number];

export interface Sources extends AsyncDisposable {
  /** The folder that containers see as `/source`. */
  readonly folder: string;
  readonly variables: Readonly<Record<Source, Readonly<Record<string, string>>>>;
}

const REGION = 'us-east-1';

/** Stores `DATABASE_PASSWORD=value` everywhere, sealed. */
export async function startSources(value: string): Promise<Sources> {
  const [s3, gcs, folder] = await Promise.all([
    startS3({ regions: [REGION] }),
    startGcs(),
    mkdtemp(join(tmpdir(), 'envseal-source-')),
  ]);
  const text = `DATABASE_PASSWORD=${value}\n`;
  await s3.put('snacks', 'dev/env', text, { sse: 'aws:kms', kmsKeyId: kmsKeyArn(REGION) });
  await gcs.put('snacks', 'dev/env', text, { kmsKeyName: CLOUD_KMS_KEY });
  const sealed = await sealSops([['DATABASE_PASSWORD', value]], {
    format: 'dotenv',
    keys: [{ kind: 'age', key: A }],
    wrap: async (dataKey, { key }) => await wrapForAge(dataKey, key),
    now: new Date(),
  });
  await writeFile(join(folder, 'dev.env'), sealed);
  await writeFile(join(folder, 'age.key'), `${identities[0]}\n`, { mode: 0o644 });
  await chmod(folder, 0o755);
  return {
    folder,
    variables: {
      S3: {
        ENVSEAL_SOURCE: 's3://snacks/dev/env',
        ENVSEAL_KMS_KEY: kmsKeyArn(REGION),
        AWS_ENDPOINT_URL_S3: s3.url,
        AWS_REGION: REGION,
        AWS_ACCESS_KEY_ID: ACCESS_KEY_ID,
        AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
      },
      GCS: {
        ENVSEAL_SOURCE: 'gs://snacks/dev/env',
        ENVSEAL_KMS_KEY: CLOUD_KMS_KEY,
        CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: gcs.url,
        GOOGLE_OAUTH_ACCESS_TOKEN: accessToken(),
      },
      file: { ENVSEAL_SOURCE: '/source/dev.env', SOPS_AGE_KEY_FILE: '/source/age.key' },
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([s3.stop(), gcs.stop(), rm(folder, { recursive: true })]);
    },
  };
}
