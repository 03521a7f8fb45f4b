/**
 * The contract of a store (src/store/object.ts) for Cloud Storage, against servers of two hands: our own, and
 * fake-gcs-server. What one of them lacks is said in its row.
 */
import { Storage, type UploadOptions } from '@google-cloud/storage';
import { OAuth2Client } from 'google-auth-library';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GoogleClient } from '../../src/gcp/client.ts';
import { MAX_SOURCE_BYTES } from '../../src/limits-and-defaults.ts';
import { Deadline } from '../../src/net/deadline.ts';
import { Http } from '../../src/net/http.ts';
import { type GcsSource, parseSource } from '../../src/source-uri.ts';
import { fetchGcs } from '../../src/store/gcs/get.ts';
import type { FetchedObject } from '../../src/store/object.ts';
import { nodeSystem as system } from '../../src/system/node/system.ts';
import { describeReal, type Need } from '../real/available.ts';
import { startFakeGcs } from '../real/fake-gcs.ts';
import { accessToken } from '../servers/google/access-tokens.ts';
import { CLOUD_KMS_KEY, cloudKmsKeyVersion, OTHER_CLOUD_KMS_KEY, startGcs } from '../servers/start.ts';
import { skipFor } from '../skip.ts';

interface Server extends AsyncDisposable {
  readonly endpoint: string;
  readonly token: string;
  /** For a caller without any permission. */
  readonly stranger: string;
}

async function startOwn(): Promise<Server> {
  const gcs = await startGcs();
  const principal = 'stranger@envseal-test.iam.gserviceaccount.com';
  await gcs.allow(principal, []);
  return {
    endpoint: gcs.url,
    token: accessToken(),
    stranger: accessToken({ principal }),
    [Symbol.asyncDispose]: () => gcs.stop(),
  };
}

async function startFake(): Promise<Server> {
  const { endpoint, stop } = await startFakeGcs();
  return { endpoint, token: 'any', stranger: 'any', [Symbol.asyncDispose]: stop };
}

interface ServerRow {
  readonly start: () => Promise<Server>;
  readonly needs: Need | readonly Need[];
  /** Looks at tokens. */
  readonly asksWho: boolean;
  /** Encrypts with keys of Cloud KMS. */
  readonly hasKeys: boolean;
}

const SERVERS: Readonly<Record<string, ServerRow>> = {
  'our own': { start: startOwn, needs: [], asksWho: true, hasKeys: true },
  'fake-gcs-server': { start: startFake, needs: 'fake-gcs', asksWho: false, hasKeys: false },
};

const BUCKET = 'snacks';
const NOT_THERE = 'concerns what this server does not do';

for (const [name, row] of Object.entries(SERVERS)) {
  describeReal(row.needs, `Cloud Storage against ${name}`, () => {
    let server: Server;
    let storage: Storage;

    beforeAll(async () => {
      server = await row.start();
      const authClient = new OAuth2Client();
      authClient.setCredentials({ access_token: server.token });
      storage = new Storage({
        apiEndpoint: server.endpoint,
        projectId: 'envseal-test',
        authClient,
        useAuthWithCustomEndpoint: true,
      });
      await storage.createBucket(BUCKET, { versioning: { enabled: true } });
    });

    afterAll(() => server?.[Symbol.asyncDispose]());

    async function put(object: string, body: string | Buffer, more: UploadOptions = {}): Promise<string> {
      const file = storage.bucket(BUCKET).file(object, more);
      await file.save(body, { resumable: false, ...more });
      return String(file.metadata.generation);
    }

    async function fetch(uri: string, token = server.token): Promise<FetchedObject> {
      const variables = {
        GOOGLE_OAUTH_ACCESS_TOKEN: token,
        CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: server.endpoint,
      };
      const http = new Http({ system, variables, allowInsecureEndpoint: false });
      const deadline = new Deadline(30);
      const client = new GoogleClient({ variables, http, deadline, system, userAgent: 'envseal/test' });
      return await fetchGcs(parseSource(uri) as GcsSource, client).finally(() => deadline.clear());
    }

    const text = ({ bytes }: FetchedObject) => Buffer.from(bytes).toString();

    async function failure(promise: Promise<unknown>): Promise<string> {
      return await promise.then(
        () => 'no failure',
        (error: { code?: string }) => error.code ?? String(error),
      );
    }

    test('gives the bytes and the generation', async () => {
      const generation = await put('dev/env', 'A=1\n');
      const object = await fetch(`gs://${BUCKET}/dev/env`);
      expect(text(object)).toBe('A=1\n');
      expect(object.version).toBe(generation);
    });

    test('gives the key that seals, with its version', skipFor(!row.hasKeys && NOT_THERE), async () => {
      await put('dev/sealed', 'A=1\n', { kmsKeyName: CLOUD_KMS_KEY });
      const { sealing } = await fetch(`gs://${BUCKET}/dev/sealed`);
      expect(sealing).toEqual({ kind: 'cmek', key: cloudKmsKeyVersion(1) });
    });

    test('reports that an object is not sealed, whatever the uploader wrote into the metadata', async () => {
      const metadata = { kmsKeyName: CLOUD_KMS_KEY, 'kms-key': CLOUD_KMS_KEY };
      await put('dev/plain', 'A=1\n', { metadata: { metadata } });
      const { sealing, namedKey } = await fetch(`gs://${BUCKET}/dev/plain`);
      expect(sealing).toEqual({ kind: 'none' });
      expect(namedKey).toBe(CLOUD_KMS_KEY);
    });

    test('gives the key that berglas named', async () => {
      const metadata = { 'berglas-kms-key': OTHER_CLOUD_KMS_KEY };
      await put('dev/berglas', 'A=1\n', { metadata: { metadata } });
      expect((await fetch(`gs://${BUCKET}/dev/berglas`)).namedKey).toBe(OTHER_CLOUD_KMS_KEY);
    });

    test('gives the newest generation, or the one that is asked for', async () => {
      const first = await put('dev/versions', 'A=old\n');
      await put('dev/versions', 'A=new\n');
      expect(text(await fetch(`gs://${BUCKET}/dev/versions`))).toBe('A=new\n');
      const old = await fetch(`gs://${BUCKET}/dev/versions#${first}`);
      expect({ text: text(old), version: old.version }).toEqual({ text: 'A=old\n', version: first });
    });

    test.for([
      'with space',
      'a+b',
      'ünï/cödé',
      'a%2Fb',
      'a=b&c',
      "quote'(x)!*",
      'a//b',
      'a/../b',
      '#1?x',
      'tilde~;@,$:',
    ])('finds the object %j', async (object) => {
      await put(`keys/${object}`, `A=${object.length}\n`);
      const { bytes } = await fetch(`gs://${BUCKET}/keys/${encodeURIComponent(object)}`);
      expect(Buffer.from(bytes).toString()).toBe(`A=${object.length}\n`);
    });

    test.for([0, 1, 65_536, MAX_SOURCE_BYTES])('gives %i bytes as they were put', async (size) => {
      const body = Buffer.alloc(size, 'A=1\n');
      await put(`sizes/${size}`, body);
      expect(Buffer.from((await fetch(`gs://${BUCKET}/sizes/${size}`)).bytes).equals(body)).toBe(true);
    });

    test('refuses one byte more than the limit', async () => {
      await put('sizes/over', Buffer.alloc(MAX_SOURCE_BYTES + 1, 'A=1\n'));
      expect(await failure(fetch(`gs://${BUCKET}/sizes/over`))).toBe('too_large');
    });

    test('refuses what is stored compressed', async () => {
      await put('dev/gzip', 'A=1\n', { gzip: true });
      expect(await failure(fetch(`gs://${BUCKET}/dev/gzip`))).toBe('malformed');
    });

    test('reports what is absent', async () => {
      expect(await failure(fetch(`gs://${BUCKET}/dev/absent`))).toBe('not_found');
      expect(await failure(fetch('gs://no-such-bucket-of-ours/env'))).toBe('not_found');
      await put('dev/one', 'A=1\n');
      expect(await failure(fetch(`gs://${BUCKET}/dev/one#12345`))).toBe('not_found');
      await storage.bucket(BUCKET).file('dev/one').delete();
      expect(await failure(fetch(`gs://${BUCKET}/dev/one`))).toBe('not_found');
    });

    test('distinguishes denied from bad credentials', skipFor(!row.asksWho && NOT_THERE), async () => {
      await put('dev/private', 'A=1\n');
      expect(await failure(fetch(`gs://${BUCKET}/dev/private`, server.stranger))).toBe('denied');
      expect(await failure(fetch(`gs://${BUCKET}/dev/private`, 'forged'))).toBe('credentials');
    });
  });
}
