/**
 * The contract of a store (src/store/object.ts), against S3 servers of three hands: our own, Ceph, which really encrypts,
 * and moto. What one of them lacks is said in its row.
 */

import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isSameKey } from '../../src/keys/aws-key-name.ts';
import { MAX_SOURCE_BYTES } from '../../src/limits-and-defaults.ts';
import { parseSource, type S3Source } from '../../src/source-uri.ts';
import type { FetchedObject } from '../../src/store/object.ts';
import { fetchS3 } from '../../src/store/s3/get.ts';
import { awsClient } from '../aws/client.ts';
import { describeReal, type Need } from '../real/available.ts';
import { startCeph, startMoto } from '../real/start.ts';
import { ACCESS_KEY_ID, kmsKeyArn, managedKeyArn, SECRET_ACCESS_KEY, startS3 } from '../servers/start.ts';

interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

interface Server extends AccessKey, AsyncDisposable {
  readonly endpoint: string;
  readonly stranger: AccessKey;
  readonly kmsKeyA: string;
  readonly kmsKeyB: string;
}

async function startOwn(): Promise<Server> {
  const s3 = await startS3();
  const stranger = { accessKeyId: 'AKIDSTRANGER', secretAccessKey: 'of-a-stranger' };
  await s3.accessKey({ ...stranger, arn: 'arn:aws:iam::111122223333:user/stranger', allow: [] });
  return {
    endpoint: s3.url,
    accessKeyId: ACCESS_KEY_ID,
    secretAccessKey: SECRET_ACCESS_KEY,
    stranger,
    kmsKeyA: kmsKeyArn(),
    kmsKeyB: managedKeyArn('us-east-1'),
    [Symbol.asyncDispose]: () => s3.stop(),
  };
}

interface ServerRow {
  readonly start: () => Promise<Server>;
  readonly needs: Need | readonly Need[];
  /** Buckets keep versions from the start. */
  readonly isVersioned: boolean;
}

const SERVERS: Readonly<Record<string, ServerRow>> = {
  'our own': { start: startOwn, needs: [], isVersioned: true },
  Ceph: { start: startCeph, needs: 'ceph', isVersioned: false },
  moto: { start: startMoto, needs: 'moto', isVersioned: false },
};

const BUCKET = 'snacks';

for (const [name, row] of Object.entries(SERVERS)) {
  describeReal(row.needs, `S3 store against ${name}`, () => {
    let server: Server;
    let s3: S3Client;

    beforeAll(async () => {
      server = await row.start();
      const { endpoint, accessKeyId, secretAccessKey } = server;
      const credentials = { accessKeyId, secretAccessKey };
      s3 = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
      await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
      const VersioningConfiguration = { Status: 'Enabled' } as const;
      const enable = new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration });
      if (!row.isVersioned) await s3.send(enable);
    });

    afterAll(async () => {
      s3?.destroy();
      await server?.[Symbol.asyncDispose]();
    });

    async function put(key: string, body: string | Uint8Array, more: Partial<PutObjectCommandInput> = {}) {
      const sealed = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: server.kmsKeyA } as const;
      return await s3.send(
        new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body, ...sealed, ...more }),
      );
    }

    async function fetch(uri: string, key: AccessKey = server): Promise<FetchedObject> {
      const variables = {
        AWS_ACCESS_KEY_ID: key.accessKeyId,
        AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
        AWS_REGION: 'us-east-1',
        AWS_ENDPOINT_URL_S3: server.endpoint,
        HOME: '/nonexistent',
      };
      const client = awsClient(variables);
      const options = { client, addressingStyle: 'auto', likelyRegion: undefined } as const;
      return await fetchS3(parseSource(uri) as S3Source, options).finally(() => client.deadline.clear());
    }

    const text = ({ bytes }: FetchedObject) => Buffer.from(bytes).toString();

    async function failure(promise: Promise<unknown>): Promise<string> {
      return await promise.then(
        () => 'no failure',
        (error: { code?: string }) => error.code ?? String(error),
      );
    }

    test('gives the bytes, the sealing with its key, and the version', async () => {
      const { VersionId } = await put('dev/env', 'A=1\n');
      const object = await fetch(`s3://${BUCKET}/dev/env`);
      expect(text(object)).toBe('A=1\n');
      expect(object.sealing).toMatchObject({ kind: 'sse-kms', isDual: false });
      expect(isSameKey(server.kmsKeyA, (object.sealing as { key: string }).key)).toBe(true);
      expect(object.version).toBe(VersionId);
      expect(object.requestIds).not.toEqual([]);
    });

    test('reports which key seals, whatever the uploader wrote into the metadata', async () => {
      await put('dev/other-key', 'A=1\n', {
        SSEKMSKeyId: server.kmsKeyB,
        Metadata: {
          'x-amz-server-side-encryption-aws-kms-key-id': server.kmsKeyA,
          'kms-key': server.kmsKeyA,
        },
      });
      const { sealing } = await fetch(`s3://${BUCKET}/dev/other-key`);
      expect(isSameKey(server.kmsKeyB, (sealing as { key: string }).key)).toBe(true);
      expect(isSameKey(server.kmsKeyA, (sealing as { key: string }).key)).toBe(false);
    });

    test('reports that an object is not sealed', async () => {
      const plain = new PutObjectCommand({ Bucket: BUCKET, Key: 'dev/plain', Body: 'A=1\n' });
      await s3.send(plain);
      expect((await fetch(`s3://${BUCKET}/dev/plain`)).sealing).toEqual({ kind: 'none' });
    });

    test('gives the newest version, or the one that is asked for', async () => {
      const first = await put('dev/versions', 'A=old\n');
      await put('dev/versions', 'A=new\n');
      expect(text(await fetch(`s3://${BUCKET}/dev/versions`))).toBe('A=new\n');
      const old = await fetch(
        `s3://${BUCKET}/dev/versions?versionId=${encodeURIComponent(first.VersionId ?? '')}`,
      );
      expect(text(old)).toBe('A=old\n');
    });

    test.for([
      'with space',
      'a+b',
      'ünï/cödé',
      'a%2Fb',
      'a=b&c',
      "quote'(x)!*",
      'a//b',
      'trailing/',
      'tilde~;@,$:',
    ])('finds the key %j', async (key) => {
      await put(`keys/${key}`, `A=${key.length}\n`);
      expect(text(await fetch(`s3://${BUCKET}/keys/${encodeURIComponent(key)}`))).toBe(`A=${key.length}\n`);
    });

    test.for([0, 1, 65_536, MAX_SOURCE_BYTES])('gives %i bytes as they were put', async (size) => {
      const body = Buffer.alloc(size, 'A=1\n');
      await put(`sizes/${size}`, body);
      expect(Buffer.from((await fetch(`s3://${BUCKET}/sizes/${size}`)).bytes).equals(body)).toBe(true);
    });

    test('refuses one byte more than the limit', async () => {
      await put('sizes/over', Buffer.alloc(MAX_SOURCE_BYTES + 1, 'A=1\n'));
      expect(await failure(fetch(`s3://${BUCKET}/sizes/over`))).toBe('too_large');
    });

    test('distinguishes absent, denied and bad credentials', async () => {
      await put('dev/private', 'A=1\n');
      expect(await failure(fetch(`s3://${BUCKET}/dev/absent`))).toBe('not_found');
      expect(await failure(fetch('s3://no-such-bucket-of-ours/env'))).toBe('not_found');
      expect(await failure(fetch(`s3://${BUCKET}/dev/private?versionId=nosuchversionatall`))).toBe(
        'not_found',
      );
      expect(await failure(fetch(`s3://${BUCKET}/dev/private`, server.stranger))).toBe('denied');
      const { accessKeyId } = server;
      expect(
        await failure(fetch(`s3://${BUCKET}/dev/private`, { accessKeyId, secretAccessKey: 'wrong' })),
      ).toBe('credentials');
      expect(
        await failure(
          fetch(`s3://${BUCKET}/dev/private`, { accessKeyId: 'AKIDNOBODY', secretAccessKey: 'wrong' }),
        ),
      ).toBe('credentials');
    });

    test('reports that an object was deleted', async () => {
      await put('dev/deleted', 'A=1\n');
      await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'dev/deleted' }));
      expect(await failure(fetch(`s3://${BUCKET}/dev/deleted`))).toBe('not_found');
    });
  });
}
