import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { type File, Storage } from '@google-cloud/storage';
import { OAuth2Client } from 'google-auth-library';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CLOUD_PLATFORM_SCOPE, issueAccessToken, SERVICE_ACCOUNT } from './google/access-tokens.ts';
import { type RawReply, type RawRequest, send } from './raw-client.ts';
import { CA_FILE, type FaultRule, type GcsServer, startGcs } from './start.ts';

const BUCKET = 'snacks';
const OBJECT = 'dev/env';
const BODY = 'A=1\n';
const KEY = 'projects/envseal-test/locations/global/keyRings/ring/cryptoKeys/app';
const VERSION = `${KEY}/cryptoKeyVersions/1`;
const SCOPES = 'https://www.googleapis.com/auth/';
const XML = `/${BUCKET}/${OBJECT}`;
const JSON_API = `/storage/v1/b/${BUCKET}/o/${encodeURIComponent(OBJECT)}`;

let gcs: GcsServer;

beforeAll(async () => {
  gcs = await startGcs();
});
afterAll(() => gcs.stop());
beforeEach(async () => {
  await gcs.reset();
  await gcs.bucket(BUCKET);
});

function bearer(scopes: readonly string[] = [CLOUD_PLATFORM_SCOPE], principal = SERVICE_ACCOUNT): string {
  return `Bearer ${issueAccessToken({ principal, scopes, expiresAt: Date.now() + 60_000 })}`;
}

function get(path: string, headers: Record<string, string> = {}, more: Partial<RawRequest> = {}) {
  return send({ url: gcs.url + path, headers: { authorization: bearer(), ...headers }, ...more });
}

/** The error of either API, as `status code: details`. */
function errorOf({ status, body }: RawReply): string {
  const text = body.toString();
  const [, code, details] =
    /<Code>(.*)<\/Code><Message>.*?<\/Message>(?:<Details>(.*)<\/Details>)?/.exec(text) ?? [];
  if (code !== undefined)
    return details === undefined ? `${status} ${code}` : `${status} ${code}: ${details}`;
  const { error } = JSON.parse(text);
  return `${status} ${error.errors[0].reason}: ${error.message}`;
}

describe('the XML API', () => {
  test('says with which version of which key an object is sealed', async () => {
    const { generation } = await gcs.put(BUCKET, OBJECT, BODY, {
      kmsKeyName: KEY,
      metadata: { owner: 'me' },
      contentType: 'text/plain',
    });
    const { status, headers, body } = await get(XML);
    expect({ status, body: body.toString() }).toEqual({ status: 200, body: BODY });
    expect(headers).toMatchObject({
      'x-goog-generation': generation,
      'x-goog-metageneration': '1',
      'x-goog-hash': expect.stringMatching(/^crc32c=\S{6}==,md5=\S{22}==$/),
      'x-goog-stored-content-length': '4',
      'x-goog-stored-content-encoding': 'identity',
      'x-goog-storage-class': 'STANDARD',
      'x-goog-encryption-kms-key-name': VERSION,
      'x-goog-meta-owner': 'me',
      'x-guploader-uploadid': expect.any(String),
      'content-length': '4',
      'content-type': 'text/plain',
      etag: expect.stringMatching(/^".+"$/),
      'last-modified': expect.any(String),
    });
  });

  test('has the MD5 as the ETag of an object that no key of a customer seals', async () => {
    await gcs.put(BUCKET, OBJECT, BODY);
    const { headers } = await get(XML);
    expect(headers.etag).toBe('"7b9ee9647aa60af266c790de3f659403"');
    expect(headers).not.toHaveProperty('x-goog-encryption-kms-key-name');
  });

  test('may leave the key out, where the JSON API has it', async () => {
    await gcs.put(BUCKET, OBJECT, BODY, { kmsKeyName: KEY, hideKeyHeader: true });
    expect((await get(XML)).headers).not.toHaveProperty('x-goog-encryption-kms-key-name');
    expect(JSON.parse((await get(JSON_API)).body.toString())).toMatchObject({ kmsKeyName: VERSION });
    expect((await get(`${XML}?encryption`)).body.toString()).toBe(
      `<?xml version='1.0' encoding='UTF-8'?><Encryption><KmsKeyName>${VERSION}</KmsKeyName></Encryption>`,
    );
  });

  test('answers HEAD with the same headers', async () => {
    await gcs.put(BUCKET, OBJECT, BODY, { kmsKeyName: KEY });
    const { status, headers, body } = await get(XML, {}, { method: 'HEAD' });
    expect([status, body.length, headers['content-length']]).toEqual([200, 0, '4']);
    expect(headers['x-goog-encryption-kms-key-name']).toBe(VERSION);
  });

  test('finds the bucket in the host', async () => {
    await gcs.put(BUCKET, OBJECT, BODY);
    const { body } = await get(`/${OBJECT}`, { host: `${BUCKET}.storage.googleapis.com` });
    expect(body.toString()).toBe(BODY);
  });

  test.each(['a b', 'a+b', 'ä/ö', "it's(*)!", 'a//b', '%41', 'q?x=1&y', 'o/p'])('finds %j', async (odd) => {
    await gcs.put(BUCKET, odd, odd);
    expect((await get(`/${BUCKET}/${encodeURIComponent(odd)}`)).body.toString()).toBe(odd);
  });

  test('keeps generations', async () => {
    const { generation } = await gcs.put(BUCKET, OBJECT, 'one');
    await gcs.put(BUCKET, OBJECT, 'two');
    expect((await get(`${XML}?generation=${generation}`)).body.toString()).toBe('one');
    expect((await get(XML)).body.toString()).toBe('two');
    expect(errorOf(await get(`${XML}?generation=1`))).toBe(
      `404 NoSuchKey: No such object: ${BUCKET}/${OBJECT}`,
    );
  });

  test('answers conditions with 412 and 304', async () => {
    const { generation } = await gcs.put(BUCKET, OBJECT, BODY);
    const { headers } = await get(XML, { 'x-goog-if-generation-match': generation });
    expect(errorOf(await get(XML, { 'x-goog-if-generation-match': '1' }))).toBe('412 PreconditionFailed');
    expect(errorOf(await get(XML, { 'if-match': '"x"' }))).toBe('412 PreconditionFailed');
    expect((await get(XML, { 'if-none-match': headers.etag ?? '' })).status).toBe(304);
  });

  test('unpacks what is stored packed, for who does not take gzip', async () => {
    const packed = gzipSync(BODY);
    await gcs.put(BUCKET, OBJECT, packed, { contentEncoding: 'gzip' });
    const unpacked = await get(XML);
    expect(unpacked.body.toString()).toBe(BODY);
    expect(unpacked.headers).not.toHaveProperty('content-encoding');
    const asStored = await get(XML, { 'accept-encoding': 'gzip' });
    expect(asStored.body).toEqual(packed);
    expect(asStored.headers['content-encoding']).toBe('gzip');
    expect(asStored.headers['x-goog-hash']).toBe(unpacked.headers['x-goog-hash']);
  });

  test('serves a range', async () => {
    await gcs.put(BUCKET, OBJECT, BODY);
    const { status, headers, body } = await get(XML, { range: 'bytes=1-2' });
    expect([status, headers['content-range'], body.toString()]).toEqual([206, 'bytes 1-2/4', '=1']);
  });
});

describe('an error', () => {
  const DENIED =
    `${SERVICE_ACCOUNT} does not have storage.objects.get access to the Google Cloud Storage object. ` +
    "Permission 'storage.objects.get' denied on resource (or it may not exist).";
  const ANONYMOUS = DENIED.replace(SERVICE_ACCOUNT, 'Anonymous caller');

  beforeEach(async () => {
    await gcs.put(BUCKET, OBJECT, BODY, { kmsKeyName: KEY });
  });

  async function errors(headers: Record<string, string> = {}): Promise<string[]> {
    return [errorOf(await get(XML, headers)), errorOf(await get(`${JSON_API}?alt=media`, headers))];
  }

  test('is XML with a code, a message and details, or JSON with a reason', async () => {
    const missing = `/${BUCKET}/none`;
    const xml = await get(missing);
    expect(xml.headers['content-type']).toBe('application/xml; charset=UTF-8');
    expect(xml.body.toString()).toBe(
      "<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchKey</Code>" +
        '<Message>The specified key does not exist.</Message><Details>No such object: snacks/none</Details></Error>',
    );
    const json = await get(`/storage/v1/b/${BUCKET}/o/none`);
    expect(JSON.parse(json.body.toString())).toEqual({
      error: {
        code: 404,
        message: 'No such object: snacks/none',
        errors: [{ message: 'No such object: snacks/none', domain: 'global', reason: 'notFound' }],
      },
    });
  });

  test('reports that a bucket is missing', async () => {
    expect(errorOf(await get('/none/x'))).toBe('404 NoSuchBucket');
    expect(errorOf(await get('/storage/v1/b/none/o/x'))).toBe(
      '404 notFound: The specified bucket does not exist.',
    );
  });

  test('names the caller and the permission', async () => {
    await gcs.allow(SERVICE_ACCOUNT, ['storage.objects.list']);
    expect(await errors()).toEqual([`403 AccessDenied: ${DENIED}`, `403 forbidden: ${DENIED}`]);
  });

  test('reports a missing object only to those who may list', async () => {
    await gcs.allow(SERVICE_ACCOUNT, ['storage.objects.get'], BUCKET);
    expect(errorOf(await get(`/${BUCKET}/none`))).toBe(`403 AccessDenied: ${DENIED}`);
    expect((await get(XML)).status).toBe(200);
  });

  test('meets a principal without any permission', async () => {
    const stranger = bearer([CLOUD_PLATFORM_SCOPE], 'stranger@example.com');
    const denied = DENIED.replace(SERVICE_ACCOUNT, 'stranger@example.com');
    expect(await errors({ authorization: stranger })).toEqual([
      `403 AccessDenied: ${denied}`,
      `403 forbidden: ${denied}`,
    ]);
    await gcs.allow('stranger@example.com', ['storage.objects.get']);
    expect((await get(XML, { authorization: stranger })).status).toBe(200);
  });

  test('meets an anonymous caller', async () => {
    const xml = await send({ url: gcs.url + XML });
    const json = await send({ url: gcs.url + JSON_API });
    expect(errorOf(xml)).toBe(`403 AccessDenied: ${ANONYMOUS}`);
    expect(errorOf(json)).toBe(`401 required: ${ANONYMOUS}`);
  });

  test.each([
    ['no token of ours', 'Bearer nonsense', 0],
    ['no bearer', 'Basic eDp5', 0],
    ['a token whose time is over', undefined, 61_000],
  ])('meets %s', async (_, authorization = bearer(), offsetMs) => {
    await gcs.clock(offsetMs);
    expect(await errors({ authorization })).toEqual([
      '401 AuthenticationRequired',
      '401 authError: Invalid Credentials',
    ]);
    const { headers } = await get(XML, { authorization });
    expect(headers['www-authenticate']).toMatch(/^Bearer .*error="invalid_token"/);
  });

  test('meets a token without a scope of Cloud Storage', async () => {
    const authorization = bearer([`${SCOPES}userinfo.email`]);
    expect((await errors({ authorization }))[0]).toMatch(/^403 AccessDenied: .*scopes/);
    const { error } = JSON.parse((await get(JSON_API, { authorization })).body.toString());
    expect(error).toMatchObject({
      code: 403,
      status: 'PERMISSION_DENIED',
      errors: [{ reason: 'insufficientPermissions' }],
      details: [{ reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' }],
    });
  });

  test.each(['devstorage.read_only', 'devstorage.read_write', 'devstorage.full_control'])(
    'does not meet a reader with %s',
    async (scope) => {
      expect((await get(XML, { authorization: bearer([SCOPES + scope]) })).status).toBe(200);
    },
  );

  test('meets a writer who may only read', async () => {
    const authorization = bearer([`${SCOPES}devstorage.read_only`]);
    expect(errorOf(await get(JSON_API, { authorization }, { method: 'DELETE' }))).toBe(
      '403 forbidden: Provided scope(s) are not authorized',
    );
  });

  test('comes from a perimeter', async () => {
    await gcs.perimeter(true);
    const details =
      /Request is prohibited by organization's policy\. vpcServiceControlsUniqueIdentifier: \S+$/;
    const [xml = '', json = ''] = await errors();
    expect(xml).toMatch(new RegExp(`^403 SecurityPolicyViolated: ${details.source}`));
    expect(json).toMatch(new RegExp(`^403 vpcServiceControls: ${details.source}`));
  });

  test.each([
    ['disabled', '400 CloudKmsDisabledKey', /^400 cloudKmsDisabledKey: /],
    ['destroyed', '400 CloudKmsDisabledKey', /^400 cloudKmsDisabledKey: /],
    ['missing', '400 CloudKmsDecryptionKeyNotFound', /^400 cloudKmsDecryptionKeyNotFound: /],
    [
      'denied',
      expect.stringMatching(/^403 AccessDenied: Permission denied on Cloud KMS key\./),
      /^403 forbidden: Permission denied on Cloud KMS key\./,
    ],
  ] as const)('comes from a key that is %s', async (state, xml, json) => {
    await gcs.kmsKey({ name: KEY, state });
    expect(await errors()).toEqual([xml, expect.stringMatching(json)]);
    expect((await get(JSON_API)).status).toBe(200);
    await gcs.kmsKey({ name: KEY, state: 'enabled' });
    expect((await get(XML)).status).toBe(200);
  });
});

describe('the SDK of Google Cloud', () => {
  let file: File;

  function storage(): Storage {
    const authClient = new OAuth2Client();
    authClient.setCredentials({ access_token: bearer().replace('Bearer ', '') });
    const client = new Storage({
      authClient,
      apiEndpoint: gcs.url,
      useAuthWithCustomEndpoint: true,
      projectId: 'envseal-test',
      retryOptions: { autoRetry: false },
    });
    // Resumable uploads do not look at `useAuthWithCustomEndpoint`.
    const request = (options: object) => ({ ...options, headers: { authorization: bearer() } }) as never;
    client.interceptors.push({ request });
    return client;
  }

  beforeEach(() => {
    file = storage().bucket(BUCKET).file(OBJECT);
  });

  test.each([true, false])('reads back what it wrote, resumable: %s', async (resumable) => {
    const sealed = storage().bucket(BUCKET).file(OBJECT, { kmsKeyName: KEY });
    await sealed.save(BODY, {
      resumable,
      contentType: 'text/plain',
      metadata: { metadata: { owner: 'me' } },
    });
    const [bytes] = await file.download();
    expect(bytes.toString()).toBe(BODY);
    const [metadata] = await file.getMetadata();
    expect(metadata).toMatchObject({
      kmsKeyName: VERSION,
      metageneration: '1',
      generation: expect.stringMatching(/^\d{16}$/),
      size: '4',
      contentType: 'text/plain',
      metadata: { owner: 'me' },
      crc32c: expect.any(String),
      md5Hash: 'e57pZHqmCvJmx5DeP2WUAw==',
    });
  });

  test.each([true, false])('is refused a generation that is not there, resumable: %s', async (resumable) => {
    const first = { resumable, preconditionOpts: { ifGenerationMatch: 0 } };
    await file.save(BODY, first);
    await expect(file.save('B=2\n', first)).rejects.toThrow();
    expect((await gcs.requests()).at(-1)?.status).toBe(412);
    expect((await file.download())[0].toString()).toBe(BODY);
  });

  test('is refused a key that cannot seal', async () => {
    await gcs.kmsKey({ name: KEY, state: 'denied' });
    const save = storage().bucket(BUCKET).file(OBJECT, { kmsKeyName: KEY }).save(BODY, { resumable: false });
    await expect(save).rejects.toMatchObject({
      code: 403,
      message: expect.stringContaining('Cloud KMS key'),
    });
    const versioned = storage().bucket(BUCKET).file(OBJECT, { kmsKeyName: VERSION });
    await expect(versioned.save(BODY, { resumable: false })).rejects.toMatchObject({ code: 400 });
  });

  test('lists every generation, oldest first, and what a delete left', async () => {
    for (const body of ['one', 'two']) await file.save(body, { resumable: false });
    await file.delete();
    expect(await file.exists()).toEqual([false]);
    const bucket = storage().bucket(BUCKET);
    const [live] = await bucket.getFiles();
    const [all] = await bucket.getFiles({ versions: true });
    expect(live).toEqual([]);
    expect(all.map(({ name }) => name)).toEqual([OBJECT, OBJECT]);
    const [bytes] = await bucket.file(OBJECT, { generation: all[0]?.metadata.generation ?? 0 }).download();
    expect(bytes.toString()).toBe('one');
  });

  test('gets no checksums of sealed objects from a list', async () => {
    await gcs.put(BUCKET, OBJECT, BODY, { kmsKeyName: KEY });
    const [[listed]] = await storage().bucket(BUCKET).getFiles();
    expect(listed?.metadata).toMatchObject({ kmsKeyName: VERSION });
    expect(listed?.metadata).not.toHaveProperty('crc32c');
  });

  test('copies, to another key', async () => {
    await file.save(BODY, { resumable: false });
    const copy = storage().bucket(BUCKET).file('copy');
    await file.copy(copy, { destinationKmsKeyName: KEY });
    expect((await copy.download())[0].toString()).toBe(BODY);
    expect((await copy.getMetadata())[0].kmsKeyName).toBe(VERSION);
  });

  test('changes metadata', async () => {
    await gcs.put(BUCKET, OBJECT, BODY, { metadata: { a: '1', b: '2' } });
    await file.setMetadata({ metadata: { a: null, c: '3' } });
    const [{ metadata, metageneration }] = await file.getMetadata();
    expect([metadata, metageneration]).toEqual([{ b: '2', c: '3' }, '2']);
  });

  test('makes a bucket with a key of its own', async () => {
    const [bucket] = await storage().createBucket('other', { encryption: { defaultKmsKeyName: KEY } });
    expect(await bucket.exists()).toEqual([true]);
    await bucket.file(OBJECT).save(BODY, { resumable: false });
    expect((await bucket.file(OBJECT).getMetadata())[0].kmsKeyName).toBe(VERSION);
    await expect(storage().createBucket('other')).rejects.toMatchObject({ code: 409 });
  });

  test('notices a changed byte', async () => {
    await gcs.put(BUCKET, OBJECT, BODY);
    await gcs.fault({ wrongBody: true });
    await expect(file.download()).rejects.toThrow(/did not match/);
  });
});

describe('a fault', () => {
  beforeEach(async () => {
    await gcs.put(BUCKET, OBJECT, BODY);
  });

  test.each<[FaultRule, string, string]>([
    [{ status: 503 }, '503 ServiceUnavailable', '503 backendError: '],
    [{ status: 500 }, '500 InternalError', '500 internalError: '],
    [{ status: 429 }, '429 SlowDown', '429 rateLimitExceeded: '],
    [{ status: 403, code: 'UserProjectAccountProblem' }, '403 UserProjectAccountProblem', '403 UserProject'],
  ])('%j has the form of the API', async (fault, xml, json) => {
    await gcs.fault({ ...fault, count: 2 });
    expect(errorOf(await get(XML))).toBe(xml);
    expect(errorOf(await get(`${JSON_API}?alt=media`))).toContain(json);
  });

  test.each<[FaultRule, object]>([
    [{ resetBeforeHeaders: true }, { status: 0, failure: 'ECONNRESET' }],
    [{ truncateTo: 2 }, { status: 200, failure: expect.any(String), body: Buffer.from('A=') }],
    [{ wrongLength: 5 }, { status: 200, failure: expect.any(String) }],
    [{ dripBytesPerSecond: 1000 }, { status: 200, body: Buffer.from(BODY) }],
    [
      { setHeaders: { 'x-goog-hash': 'crc32c=AAAAAA==' } },
      { headers: expect.objectContaining({ 'x-goog-hash': 'crc32c=AAAAAA==' }) },
    ],
    [{ setHeaders: { 'x-goog-generation': null } }, { status: 200 }],
  ])('%j', async (fault, expected) => {
    await gcs.fault({ ...fault, match: `^${BUCKET}/${OBJECT}$` });
    expect(await get(XML)).toMatchObject(expected);
  });

  test('can strike the metadata alone', async () => {
    await gcs.fault({ match: '^metadata:', status: 403, count: 'always' });
    expect((await get(XML)).status).toBe(200);
    expect((await get(`${JSON_API}?alt=media`)).status).toBe(200);
    expect((await get(JSON_API)).status).toBe(403);
    expect((await gcs.seen('dev/env$', 3)).map(({ subject }) => subject)).toEqual([
      'snacks/dev/env',
      'snacks/dev/env',
      'metadata:snacks/dev/env',
    ]);
  });
});

test('nothing of an object lies there in the clear, and no token is logged', async () => {
  await gcs.put(BUCKET, OBJECT, 'TOKEN=hello\n', { kmsKeyName: KEY });
  const stored = await gcs.stored(BUCKET, OBJECT);
  expect(stored?.kmsKeyName).toBe(VERSION);
  expect(stored?.sealed.includes('hello')).toBe(false);
  await get(XML);
  expect((await gcs.requests()).map(({ headers }) => headers.authorization)).toEqual(['[redacted]']);
});

test('new objects are sealed with the primary version', async () => {
  await gcs.kmsKey({ name: KEY, primaryVersion: 2 });
  await gcs.put(BUCKET, OBJECT, BODY, { kmsKeyName: KEY });
  expect((await get(XML)).headers['x-goog-encryption-kms-key-name']).toBe(`${KEY}/cryptoKeyVersions/2`);
});

test('without versioning there is one generation', async () => {
  await gcs.bucket(BUCKET, { versioning: false });
  const { generation } = await gcs.put(BUCKET, OBJECT, 'one');
  await gcs.put(BUCKET, OBJECT, 'two');
  expect((await get(`${XML}?generation=${generation}`)).status).toBe(404);
});

test('it speaks TLS', async () => {
  await using tls = await startGcs({ tls: true });
  await tls.put(BUCKET, OBJECT, BODY);
  const ca = readFileSync(CA_FILE, 'utf8');
  const { body } = await send({ url: tls.url + XML, headers: { authorization: bearer() }, ca });
  expect(body.toString()).toBe(BODY);
});
