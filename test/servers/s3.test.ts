import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketEncryptionCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  ACCESS_KEY_ID,
  KMS_ALIAS,
  kmsKeyArn,
  managedKeyArn,
  type S3Server,
  SECRET_ACCESS_KEY,
  startS3,
} from './start.ts';

const Bucket = 'snacks';
const Key = 'dev/env';
const SEALED = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: kmsKeyArn() } as const;

let server: S3Server;
let s3: S3Client;

function client(config: S3ClientConfig = {}): S3Client {
  return new S3Client({
    region: 'us-east-1',
    endpoint: server.url,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY },
    ...config,
  });
}

beforeAll(async () => {
  server = await startS3();
  s3 = client();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.reset();
  await server.bucket(Bucket);
});

describe('the AWS SDK', () => {
  test('reads back what it wrote, sealed by a KMS key', async () => {
    const put = await s3.send(
      new PutObjectCommand({
        Bucket,
        Key,
        Body: 'A=1\n',
        Metadata: { owner: 'me' },
        ...SEALED,
        BucketKeyEnabled: true,
      }),
    );
    expect(put).toMatchObject({
      ...SEALED,
      BucketKeyEnabled: true,
      VersionId: expect.stringMatching(/^[\w.]{32}$/),
    });
    const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
    expect(await got.Body?.transformToString()).toBe('A=1\n');
    expect(got).toMatchObject({
      ...SEALED,
      BucketKeyEnabled: true,
      ContentLength: 4,
      ContentType: 'application/octet-stream',
      ETag: put.ETag,
      VersionId: put.VersionId,
      Metadata: { owner: 'me' },
      ChecksumCRC32: put.ChecksumCRC32,
      ChecksumType: 'FULL_OBJECT',
    });
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head).toMatchObject({ ...SEALED, ContentLength: 4, ETag: put.ETag, Metadata: { owner: 'me' } });
  });

  test.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    'sends and checks %s',
    async (algorithm) => {
      const put = await s3.send(
        new PutObjectCommand({ Bucket, Key, Body: 'A=1\n', ChecksumAlgorithm: algorithm }),
      );
      const got = await s3.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
      expect(await got.Body?.transformToString()).toBe('A=1\n');
      expect(got[`Checksum${algorithm}`]).toBe(put[`Checksum${algorithm}`]);
      expect(got[`Checksum${algorithm}`]).toBeTypeOf('string');
    },
  );

  test('streams a body in chunks with a trailing checksum', async () => {
    const Body = Readable.from([Buffer.from('A=1\n'), Buffer.from('B=2\n')]);
    await s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength: 8, ...SEALED }));
    const [logged] = await server.requests();
    expect(logged?.headers['x-amz-content-sha256']).toMatch(/^STREAMING-.*-TRAILER$/);
    const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
    expect(await got.Body?.transformToString()).toBe('A=1\nB=2\n');
    expect(got.ContentEncoding).toBeUndefined();
  });

  test('finds keys with every kind of character', async () => {
    for (const odd of ['a b', 'a+b', 'ä/ö', "it's(*)!", 'a//b', '..', '%41', '-/reset', 'q?x=1&y']) {
      await s3.send(new PutObjectCommand({ Bucket, Key: odd, Body: odd }));
      const got = await s3.send(new GetObjectCommand({ Bucket, Key: odd }));
      expect(await got.Body?.transformToString()).toBe(odd);
    }
  });

  test('lists keys by prefix, delimiter and page', async () => {
    for (const key of ['dev/a', 'dev/b', 'prod/a', 'top']) await server.put(Bucket, key, '');
    const keysOf = async (input: object) =>
      (await s3.send(new ListObjectsV2Command({ Bucket, ...input }))).Contents?.map((row) => row.Key);
    expect(await keysOf({})).toEqual(['dev/a', 'dev/b', 'prod/a', 'top']);
    expect(await keysOf({ Prefix: 'dev/' })).toEqual(['dev/a', 'dev/b']);
    const rolled = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: '/' }));
    expect(rolled.CommonPrefixes?.map((row) => row.Prefix)).toEqual(['dev/', 'prod/']);
    expect(rolled.Contents?.map((row) => row.Key)).toEqual(['top']);
    const first = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 3 }));
    expect(first).toMatchObject({ IsTruncated: true, KeyCount: 3 });
    expect(await keysOf({ ContinuationToken: first.NextContinuationToken })).toEqual(['top']);
  });

  test('sees every version, newest first, and what a delete left', async () => {
    const one = await server.put(Bucket, Key, 'one');
    const two = await server.put(Bucket, Key, 'two');
    const marker = await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    expect(marker.DeleteMarker).toBe(true);
    const listed = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }));
    expect(listed.Versions?.map((row) => [row.VersionId, row.IsLatest])).toEqual([
      [two.versionId, false],
      [one.versionId, false],
    ]);
    expect(listed.DeleteMarkers).toMatchObject([{ VersionId: marker.VersionId, IsLatest: true }]);
    const old = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId: one.versionId }));
    expect(await old.Body?.transformToString()).toBe('one');
  });

  test('undoes a delete by removing its marker', async () => {
    await server.put(Bucket, Key, 'one');
    const { VersionId } = await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    await expect(s3.send(new GetObjectCommand({ Bucket, Key }))).rejects.toMatchObject({ name: 'NoSuchKey' });
    await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    expect(await (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString()).toBe(
      'one',
    );
  });

  test('asks what a bucket is like', async () => {
    await server.bucket(Bucket, { encryption: { algorithm: 'aws:kms', keyId: KMS_ALIAS, bucketKey: true } });
    expect(await s3.send(new HeadBucketCommand({ Bucket }))).toMatchObject({ BucketRegion: 'us-east-1' });
    expect(await s3.send(new GetBucketVersioningCommand({ Bucket }))).toMatchObject({ Status: 'Enabled' });
    const { ServerSideEncryptionConfiguration } = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
    expect(ServerSideEncryptionConfiguration?.Rules).toEqual([
      {
        ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: KMS_ALIAS },
        BucketKeyEnabled: true,
      },
    ]);
  });

  test('makes a bucket in another region', async () => {
    const irish = client({ region: 'eu-west-1', endpoint: server.endpoints['eu-west-1'] ?? '' });
    const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' } as const;
    await irish.send(new CreateBucketCommand({ Bucket: 'crisps', CreateBucketConfiguration }));
    const { LocationConstraint } = await irish.send(new GetBucketLocationCommand({ Bucket: 'crisps' }));
    expect(LocationConstraint).toBe('eu-west-1');
    await expect(irish.send(new CreateBucketCommand({ Bucket: 'crisps' }))).rejects.toMatchObject({
      name: 'BucketAlreadyOwnedByYou',
    });
  });
});

describe('sealing', () => {
  const sealingOf = async () => {
    const { ServerSideEncryption, SSEKMSKeyId } = await s3.send(new HeadObjectCommand({ Bucket, Key }));
    return [ServerSideEncryption, SSEKMSKeyId];
  };
  const put = (input: object) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body: 'SECRET=hunter2', ...input }));

  test.each([
    ['nothing', {}, ['AES256', undefined]],
    ['AES256', { ServerSideEncryption: 'AES256' }, ['AES256', undefined]],
    ['aws:kms without a key', { ServerSideEncryption: 'aws:kms' }, ['aws:kms', managedKeyArn('us-east-1')]],
    ['a key ARN', SEALED, ['aws:kms', kmsKeyArn()]],
    ['a key id', { ...SEALED, SSEKMSKeyId: kmsKeyArn().split('/')[1] }, ['aws:kms', kmsKeyArn()]],
    ['an alias', { ...SEALED, SSEKMSKeyId: KMS_ALIAS }, ['aws:kms', kmsKeyArn()]],
    ['two layers', { ...SEALED, ServerSideEncryption: 'aws:kms:dsse' }, ['aws:kms:dsse', kmsKeyArn()]],
  ])('with %s answers with the full key ARN', async (_, input, expected) => {
    await put(input);
    expect(await sealingOf()).toEqual(expected);
  });

  test("follows the bucket's default", async () => {
    await server.bucket(Bucket, { encryption: { algorithm: 'aws:kms', keyId: KMS_ALIAS } });
    await put({});
    expect(await sealingOf()).toEqual(['aws:kms', kmsKeyArn()]);
  });

  test.each([{ ServerSideEncryption: 'AES256' }, SEALED])('really encrypts (%o)', async (input) => {
    await put(input);
    const stored = await server.stored(Bucket, Key);
    expect(stored?.sealed.includes('hunter2')).toBe(false);
    expect(stored?.size).toBe('SECRET=hunter2'.length);
  });

  test('leaves the MD5 in the ETag only without KMS', async () => {
    const md5 = '"dd596538703fb84a72d0c5dddcd06c1c"';
    expect((await put({})).ETag).toBe(md5);
    expect((await put(SEALED)).ETag).not.toBe(md5);
  });

  test.each([
    ['Disabled', 'KMS.DisabledException'],
    ['PendingDeletion', 'KMS.KMSInvalidStateException'],
    ['NotFound', 'KMS.NotFoundException'],
  ] as const)('with a key that is %s fails with 400 %s, for writers and for readers', async (state, name) => {
    await put(SEALED);
    await server.kmsKey({ arn: kmsKeyArn(), state });
    const refused = { name, $metadata: { httpStatusCode: 400 } };
    await expect(s3.send(new GetObjectCommand({ Bucket, Key }))).rejects.toMatchObject(refused);
    await expect(put(SEALED)).rejects.toMatchObject(refused);
  });

  test('lets in only those who may decrypt', async () => {
    await put(SEALED);
    await server.kmsKey({ arn: kmsKeyArn(), allow: { 'kms:Decrypt': [] } });
    const message = `User: arn:aws:iam::111122223333:user/tester is not authorized to perform: kms:Decrypt on resource: ${kmsKeyArn()} because no identity-based policy allows the kms:Decrypt action`;
    await expect(s3.send(new GetObjectCommand({ Bucket, Key }))).rejects.toMatchObject({
      name: 'AccessDenied',
      message,
    });
    await expect(
      s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' })),
    ).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
    await expect(sealingOf()).resolves.toEqual(['aws:kms', kmsKeyArn()]);
  });

  test('takes no key of another region', async () => {
    const SSEKMSKeyId = kmsKeyArn('eu-west-1');
    await expect(put({ ...SEALED, SSEKMSKeyId })).rejects.toMatchObject({ name: 'KMS.NotFoundException' });
  });

  test.each([
    [{ ServerSideEncryption: 'rot13' }, 'InvalidArgument'],
    [{ ServerSideEncryption: 'AES256', SSEKMSKeyId: kmsKeyArn() }, 'InvalidArgument'],
  ])('refuses %o', async (input, name) => {
    await expect(put(input)).rejects.toMatchObject({ name });
  });
});

describe('conditional requests', () => {
  const put = (input: object) => s3.send(new PutObjectCommand({ Bucket, Key, Body: 'A=1', ...input }));

  test('If-None-Match: * lets the first of two writers win', async () => {
    const results = await Promise.allSettled([put({ IfNoneMatch: '*' }), put({ IfNoneMatch: '*' })]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    await expect(put({ IfNoneMatch: '*' })).resolves.toBeDefined();
  });

  test('If-Match lets only who has read the last version write', async () => {
    const first = await put({});
    await put({ IfMatch: first.ETag, Body: 'A=2' });
    const refused = { name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } };
    await expect(put({ IfMatch: first.ETag })).rejects.toMatchObject(refused);
    await expect(put({ Key: 'absent', IfMatch: first.ETag })).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test('let a reader know that nothing has changed', async () => {
    const { ETag } = await put({});
    const get = (input: object) => s3.send(new GetObjectCommand({ Bucket, Key, ...input }));
    await expect(get({ IfNoneMatch: ETag })).rejects.toMatchObject({ $metadata: { httpStatusCode: 304 } });
    await expect(get({ IfMatch: '"other"' })).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } });
    await expect(get({ IfMatch: ETag })).resolves.toBeDefined();
  });
});

describe('what is not there', () => {
  const get = (input: object) => s3.send(new GetObjectCommand({ Bucket, Key, ...input }));

  test.each([
    [{ Bucket: 'nowhere' }, 'NoSuchBucket', 404],
    [{}, 'NoSuchKey', 404],
    [{ VersionId: 'A'.repeat(32) }, 'NoSuchVersion', 404],
    [{ VersionId: 'x' }, 'InvalidArgument', 400],
  ])('%o is %s', async (input, name, httpStatusCode) => {
    await expect(get(input)).rejects.toMatchObject({ name, $metadata: { httpStatusCode } });
  });

  test('a delete marker is 404 by key and 405 by version', async () => {
    await server.put(Bucket, Key, 'one');
    const { VersionId } = await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    const headers = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': VersionId };
    await expect(get({})).rejects.toMatchObject({ name: 'NoSuchKey', $response: { headers } });
    await expect(get({ VersionId })).rejects.toMatchObject({
      name: 'MethodNotAllowed',
      $response: { statusCode: 405, headers },
    });
  });

  test('looks like denied to who may not list', async () => {
    const allow = [{ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::snacks/*'] }];
    await server.accessKey({
      accessKeyId: ACCESS_KEY_ID,
      secretAccessKey: SECRET_ACCESS_KEY,
      arn: 'arn:aws:iam::111122223333:user/reader',
      allow,
    });
    const message =
      'User: arn:aws:iam::111122223333:user/reader is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::snacks" because no identity-based policy allows the s3:ListBucket action';
    await expect(get({})).rejects.toMatchObject({ name: 'AccessDenied', message });
  });
});

describe('a bucket without versions', () => {
  test('speaks of none and keeps none', async () => {
    await server.bucket(Bucket, { versioning: 'Off' });
    const put = await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'one' }));
    expect(put.VersionId).toBeUndefined();
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'two' }));
    const { Versions } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    expect(Versions?.map((row) => row.VersionId)).toEqual(['null']);
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    await expect(s3.send(new GetObjectCommand({ Bucket, Key }))).rejects.toMatchObject({ name: 'NoSuchKey' });
  });
});

test('a range of an object is a 206', async () => {
  await server.put(Bucket, Key, '0123456789');
  const got = await s3.send(new GetObjectCommand({ Bucket, Key, Range: 'bytes=2-4' }));
  expect(await text(got.Body as Readable)).toBe('234');
  expect(got.ContentRange).toBe('bytes 2-4/10');
});
