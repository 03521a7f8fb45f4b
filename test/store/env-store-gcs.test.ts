/** Cloud Storage's own part of the contract in src/store/contract.ts: keys, lost answers, pages, policies. */
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
import { accessToken } from '../servers/google/access-tokens.ts';
import {
  CLOUD_KMS_KEY,
  cloudKmsKeyVersion,
  type GcsServer,
  OTHER_CLOUD_KMS_KEY,
  startGcs,
} from '../servers/start.ts';
import { collect } from './collect.ts';
import { failureOf } from './failure.ts';
import { BUCKET, googleStorage, openGcs } from './grounds.ts';

const SEAL: SealAtRest = { kind: 'cmek', key: CLOUD_KMS_KEY };
const ENV = parseSource(`gs://${BUCKET}/dev/env`);
const OPERATOR = 'operator@envseal-test.iam.gserviceaccount.com';

let gcs: GcsServer;

beforeAll(async () => {
  gcs = await startGcs();
});

afterEach(() => gcs.reset());

afterAll(() => gcs?.stop());

function fresh(seconds?: number): EnvStore {
  return openGcs(gcs.url, accessToken(), seconds);
}

/** A caller with this permission and no other. */
async function freshAs(permissions: readonly string[]): Promise<EnvStore> {
  await gcs.allow(OPERATOR, permissions);
  return openGcs(gcs.url, accessToken({ principal: OPERATOR }));
}

async function write(
  store: EnvStore,
  text: string,
  expected: Expected,
  more: Partial<WriteOptions> = {},
): Promise<Written> {
  const options = { seal: SEAL, expected, attributes: NO_ATTRIBUTES, ...more };
  return await store.write(ENV, Buffer.from(text), options);
}

async function stored(): Promise<string> {
  return Buffer.from((await fresh().read(ENV)).bytes).toString();
}

describe('sealing', () => {
  test('asks for the key in one request', async () => {
    await gcs.bucket(BUCKET);
    const written = await write(fresh(), 'A=1\n', 'nothing');
    expect(written.sealing).toEqual({ kind: 'cmek', key: cloudKmsKeyVersion(1) });
    expect(written.requestIds).not.toEqual([]);
    expect(await gcs.requests()).toHaveLength(1);
  });

  test("without a key takes the bucket's", async () => {
    await gcs.bucket(BUCKET, { defaultKmsKeyName: OTHER_CLOUD_KMS_KEY });
    const { sealing } = await write(fresh(), 'A=1\n', 'nothing', { seal: { kind: 'cmek', key: undefined } });
    expect(sealing).toMatchObject({ kind: 'cmek', key: expect.stringContaining(OTHER_CLOUD_KMS_KEY) });
  });

  test('without any key nothing is stored', async () => {
    await gcs.bucket(BUCKET);
    const failure = await failureOf(
      write(fresh(), 'A=1\n', 'nothing', { seal: { kind: 'cmek', key: undefined } }),
    );
    expect(failure).toMatchObject({ code: 'configuration', hint: expect.stringContaining('--kms-key') });
    expect(await gcs.stored(BUCKET, 'dev/env')).toBeNull();
  });

  test.for(['disabled', 'denied'] as const)('with a key that is %s fails', async (state) => {
    await gcs.bucket(BUCKET);
    await gcs.kmsKey({ name: CLOUD_KMS_KEY, state });
    const { code } = await failureOf(write(fresh(), 'A=1\n', 'nothing'));
    expect(code).toBe(state === 'denied' ? 'denied' : 'key_unavailable');
  });
});

test('has its checksum with it, and the service compares', async () => {
  await gcs.bucket(BUCKET);
  const file = googleStorage(gcs.url, accessToken()).bucket(BUCKET).file('dev/env');
  const wrong = { resumable: false, validation: false, metadata: { crc32c: 'AAAAAA==' } };
  // That the server of the tests looks at all.
  await expect(file.save('A=1\n', wrong)).rejects.toThrow('CRC32C');
  await write(fresh(), 'A=1\n', 'nothing');
  expect(await stored()).toBe('A=1\n');
});

describe('an answer that is lost', () => {
  test.for([
    ['is reset', { resetBeforeHeaders: true }],
    ['becomes a 503', { status: 503 }],
  ] as const)('of a write that was done, and %s, does not count', async ([, fault]) => {
    await gcs.bucket(BUCKET);
    const store = fresh();
    await gcs.fault({ method: 'POST', match: 'dev/env$', applied: true, ...fault });
    const first = await write(store, 'A=1\n', 'nothing');
    await gcs.fault({ method: 'POST', match: 'dev/env$', applied: true, ...fault });
    const second = await write(store, 'A=2\n', first);
    expect(await store.read(ENV)).toMatchObject({ version: second.version, revision: second.revision });
    expect(await store.versions(ENV)).toHaveLength(2);
  });

  test('and if someone else stored a file in the meantime, it is a conflict', async () => {
    const { generation } = await gcs.put(BUCKET, 'dev/env', 'A=1\n');
    const setHeaders = { 'retry-after': '1' };
    await gcs.fault({ method: 'POST', match: 'dev/env$', status: 503, setHeaders });
    const [failure, winner] = await Promise.all([
      failureOf(write(fresh(), 'A=2\n', { revision: generation })),
      gcs.seen('dev/env$').then(() => gcs.put(BUCKET, 'dev/env', 'A=other\n')),
    ]);
    expect(failure).toMatchObject({ code: 'conflict', message: expect.stringContaining(winner.generation) });
    expect(await stored()).toBe('A=other\n');
  });
});

test.for([{ hang: true }, { resetBeforeHeaders: true }, { status: 503 }])(
  'a write that does not come through leaves the old version: %j',
  async (fault) => {
    const { generation } = await gcs.put(BUCKET, 'dev/env', 'A=1\n');
    await gcs.fault({ method: 'POST', match: 'dev/env$', count: 'always', ...fault });
    const { code } = await failureOf(write(fresh(1), 'A=2\n', { revision: generation }));
    expect(code).toMatch(/^(timeout|unreachable)$/);
    expect(await stored()).toBe('A=1\n');
  },
);

test('a rule of the organization is not a conflict', async () => {
  const { generation } = await gcs.put(BUCKET, 'dev/env', 'A=1\n');
  await gcs.fault({ method: 'POST', match: 'dev/env$', status: 412 });
  const failure = await failureOf(write(fresh(), 'A=2\n', { revision: generation }));
  expect(failure).toMatchObject({ code: 'denied', message: expect.stringContaining('organization') });
});

test('a refusal names the permission to write', async () => {
  await gcs.bucket(BUCKET);
  const store = await freshAs(['storage.objects.get', 'storage.objects.list']);
  const failure = await failureOf(write(store, 'A=1\n', 'nothing'));
  expect(failure).toMatchObject({ code: 'denied', exitStatus: 77 });
  expect(failure.message).toContain('storage.objects.create');
});

test('with permission only to write, the conflict names no version', async () => {
  await gcs.put(BUCKET, 'dev/env', 'A=1\n');
  const failure = await failureOf(write(await freshAs(['storage.objects.create']), 'A=2\n', 'nothing'));
  expect(failure).toMatchObject({ code: 'conflict', message: expect.stringContaining('another version') });
});

describe('a listing', () => {
  test('of 1,001 files takes two requests', async () => {
    for (let number = 0; number < 1001; number++) {
      const name = `list/${String(number).padStart(4, '0')}`;
      await gcs.put(BUCKET, name, 'A=1\n', { kmsKeyName: CLOUD_KMS_KEY, metadata: { n: `${number}` } });
    }
    await gcs.put(BUCKET, 'list/folder/', '');
    const files = await collect(fresh().list(parseFolder(`gs://${BUCKET}/list/`)));
    expect(files.map(({ metadata }) => metadata.n)).toEqual(Array.from({ length: 1001 }, (_, n) => `${n}`));
    expect(files.at(-1)?.sealing).toEqual({ kind: 'cmek', key: cloudKmsKeyVersion(1) });
    expect(await gcs.requests()).toHaveLength(2);
  });
});

describe('versions', () => {
  test('of a bucket without versions is an error', async () => {
    await gcs.bucket(BUCKET, { versioning: false });
    await gcs.put(BUCKET, 'dev/env', 'A=1\n');
    expect(await failureOf(fresh().versions(ENV))).toMatchObject({ code: 'unversioned' });
  });

  test('from before versioning was turned off are still there', async () => {
    const first = await gcs.put(BUCKET, 'dev/env', 'A=1\n');
    const second = await gcs.put(BUCKET, 'dev/env', 'A=2\n');
    await gcs.bucket(BUCKET, { versioning: false });
    const versions = await fresh().versions(ENV);
    expect(versions.map(({ version }) => version)).toEqual([second.generation, first.generation]);
  });

  test('of a bucket that may not be looked at are those that are listed', async () => {
    await gcs.put(BUCKET, 'dev/env', 'A=1\n');
    const store = await freshAs(['storage.objects.list']);
    expect(await store.versions(ENV)).toMatchObject([{ isCurrent: true }]);
  });
});

describe('a bucket', () => {
  const everybody = { 'roles/storage.objectViewer': ['user:a@example.com', 'allUsers'] };
  const cases = [
    ['as they are made', {}, { isVersioned: true, isEncrypted: true, isPublic: false }],
    ['without versions', { versioning: false }, { isVersioned: false }],
    ['that anyone may read', { bindings: everybody }, { isPublic: true }],
    [
      'that anyone with an account may read',
      { bindings: { 'roles/storage.objectViewer': ['allAuthenticatedUsers'] } },
      { isPublic: true },
    ],
    [
      'that anyone may list',
      { bindings: { 'roles/storage.legacyBucketReader': ['allUsers'] } },
      { isPublic: false },
    ],
    [
      'that prevents public access',
      { bindings: everybody, publicAccessPrevention: 'enforced' },
      { isPublic: false },
    ],
  ] as const;

  test.for(cases)('%s', async ([, settings, state]) => {
    await gcs.bucket(BUCKET, settings);
    expect(await fresh().inspect(ENV)).toMatchObject(state);
  });

  test('that is not readable', async () => {
    await gcs.bucket(BUCKET, { bindings: everybody });
    const unknown = { isVersioned: undefined, isEncrypted: true, isPublic: undefined };
    expect(await (await freshAs([])).inspect(ENV)).toEqual(unknown);
  });

  test('whose policy alone may be looked at', async () => {
    await gcs.bucket(BUCKET, { bindings: everybody });
    const store = await freshAs(['storage.buckets.getIamPolicy']);
    expect(await store.inspect(ENV)).toEqual({ isVersioned: undefined, isEncrypted: true, isPublic: true });
  });
});
