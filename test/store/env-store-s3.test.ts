/**
 * S3's own part of the contract in src/store/contract.ts: keys, tags, probes, lost answers, pages, policies.
 */
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseFolder, parseSource } from '../../src/source-uri.ts';
import {
  type EnvStore,
  type Expected,
  NO_ATTRIBUTES,
  type SealAtRest,
  type WriteOptions,
  type Written,
} from '../../src/store/contract.ts';
import { describeReal } from '../real/available.ts';
import { type RealS3, startCeph } from '../real/start.ts';
import {
  type AccessKey,
  kmsKeyArn,
  type LoggedRequest,
  managedKeyArn,
  type S3Server,
  type Statement,
  startS3,
} from '../servers/start.ts';
import { collect } from './collect.ts';
import { failureOf } from './failure.ts';
import { BUCKET, OWN_S3, openS3, s3Client } from './grounds.ts';

const SEAL: SealAtRest = { kind: 'sse-kms', key: kmsKeyArn(), isDual: false };
const ENV = parseSource(`s3://${BUCKET}/dev/env`);

let s3: S3Server;
let store: EnvStore;

beforeAll(async () => {
  s3 = await startS3();
});

afterEach(async () => {
  await s3.reset();
});

afterAll(() => s3?.stop());

/** A store that knows nothing of the bucket yet. */
async function fresh(seconds?: number, key = OWN_S3): Promise<EnvStore> {
  store = await openS3({ endpoint: s3.url, ...key }, seconds);
  return store;
}

async function freshAs(allow: readonly Statement[], deny: readonly Statement[] = []): Promise<EnvStore> {
  const key: AccessKey = {
    accessKeyId: 'AKIDOPERATOR',
    secretAccessKey: 'of-an-operator',
    arn: 'arn:aws:iam::111122223333:user/operator',
    allow,
    deny,
  };
  await s3.accessKey(key);
  return await fresh(60, key);
}

const ALL: Statement = { actions: ['*'], resources: ['*'] };

async function write(text: string, expected: Expected, more: Partial<WriteOptions> = {}): Promise<Written> {
  const options = { seal: SEAL, expected, attributes: NO_ATTRIBUTES, ...more };
  return await store.write(ENV, Buffer.from(text), options);
}

async function stored(key = 'dev/env'): Promise<string> {
  const { bytes } = await (await fresh()).read(parseSource(`s3://${BUCKET}/${key}`));
  return Buffer.from(bytes).toString();
}

/** Requests for the file itself, without those that try the store out. */
async function requests(method: string): Promise<LoggedRequest[]> {
  const all = await s3.requests();
  return all.filter((request) => request.method === method && request.subject === `${BUCKET}/dev/env`);
}

describe('sealing', () => {
  test('asks for the key, a bucket key, and has a checksum with it', async () => {
    await s3.bucket(BUCKET);
    const { sealing } = await (await fresh()).write(ENV, Buffer.from('A=1\n'), {
      seal: SEAL,
      expected: 'nothing',
      attributes: NO_ATTRIBUTES,
    });
    expect(sealing).toEqual({ kind: 'sse-kms', key: kmsKeyArn(), isDual: false });
    const [put] = await requests('PUT');
    expect(put?.headers).toMatchObject({
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': kmsKeyArn(),
      'x-amz-server-side-encryption-bucket-key-enabled': 'true',
      'x-amz-checksum-crc32': expect.stringMatching(/^[\w+/]{6}==$/),
    });
  });

  test('twice, which has no bucket key', async () => {
    await s3.bucket(BUCKET);
    await fresh();
    const { sealing } = await write('A=1\n', 'nothing', {
      seal: { kind: 'sse-kms', key: undefined, isDual: true },
    });
    expect(sealing).toEqual({ kind: 'sse-kms', key: managedKeyArn('us-east-1'), isDual: true });
    const [put] = await requests('PUT');
    expect(put?.headers).not.toHaveProperty('x-amz-server-side-encryption-bucket-key-enabled');
  });

  test('is left to the bucket for bytes that are sealed already', async () => {
    await s3.bucket(BUCKET);
    await fresh();
    expect((await write('A=1\n', 'nothing', { seal: { kind: 'store' } })).sealing).toEqual({ kind: 'none' });
  });

  test('that the store does not do is in its answer', async () => {
    await s3.bucket(BUCKET);
    await fresh();
    await s3.fault({ method: 'PUT', match: 'dev/env$', stripSse: true });
    expect(await write('A=1\n', 'nothing')).toMatchObject({ sealing: { kind: 'none' } });
  });

  test('of another cloud is refused before anything is sent', async () => {
    await s3.bucket(BUCKET);
    await fresh();
    const failure = await failureOf(write('A=1\n', 'nothing', { seal: { kind: 'cmek', key: undefined } }));
    expect(failure).toMatchObject({ code: 'usage', hint: 'use --seal sse-kms or --seal sops' });
    expect(await s3.requests()).toEqual([]);
  });
});

describe('tags', () => {
  const attributes = { ...NO_ATTRIBUTES, tags: { team: 'a & b', 'kost=stelle': '1+1 ü' } };

  test('are kept', async () => {
    await s3.bucket(BUCKET);
    await fresh();
    const first = await write('A=1\n', 'nothing', { attributes });
    const object = await store.read(ENV);
    expect(object.attributes.tags).toEqual(attributes.tags);
    await write('A=2\n', first, { attributes: object.attributes });
    expect((await store.read(ENV)).attributes.tags).toEqual(attributes.tags);
  });

  test('cost a request only where there are any', async () => {
    await s3.put(BUCKET, 'dev/env', 'A=1\n');
    expect((await (await fresh()).read(ENV)).attributes.tags).toEqual({});
    expect(await s3.requests()).toHaveLength(1);
  });
});

describe('an answer that is lost', () => {
  const lost = [
    ['is reset', { resetBeforeHeaders: true }],
    ['becomes a 500', { status: 500 }],
    ['becomes a 503', { status: 503, code: 'ServiceUnavailable' }],
  ] as const;

  test.for(lost)('of a write that was done, and %s, does not count', async ([, fault]) => {
    await s3.bucket(BUCKET);
    await fresh();
    for (const [text, expected] of [['A=1\n', 'nothing'] as const, ['A=2\n', 'revision'] as const]) {
      const condition = expected === 'nothing' ? expected : { revision: (await store.read(ENV)).revision };
      await s3.fault({ method: 'PUT', match: 'dev/env$', applied: true, ...fault });
      const { version, revision } = await write(text, condition);
      expect(await store.read(ENV)).toMatchObject({ version, revision });
      expect(await stored()).toBe(text);
      await fresh();
    }
    expect(await store.versions(ENV)).toHaveLength(2);
  });

  test('of a write that was not done is tried again', async () => {
    await s3.bucket(BUCKET);
    await fresh();
    await s3.fault({ method: 'PUT', match: 'dev/env$', resetBeforeHeaders: true, count: 3 });
    await write('A=1\n', 'nothing');
    expect(await stored()).toBe('A=1\n');
  });

  test.for([
    ['other bytes', 'A=other\n', kmsKeyArn()],
    ['the same bytes under another key', 'A=2\n', managedKeyArn('us-east-1')],
  ])(
    'and if someone else stored %s in the meantime, it is a conflict',
    async ([, text = '', kmsKeyId = '']) => {
      await s3.put(BUCKET, 'dev/env', 'A=1\n');
      const { revision } = await (await fresh()).read(ENV);
      const later = { 'retry-after': '1' };
      await s3.fault({ method: 'PUT', match: 'dev/env$', status: 500, setHeaders: later });
      const [failure, winner] = await Promise.all([
        failureOf(write('A=2\n', { revision })),
        s3.seen('dev/env$', 2).then(() => s3.put(BUCKET, 'dev/env', text, { sse: 'aws:kms', kmsKeyId })),
      ]);
      expect(failure).toMatchObject({ code: 'conflict', message: expect.stringContaining(winner.versionId) });
      expect(await stored()).toBe(text);
    },
  );
});

describe('a write that does not come through', () => {
  test.for([{ hang: true }, { resetBeforeHeaders: true }, { status: 503 }])(
    'leaves the old version: %j',
    async (fault) => {
      await s3.put(BUCKET, 'dev/env', 'A=1\n');
      const { revision } = await (await fresh(1)).read(ENV);
      await s3.fault({ method: 'PUT', match: 'dev/env$', count: 'always', ...fault });
      expect((await failureOf(write('A=2\n', { revision }))).code).toMatch(/^(timeout|unreachable)$/);
      await s3.clearFaults();
      expect(await stored()).toBe('A=1\n');
    },
  );

  test('because another one is on its way is tried again', async () => {
    await s3.bucket(BUCKET);
    await fresh();
    await s3.fault({ method: 'PUT', match: 'dev/env$', status: 409, code: 'ConditionalRequestConflict' });
    await write('A=1\n', 'nothing');
    expect(await stored()).toBe('A=1\n');
  });

  test('because another one is always on its way is a conflict', async () => {
    await s3.bucket(BUCKET);
    await fresh(1);
    const code = 'ConditionalRequestConflict';
    await s3.fault({ method: 'PUT', match: 'dev/env$', status: 409, code, count: 'always' });
    expect(await failureOf(write('A=1\n', 'nothing'))).toMatchObject({ code: 'conflict', exitStatus: 75 });
  });
});

describe('a store', () => {
  test('that obeys conditions is asked once for each bucket, and nothing is written for it', async () => {
    await s3.bucket(BUCKET);
    await fresh();
    const first = await write('A=1\n', 'nothing');
    await write('A=2\n', first);
    const all = await s3.requests();
    expect(all.map(({ method, status }) => `${method} ${status}`)).toEqual(['PUT 404', 'PUT 200', 'PUT 200']);
    expect(await collect(store.find(parseFolder(`s3://${BUCKET}/`)))).toHaveLength(1);
  });

  test.for(['ignored', 'unknown'] as const)('in which conditions are %s is detected', async (conditions) => {
    await s3.put(BUCKET, 'dev/env', 'A=1\n');
    await s3.bucket(BUCKET, { conditions });
    const { revision } = await (await fresh()).read(ENV);
    for (const expected of ['nothing', { revision }] as const) {
      const failure = await failureOf(write('A=2\n', expected));
      expect(failure).toMatchObject({ code: 'unconditional', exitStatus: 78 });
      expect(failure.hint).toContain('--allow-unconditional');
    }
    expect(await stored()).toBe('A=1\n');
    await write('A=3\n', 'anything');
    expect(await stored()).toBe('A=3\n');
    const versions = await s3Client({ endpoint: s3.url, ...OWN_S3 }).send(
      new ListObjectVersionsCommand({ Bucket: BUCKET }),
    );
    // What it was tried out with is gone, with its versions and without a marker.
    expect(versions.Versions?.map(({ Key }) => Key)).toEqual(['dev/env', 'dev/env']);
    expect(versions.DeleteMarkers).toBeUndefined();
  });

  test('that may not be tried out is taken to obey', async () => {
    await s3.bucket(BUCKET);
    await freshAs([{ actions: ['*'], resources: [`arn:aws:s3:::${BUCKET}/dev/env`, 'arn:aws:kms:*'] }]);
    await write('A=1\n', 'nothing');
    expect(await failureOf(write('A=2\n', 'nothing'))).toMatchObject({ code: 'conflict' });
  });
});

describe('a refusal', () => {
  test('names the permission to write', async () => {
    await s3.bucket(BUCKET);
    await freshAs([ALL], [{ actions: ['s3:PutObject'], resources: ['*'] }]);
    const failure = await failureOf(write('A=1\n', 'nothing'));
    expect(failure).toMatchObject({ code: 'denied', exitStatus: 77 });
    expect(failure.message).toContain(`may not perform s3:PutObject on arn:aws:s3:::${BUCKET}/dev/env`);
  });

  test('names the permission to use the key', async () => {
    await s3.bucket(BUCKET);
    await s3.kmsKey({ arn: kmsKeyArn(), allow: { 'kms:GenerateDataKey': [] } });
    await fresh();
    const failure = await failureOf(write('A=1\n', 'nothing'));
    expect(failure.code).toBe('denied');
    expect(failure.message).toContain(`may not perform kms:GenerateDataKey on ${kmsKeyArn()}`);
  });

  test('without details names both', async () => {
    await s3.bucket(BUCKET);
    await fresh();
    await s3.fault({ method: 'PUT', match: 'dev/env$', status: 403, code: 'AccessDenied' });
    const { hint } = await failureOf(write('A=1\n', 'nothing'));
    expect(hint).toContain('s3:PutObject');
    expect(hint).toContain('kms:GenerateDataKey');
  });

  test('names the key that is disabled', async () => {
    await s3.bucket(BUCKET);
    await s3.kmsKey({ arn: kmsKeyArn(), state: 'Disabled' });
    await fresh();
    expect(await failureOf(write('A=1\n', 'nothing'))).toMatchObject({ code: 'key_unavailable' });
  });

  test('to look at the winner leaves a conflict that names none', async () => {
    await s3.put(BUCKET, 'dev/env', 'A=1\n');
    await freshAs([ALL], [{ actions: ['s3:GetObject'], resources: ['*'] }]);
    const failure = await failureOf(write('A=2\n', 'nothing'));
    expect(failure).toMatchObject({ code: 'conflict', message: expect.stringContaining('another version') });
  });
});

describe('versions', () => {
  test('go over pages', async () => {
    const ids: string[] = [];
    for (let number = 0; number < 1001; number++) {
      ids.unshift((await s3.put(BUCKET, 'dev/env', `A=${number}\n`)).versionId);
    }
    await s3.put(BUCKET, 'dev/env-of-another', 'A=1\n');
    const versions = await (await fresh()).versions(ENV);
    expect(versions.map(({ version }) => version)).toEqual(ids);
    expect(versions.filter(({ isCurrent }) => isCurrent)).toHaveLength(1);
    const lists = (await s3.requests()).filter(({ target }) => target.includes('versions'));
    expect(lists).toHaveLength(2);
  });

  test('have deletions in their place', async () => {
    const client = s3Client({ endpoint: s3.url, ...OWN_S3 });
    const remove = () => client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'dev/env' }));
    const first = await s3.put(BUCKET, 'dev/env', 'A=1\n');
    const { VersionId: gone } = await remove();
    const second = await s3.put(BUCKET, 'dev/env', 'A=2\n');
    const { VersionId: goneAgain } = await remove();
    const versions = await (await fresh()).versions(ENV);
    expect(versions.map(({ version, isCurrent, isDeletion }) => [version, isCurrent, isDeletion])).toEqual([
      [goneAgain, true, true],
      [second.versionId, false, false],
      [gone, false, true],
      [first.versionId, false, false],
    ]);
  });

  test('of a bucket without versions is an error', async () => {
    await s3.bucket(BUCKET, { versioning: 'Off' });
    await fresh();
    const { version } = await write('A=1\n', 'nothing');
    expect(version).toBeUndefined();
    expect(await failureOf(store.versions(ENV))).toMatchObject({ code: 'unversioned' });
    const blind = await freshAs([ALL], [{ actions: ['s3:GetBucketVersioning'], resources: ['*'] }]);
    expect(await failureOf(blind.versions(ENV))).toMatchObject({ code: 'unversioned' });
  });

  test('from before versioning was suspended are still there', async () => {
    const { versionId } = await s3.put(BUCKET, 'dev/env', 'A=1\n');
    await s3.bucket(BUCKET, { versioning: 'Suspended' });
    await s3.put(BUCKET, 'dev/env', 'A=2\n');
    const versions = await (await fresh()).versions(ENV);
    expect(versions.map(({ version }) => version)).toEqual(['null', versionId]);
  });
});

describe('a listing', () => {
  test('of 1,001 files takes two requests, and one for each file', async () => {
    for (let number = 0; number < 1001; number++) {
      await s3.put(BUCKET, `list/${String(number).padStart(4, '0')}`, 'A=1\n', {
        metadata: { n: `${number}` },
      });
    }
    await s3.put(BUCKET, 'list/folder/', '');
    const files = await collect((await fresh()).list(parseFolder(`s3://${BUCKET}/list/`)));
    expect(files.map(({ metadata }) => metadata.n)).toEqual(Array.from({ length: 1001 }, (_, n) => `${n}`));
    const methods = (await s3.requests()).map(({ method }) => method);
    expect(methods.filter((method) => method === 'GET')).toHaveLength(2);
    expect(methods.filter((method) => method === 'HEAD')).toHaveLength(1001);
    expect(methods).toHaveLength(1003);
  });

  test('has the files that may not be looked at', async () => {
    await s3.put(BUCKET, 'dev/env', 'A=1\n');
    await freshAs([ALL], [{ actions: ['s3:GetObject'], resources: ['*'] }]);
    const [file] = await collect(store.list(parseFolder(`s3://${BUCKET}/dev/`)));
    expect(file).toMatchObject({ uri: ENV.uri, size: 4, sealing: undefined });
  });

  test('keeps the region and the endpoint of its place', async () => {
    await s3.put(BUCKET, 'dev/env', 'A=1\n');
    const query = `?region=us-east-1&endpoint=${encodeURIComponent(s3.url)}`;
    const [file] = await collect((await fresh()).find(parseFolder(`s3://${BUCKET}/dev/${query}`)));
    expect(file?.uri).toBe(ENV.uri + query);
  });
});

describe('a bucket', () => {
  const cases = [
    // Whether it encrypts is asked of a bucket without versions only.
    ['as they are made', {}, { isVersioned: true, isEncrypted: undefined, isPublic: false }],
    ['without versions', { versioning: 'Off' }, { isVersioned: false, isEncrypted: true }],
    ['with suspended versions', { versioning: 'Suspended' }, { isVersioned: false }],
    ['with a private policy', { policy: 'private' }, { isPublic: false }],
    ['with a public policy', { policy: 'public' }, { isPublic: true }],
    [
      'with a public policy that is allowed',
      { policy: 'public', publicAccess: 'allowed' },
      { isPublic: true },
    ],
    [
      'with a public policy that is blocked',
      { policy: 'public', publicAccess: 'blocked' },
      { isPublic: false },
    ],
  ] as const;

  test.for(cases)('%s', async ([, settings, state]) => {
    await s3.bucket(BUCKET, settings);
    expect(await (await fresh()).inspect(ENV)).toMatchObject(state);
  });

  test('that is not readable', async () => {
    await s3.bucket(BUCKET, { policy: 'public' });
    const unknown = { isVersioned: undefined, isEncrypted: undefined, isPublic: undefined };
    expect(await (await freshAs([])).inspect(ENV)).toEqual(unknown);
  });

  test('whose policy is not readable, and whose public access is blocked', async () => {
    await s3.bucket(BUCKET, { policy: 'public', publicAccess: 'blocked' });
    await freshAs([ALL], [{ actions: ['s3:GetBucketPolicyStatus'], resources: ['*'] }]);
    expect((await store.inspect(ENV)).isPublic).toBe(false);
  });

  test('that is not there', async () => {
    expect(await failureOf((await fresh()).inspect(ENV))).toMatchObject({ code: 'not_found' });
  });
});

describeReal('ceph', 'Ceph, where a bucket keeps versions', () => {
  let ceph: RealS3;

  beforeAll(async () => {
    ceph = await startCeph();
    const client = s3Client(ceph);
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration }));
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'dev/env', Body: 'A=1\n' }));
  });

  afterAll(() => ceph?.stop());

  test('does not support conditions, which is reported, and nothing is lost or left behind', async () => {
    store = await openS3(ceph);
    const { revision } = await store.read(ENV);
    const seal = { kind: 'store' } as const;
    for (const expected of ['nothing', { revision }] as const) {
      expect(await failureOf(write('A=2\n', expected, { seal }))).toMatchObject({ code: 'unconditional' });
    }
    expect((await store.read(ENV)).revision).toBe(revision);
    expect(await store.versions(ENV)).toHaveLength(1);
    expect(await collect(store.find(parseFolder(`s3://${BUCKET}/`)))).toHaveLength(1);
    await write('A=3\n', 'anything', { seal });
    expect(await store.versions(ENV)).toHaveLength(2);
  });
});
