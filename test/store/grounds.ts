/** The stores that the contract is tried on: servers by several authors, and a directory. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Storage } from '@google-cloud/storage';
import { OAuth2Client } from 'google-auth-library';
import { GoogleClient } from '../../src/gcp/client.ts';
import { Deadline } from '../../src/net/deadline.ts';
import { Http } from '../../src/net/http.ts';
import type { BucketState, EnvStore, SealAtRest } from '../../src/store/contract.ts';
import { fileStore } from '../../src/store/file/store.ts';
import { gcsStore } from '../../src/store/gcs/store.ts';
import { s3Store } from '../../src/store/s3/store.ts';
import { nodeSystem as system } from '../../src/system/node/system.ts';
import { awsClient } from '../aws/client.ts';
import type { Need } from '../real/available.ts';
import { startFakeGcs } from '../real/fake-gcs.ts';
import { startCeph, startMoto } from '../real/start.ts';
import { accessToken } from '../servers/google/access-tokens.ts';
import {
  ACCESS_KEY_ID,
  CLOUD_KMS_KEY,
  kmsKeyArn,
  SECRET_ACCESS_KEY,
  startGcs,
  startS3,
} from '../servers/start.ts';

export const BUCKET = 'snacks';

export interface Ground extends AsyncDisposable {
  readonly store: EnvStore;
  /** What URIs start with, up to the slash before a name. */
  readonly base: string;
  /** With a key that is there. */
  readonly seal: SealAtRest;
  /** The same for a caller without any permission; `undefined` if callers are not authenticated. */
  readonly stranger: EnvStore | undefined;
  /** Without versions in the way. */
  delete(name: string): Promise<void>;
}

export interface GroundRow {
  readonly open: () => Promise<Ground>;
  readonly needs: Need | readonly Need[];
  readonly keepsVersions: boolean;
  /** `false`: it looks at a condition and writes in two steps, so that two writers may pass. */
  readonly isAtomic?: false;
  readonly keepsAttributes: boolean;
  readonly keepsTags: boolean;
  /** What the owner sees of the bucket. */
  readonly state: BucketState;
}

interface S3Place {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A store, and the time it has. */
export async function openS3(
  { endpoint, accessKeyId, secretAccessKey }: S3Place,
  seconds = 60,
): Promise<EnvStore> {
  const variables = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_S3: endpoint,
    HOME: '/nonexistent',
  };
  const client = awsClient(variables, { seconds });
  return s3Store(client, { addressingStyle: 'auto', likelyRegion: undefined }) as EnvStore;
}

export function openGcs(endpoint: string, token: string, seconds = 60): EnvStore {
  const variables = {
    GOOGLE_OAUTH_ACCESS_TOKEN: token,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: endpoint,
  };
  const http = new Http({ system, variables, allowInsecureEndpoint: false });
  const deadline = new Deadline(seconds);
  return gcsStore(
    new GoogleClient({ variables, http, deadline, system, userAgent: 'envseal/test' }),
  ) as EnvStore;
}

export function openFiles(seconds = 60): EnvStore {
  return fileStore({ system, deadline: new Deadline(seconds) }) as EnvStore;
}

export function s3Client({ endpoint, accessKeyId, secretAccessKey }: S3Place): S3Client {
  const credentials = { accessKeyId, secretAccessKey };
  return new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
}

interface S3Server extends S3Place, AsyncDisposable {
  readonly stranger: Omit<S3Place, 'endpoint'>;
  readonly kmsKeyA: string;
}

async function openS3Ground(server: S3Server, isVersioned: boolean): Promise<Ground> {
  const s3 = s3Client(server);
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  if (isVersioned) await s3.send(new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration }));
  return {
    store: await openS3(server),
    base: `s3://${BUCKET}`,
    seal: { kind: 'sse-kms', key: server.kmsKeyA, isDual: false },
    stranger: await openS3({ ...server, ...server.stranger }),
    delete: async (name) => {
      await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: name }));
    },
    async [Symbol.asyncDispose]() {
      s3.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}

export const OWN_S3: Omit<S3Place, 'endpoint'> = {
  accessKeyId: ACCESS_KEY_ID,
  secretAccessKey: SECRET_ACCESS_KEY,
};

async function openOwnS3(): Promise<Ground> {
  const s3 = await startS3();
  const stranger = { accessKeyId: 'AKIDSTRANGER', secretAccessKey: 'of-a-stranger' };
  await s3.accessKey({ ...stranger, arn: 'arn:aws:iam::111122223333:user/stranger', allow: [] });
  const place = { endpoint: s3.url, ...OWN_S3, stranger, kmsKeyA: kmsKeyArn() };
  // Its buckets keep versions from the start.
  return await openS3Ground({ ...place, [Symbol.asyncDispose]: () => s3.stop() }, false);
}

export function googleStorage(endpoint: string, token: string): Storage {
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: token });
  return new Storage({
    apiEndpoint: endpoint,
    projectId: 'envseal-test',
    authClient,
    useAuthWithCustomEndpoint: true,
  });
}

async function openGcsGround(
  endpoint: string,
  token: string,
  stranger: EnvStore | undefined,
  seal: SealAtRest,
) {
  const storage = googleStorage(endpoint, token);
  await storage.createBucket(BUCKET, { versioning: { enabled: true } });
  return {
    store: openGcs(endpoint, token),
    base: `gs://${BUCKET}`,
    seal,
    stranger,
    delete: async (name: string) => {
      await storage.bucket(BUCKET).file(name).delete();
    },
  };
}

async function openOwnGcs(): Promise<Ground> {
  const gcs = await startGcs();
  const principal = 'stranger@envseal-test.iam.gserviceaccount.com';
  await gcs.allow(principal, []);
  const stranger = openGcs(gcs.url, accessToken({ principal }));
  const ground = await openGcsGround(gcs.url, accessToken(), stranger, { kind: 'cmek', key: CLOUD_KMS_KEY });
  return { ...ground, [Symbol.asyncDispose]: () => gcs.stop() };
}

async function openFakeGcs(): Promise<Ground> {
  const { endpoint, stop } = await startFakeGcs();
  const ground = await openGcsGround(endpoint, 'any', undefined, { kind: 'store' });
  return { ...ground, [Symbol.asyncDispose]: stop };
}

async function openDirectory(): Promise<Ground> {
  const directory = await mkdtemp(join(tmpdir(), 'envseal-files.'));
  return {
    store: openFiles(),
    base: directory,
    seal: { kind: 'store' },
    stranger: undefined,
    delete: (name) => rm(join(directory, name)),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}

const installed = { needs: [] };
const s3 = { keepsVersions: true, keepsAttributes: true, keepsTags: true };
const gcs = { keepsVersions: true, keepsAttributes: true, keepsTags: false };

export const GROUNDS: Readonly<Record<string, GroundRow>> = {
  'our own S3': {
    open: openOwnS3,
    ...installed,
    ...s3,
    state: { isVersioned: true, isEncrypted: undefined, isPublic: false },
  },
  moto: {
    open: async () => await openS3Ground(await startMoto(), true),
    needs: 'moto',
    ...s3,
    isAtomic: false,
    state: { isVersioned: true, isEncrypted: undefined, isPublic: false },
  },
  'Ceph without versions': {
    open: async () => await openS3Ground(await startCeph(), false),
    needs: 'ceph',
    ...s3,
    keepsVersions: false,
    state: { isVersioned: false, isEncrypted: false, isPublic: false },
  },
  'our own Cloud Storage': {
    open: openOwnGcs,
    ...installed,
    ...gcs,
    state: { isVersioned: true, isEncrypted: true, isPublic: false },
  },
  'fake-gcs-server': {
    open: openFakeGcs,
    needs: 'fake-gcs',
    ...gcs,
    // It has no policies.
    state: { isVersioned: true, isEncrypted: true, isPublic: undefined },
  },
  files: {
    open: openDirectory,
    ...installed,
    keepsVersions: false,
    keepsAttributes: false,
    keepsTags: false,
    state: { isVersioned: undefined, isEncrypted: undefined, isPublic: undefined },
  },
};
