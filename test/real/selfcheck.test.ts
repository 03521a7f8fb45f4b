import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Storage } from '@google-cloud/storage';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeReal } from './available.ts';
import { type FakeGcs, startFakeGcs } from './fake-gcs.ts';
import { type AccessKey, type RealS3, startCeph, startMoto } from './start.ts';

const SERVERS = { ceph: startCeph, moto: startMoto } as const;
const BODY = 'GREETING=hello\n';
const OBJECT = { Bucket: 'snacks', Key: 'dev/env' };

function clientOf(server: RealS3, accessKey: AccessKey = server): S3Client {
  return new S3Client({
    endpoint: server.endpoint,
    region: server.region,
    forcePathStyle: true,
    credentials: { accessKeyId: accessKey.accessKeyId, secretAccessKey: accessKey.secretAccessKey },
  });
}

/** The answer to a GET that is not to succeed, as `status code`. */
async function refusal(client: S3Client): Promise<string> {
  const answer = await client.send(new GetObjectCommand(OBJECT)).catch((error: unknown) => error);
  if (!(answer instanceof S3ServiceException)) throw new Error('the GET was not refused', { cause: answer });
  return `${answer.$metadata.httpStatusCode} ${answer.name}`;
}

for (const name of ['ceph', 'moto'] as const) {
  describeReal(name, `${name}, a real S3 server`, () => {
    let server: RealS3;
    let client: S3Client;

    beforeAll(async () => {
      server = await SERVERS[name]();
      client = clientOf(server);
      await client.send(new CreateBucketCommand({ Bucket: OBJECT.Bucket }));
    });

    afterAll(() => server?.stop());

    test.each(['kmsKeyA', 'kmsKeyB'] as const)('says with which key an object is sealed: %s', async (key) => {
      const sealing = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: server[key] } as const;

      const put = await client.send(new PutObjectCommand({ ...OBJECT, ...sealing, Body: BODY }));
      const got = await client.send(new GetObjectCommand(OBJECT));

      expect(put).toMatchObject(sealing);
      expect(got).toMatchObject(sealing);
      expect(await got.Body?.transformToString()).toBe(BODY);
    });

    test('refuses a wrong secret', async () => {
      const { accessKeyId } = server;
      expect(await refusal(clientOf(server, { accessKeyId, secretAccessKey: 'wrong' }))).toBe(
        '403 SignatureDoesNotMatch',
      );
    });

    test('refuses an access key that it does not know', async () => {
      const nobody = { accessKeyId: 'AKIA0000000000000000', secretAccessKey: 'wrong' };
      expect(await refusal(clientOf(server, nobody))).toBe('403 InvalidAccessKeyId');
    });

    test('refuses a user who is not allowed', async () => {
      expect(await refusal(clientOf(server, server.stranger))).toBe('403 AccessDenied');
    });

    test('ends with the process that started it, even when that is killed', async () => {
      await expectToEndWithStarter('start.ts', name === 'ceph' ? 'startCeph' : 'startMoto');
    });
  });
}

describeReal('fake-gcs', 'fake-gcs-server, a Google Cloud Storage', () => {
  const { Bucket, Key } = OBJECT;
  let server: FakeGcs;
  let storage: Storage;

  beforeAll(async () => {
    server = await startFakeGcs();
    storage = new Storage({
      apiEndpoint: server.endpoint,
      projectId: 'p',
      retryOptions: { autoRetry: false },
    });
    await storage.createBucket(Bucket, { versioning: { enabled: true } });
  });

  afterAll(() => server?.stop());

  test('has what the SDK stored, in both APIs', async () => {
    const file = storage.bucket(Bucket).file(Key);
    await file.save(BODY, { resumable: false });

    const [bytes] = await file.download();
    const xml = await fetch(`${server.endpoint}/${Bucket}/${Key}`);

    expect(bytes.toString()).toBe(BODY);
    expect(await xml.text()).toBe(BODY);
    expect(xml.headers.get('x-goog-generation')).toBe(file.metadata.generation);
    expect(xml.headers.get('x-goog-hash')).toBe(
      `crc32c=${file.metadata.crc32c},md5=${file.metadata.md5Hash}`,
    );
  });

  test('refuses a generation that is not there', async () => {
    const file = storage.bucket(Bucket).file('once');
    const first = { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } };
    await file.save(BODY, first);

    await expect(file.save(BODY, first)).rejects.toMatchObject({ code: 412 });
  });

  test('ends with the process that started it, even when that is killed', async () => {
    await expectToEndWithStarter('fake-gcs.ts', 'startFakeGcs');
  });
});

describeReal('otlp', 'a receiver that reads OTLP with its official messages', () => {
  test('ends with the process that started it, even when that is killed', async () => {
    await expectToEndWithStarter('otlp.ts', 'startOtlpCollector');
  });
});

async function expectToEndWithStarter(file: string, start: string): Promise<void> {
  const program = `import { ${start} } from './${file}'; console.log((await ${start}()).endpoint);`;
  const starter = spawn(process.execPath, ['--input-type=module-typescript', '--eval', program], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [endpoint] = await once(createInterface({ input: starter.stdout }), 'line');
  expect(await isListening(endpoint)).toBe(true);

  starter.kill('SIGKILL');

  await expect.poll(() => isListening(endpoint), { timeout: 180_000 }).toBe(false);
}

async function isListening(endpoint: string): Promise<boolean> {
  const { hostname, port } = new URL(endpoint);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
