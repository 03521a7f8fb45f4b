/**
 * Env files that are sealed before they are stored, as their owners make them: with envseal's own sealing, with the SDK
 * of AWS, and over the REST of Cloud KMS. They lie at any store, which itself seals nothing.
 */
import { basename, join } from 'node:path';
import { EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { wrapForAge } from '../../src/keys/age/age.ts';
import type { KeyToWrapWith, Wrap } from '../../src/keys/kinds.ts';
import { sealBerglas } from '../../src/sealing/berglas.ts';
import { type SealSopsOptions, sealSops } from '../../src/sealing/sops/edit/seal.ts';
import type { SopsKind } from '../../src/sealing/sops/model.ts';
import { A, identities } from '../sealing/sops/age-keys.ts';
import { accessToken } from '../servers/google/access-tokens.ts';
import { send } from '../servers/raw-client.ts';
import {
  ACCESS_KEY_ID,
  CLOUD_KMS_KEY,
  type CloudKmsServer,
  type GcsServer,
  type KmsServer,
  kmsKeyArn,
  type S3Server,
  SECRET_ACCESS_KEY,
  type StsServer,
  startCloudKms,
  startGcs,
  startKms,
  startS3,
  startSts,
} from '../servers/start.ts';
import { BARE, KEYS } from './aws.ts';
import { folder } from './folder.ts';
import type { Env } from './transcript.ts';

export const VARIABLES = {
  DB_URL: 'postgres://canary@db/1',
  MULTI: 'canary\n"two" lines',
  EMPTY: '',
} as const;

/** The same as text. */
export const ENV_FILE = '# canary\nDB_URL=postgres://canary@db/1\nMULTI="canary\\n\\"two\\" lines"\nEMPTY=\n';

/** The identity of test key `a`. */
export const IDENTITY = identities[0] as string;

export const AGE_KEY = { kind: 'age', key: A } as const;
export const AWS_KEY = { kind: 'aws-kms', key: kmsKeyArn(), context: {} } as const;
export const GOOGLE_KEY = { kind: 'cloud-kms', key: CLOUD_KMS_KEY } as const;

export type Scheme = 's3' | 'gs' | 'file';
export type Need = 'aws' | 'google' | 'age';

export interface SealedFile {
  readonly bytes: Uint8Array;
  /** Whose keys open it. */
  readonly needs: readonly Need[];
  /** Where the file does not say its key, the flag that does. */
  readonly args: readonly string[];
}

export interface Clouds {
  readonly s3: S3Server;
  readonly gcs: GcsServer;
  readonly kms: KmsServer;
  readonly sts: StsServer;
  readonly cloudKms: CloudKmsServer;
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export async function startClouds(): Promise<Clouds> {
  const [s3, gcs, kms, sts, cloudKms] = await Promise.all([
    startS3(),
    startGcs(),
    startKms(),
    startSts(),
    startCloudKms(),
  ]);
  const all = [s3, gcs, kms, sts, cloudKms] as const;
  return {
    s3,
    gcs,
    kms,
    sts,
    cloudKms,
    reset: async () => {
      await Promise.all(all.map((server) => server.reset()));
    },
    stop: async () => {
      await Promise.all(all.map((server) => server.stop()));
    },
  };
}

/** An environment with these credentials and no others. */
export function envFor(clouds: Clouds, needs: readonly Need[]): Env {
  const variables: Readonly<Record<Need, Env>> = {
    aws: {
      ...KEYS,
      AWS_ENDPOINT_URL_S3: clouds.s3.url,
      AWS_ENDPOINT_URL_KMS: clouds.kms.url,
      AWS_ENDPOINT_URL_STS: clouds.sts.url,
    },
    google: {
      GOOGLE_OAUTH_ACCESS_TOKEN: accessToken(),
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: clouds.gcs.url,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: clouds.cloudKms.url,
    },
    age: { SOPS_AGE_KEY: IDENTITY },
  };
  return Object.assign({}, BARE, ...needs.map((need) => variables[need]));
}

/** Stores bytes as `NAME` of the bucket `snacks`, or of a folder of its own. Returns the URI. */
export async function put(
  clouds: Clouds,
  scheme: Scheme,
  name: string,
  bytes: string | Uint8Array,
  metadata: Env = {},
): Promise<string> {
  switch (scheme) {
    case 's3':
      await clouds.s3.put('snacks', name, bytes, { sse: 'AES256', metadata });
      return `s3://snacks/${name}`;
    case 'gs':
      await clouds.gcs.put('snacks', name, bytes, { metadata });
      return `gs://snacks/${name}`;
    case 'file':
      return `file://${join(folder({ [basename(name)]: bytes }), basename(name))}`;
  }
}

const NEEDS_OF_STORE: Readonly<Record<Scheme, readonly Need[]>> = { s3: ['aws'], gs: ['google'], file: [] };

/** The same for a sealed file, with what opening it takes: the flags, and the environment. */
export async function putSealed(
  clouds: Clouds,
  scheme: Scheme,
  name: string,
  { bytes, needs, args }: SealedFile,
): Promise<{ uri: string; args: string[]; env: Env }> {
  const uri = await put(clouds, scheme, name, bytes);
  return { uri, args: [...args, '-s', uri], env: envFor(clouds, [...NEEDS_OF_STORE[scheme], ...needs]) };
}

/** By the SDK, as `aws kms encrypt` does it. */
export async function encryptWithAws(
  { kms }: Pick<Clouds, 'kms'>,
  plaintext: string | Uint8Array,
  { key = kmsKeyArn(), context = {} }: { key?: string; context?: Env } = {},
): Promise<Uint8Array> {
  const region = key.split(':')[3] ?? '';
  const client = new KMSClient({
    region,
    endpoint: kms.endpoints[region] as string,
    credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY },
  });
  const command = { KeyId: key, Plaintext: Buffer.from(plaintext), EncryptionContext: context };
  const { CiphertextBlob } = await client.send(new EncryptCommand(command));
  client.destroy();
  return CiphertextBlob as Uint8Array;
}

/** Over REST, as `gcloud kms encrypt` does it. */
export async function encryptWithGoogle(
  { cloudKms }: Pick<Clouds, 'cloudKms'>,
  plaintext: string | Uint8Array,
  { key = CLOUD_KMS_KEY, additionalData = '' }: { key?: string; additionalData?: string | Uint8Array } = {},
): Promise<Uint8Array> {
  const base64 = (bytes: string | Uint8Array) => Buffer.from(bytes).toString('base64');
  const { status, body } = await send({
    url: `${cloudKms.url}/v1/${key}:encrypt`,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken()}` },
    body: JSON.stringify({
      plaintext: base64(plaintext),
      additionalAuthenticatedData: base64(additionalData),
    }),
  });
  if (status !== 200) throw new Error(`encrypt: ${status} ${body}`);
  return Buffer.from(JSON.parse(body.toString()).ciphertext, 'base64');
}

/** Wraps data keys with the keys of the test servers, and for age. */
export function wrapWith(clouds: Clouds): Wrap {
  return async (dataKey, key) => {
    switch (key.kind) {
      case 'age':
        return await wrapForAge(dataKey, key.key);
      case 'cloud-kms':
        return { ...key, wrapped: await encryptWithGoogle(clouds, dataKey, key) };
      case 'aws-kms':
        return {
          ...key,
          role: key.role,
          profile: undefined,
          wrapped: await encryptWithAws(clouds, dataKey, key),
        };
    }
  };
}

const NEED_OF: Readonly<Record<KeyToWrapWith['kind'], Need>> = {
  age: 'age',
  'aws-kms': 'aws',
  'cloud-kms': 'google',
};

/** A SOPS file of `VARIABLES`, unless others are given. */
export async function sopsFile(
  clouds: Clouds,
  keys: SealSopsOptions['keys'],
  {
    variables = VARIABLES,
    ...options
  }: { variables?: Readonly<Record<string, string>> } & Partial<SealSopsOptions> = {},
): Promise<SealedFile> {
  const bytes = await sealSops(Object.entries(variables), {
    format: 'dotenv',
    wrap: wrapWith(clouds),
    now: new Date('2026-01-31T12:00:00Z'),
    keys,
    ...options,
  });
  const all = 'groups' in keys ? keys.groups.flat() : keys;
  return { bytes, needs: all.map(({ kind }) => NEED_OF[kind]), args: [] };
}

/** An object of berglas, which is bound to its name. */
export async function berglasFile(
  clouds: Pick<Clouds, 'cloudKms'>,
  objectName: string,
  { text = ENV_FILE, key = CLOUD_KMS_KEY }: { text?: string; key?: string } = {},
): Promise<SealedFile> {
  const bytes = await sealBerglas(new TextEncoder().encode(text), {
    objectName,
    wrap: (dataKey, additionalData) => encryptWithGoogle(clouds, dataKey, { key, additionalData }),
  });
  return { bytes, needs: ['google'], args: ['--kms-key', key] };
}

/** `objectName` is how the store calls the object, which for a file is its name without folders. */
type Make = (clouds: Clouds, objectName: string) => Promise<SealedFile>;

const SOPS_KEYS: Readonly<Record<string, SealSopsOptions['keys']>> = {
  age: [AGE_KEY],
  'AWS KMS': [AWS_KEY],
  'Cloud KMS': [GOOGLE_KEY],
  'three of three key groups': { groups: [[AGE_KEY], [AWS_KEY], [GOOGLE_KEY]], threshold: 3 },
};

function sopsRows(): [string, Make][] {
  return Object.entries(SOPS_KEYS).flatMap(([title, keys]) =>
    (['dotenv', 'json', 'yaml'] as SopsKind[]).map((format): [string, Make] => [
      `sops ${format} under ${title}`,
      (clouds) => sopsFile(clouds, keys, { format }),
    ]),
  );
}

/** As `base64` writes it. */
export function base64Lines(bytes: Uint8Array): string {
  return `${base64(bytes).replace(/.{76}/g, '$&\n')}\n`;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function ofAws(form: (bytes: Uint8Array) => string | Uint8Array): Make {
  return async (clouds) => {
    const bytes = Buffer.from(form(await encryptWithAws(clouds, ENV_FILE)));
    return { bytes, needs: ['aws'], args: [] };
  };
}

function ofGoogle(form: (bytes: Uint8Array) => string | Uint8Array): Make {
  return async (clouds) => {
    const bytes = Buffer.from(form(await encryptWithGoogle(clouds, ENV_FILE)));
    return { bytes, needs: ['google'], args: ['--kms-key', CLOUD_KMS_KEY] };
  };
}

/** Every way to seal. */
export const SEALINGS: readonly (readonly [title: string, make: Make])[] = [
  ['AWS KMS, binary', ofAws((bytes) => bytes)],
  ['AWS KMS, base64', ofAws(base64)],
  ['AWS KMS, base64 with line breaks', ofAws(base64Lines)],
  ['Cloud KMS, binary', ofGoogle((bytes) => bytes)],
  ['Cloud KMS, base64', ofGoogle(base64)],
  ['Cloud KMS, base64 with line breaks', ofGoogle(base64Lines)],
  ...sopsRows(),
  ['berglas', berglasFile],
];
