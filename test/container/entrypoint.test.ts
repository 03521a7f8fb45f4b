import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeReal } from '../real/available.ts';
import { ACCESS_KEY_ID, kmsKeyArn, SECRET_ACCESS_KEY, startS3 } from '../servers/start.ts';
import { type Container, startContainer } from './container.ts';
import { buildImages, type Images } from './images.ts';
import { run } from './program.ts';

const SECOND_MS = 1000;
const CANARY = `canary-${randomUUID()}`;
const SOURCE = 's3://snacks/dev/env';
const REGION = 'us-east-1';
const KMS_KEY = kmsKeyArn(REGION);

describeReal('podman', 'as the ENTRYPOINT of a container', () => {
  let s3: Awaited<ReturnType<typeof startS3>>;
  let images: Images;

  beforeAll(async () => {
    [s3, images] = await Promise.all([startS3({ regions: [REGION] }), buildImages()]);
    await s3.put('snacks', 'dev/env', `DATABASE_PASSWORD=${CANARY}\n`, {
      sse: 'aws:kms',
      kmsKeyId: KMS_KEY,
    });
  }, 300 * SECOND_MS);

  afterAll(async () => {
    await s3?.stop();
    await images?.[Symbol.asyncDispose]();
  });

  function start(source = SOURCE): Promise<Container> {
    return startContainer(images, {
      ENVSEAL_SOURCE: source,
      ENVSEAL_KMS_KEY: KMS_KEY,
      AWS_ENDPOINT_URL_S3: s3.url,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
    });
  }

  test('the command is the only process, and has the variables', async () => {
    await using app = await start();
    await app.ready();

    expect(await app.proof('processes')).toBe('/proc/1');
    expect(await app.proof('pid')).toBe('1');
    expect(await app.proof('user')).toBe('65532');
    expect(await app.proof('password')).toBe(createHash('sha256').update(CANARY).digest('hex'));
    expect(await app.proof('settings')).toBe('0');
  });

  test('the log is the command’s own', async () => {
    await using app = await start();
    await app.ready();

    expect(await app.logs()).toBe('app: ready\n');
  });

  test('nothing that the engine shows or keeps has a value', async () => {
    await using app = await start();
    await app.ready();

    const shown = await images.podman.run('inspect', app.id);
    expect(shown).toContain(SOURCE);
    expect(shown).not.toContain(CANARY);
    const kept = await app.storage();
    expect(await filesWith(SOURCE, kept)).not.toEqual([]);
    expect(await filesWith(CANARY, kept)).toEqual([]);
  });

  test('a stop reaches the command at once, and its exit status is the container’s', async () => {
    await using app = await start();
    await app.ready();

    const before = performance.now();
    await images.podman.run('stop', '--time=10', app.id);

    expect(performance.now() - before).toBeLessThan(3 * SECOND_MS);
    expect(await app.exitStatus()).toBe(7);
  });

  test('without its source the command never runs', async () => {
    await using app = await start('s3://snacks/no-such/env');

    expect(await app.exitStatus()).toBe(66);
    expect(await app.logs()).toMatch(/^envseal: error: /);
    expect(await app.proof('processes')).toBeUndefined();
  });
});

/** The text comes to grep by stdin: argv is for everybody to see. */
async function filesWith(text: string, folders: readonly string[]): Promise<string[]> {
  const options = ['--recursive', '--files-with-matches', '--fixed-strings', '--file=-', '--'];
  const { status, stdout, stderr } = await run('grep', [...options, ...folders], { input: text });
  if (status > 1) throw new Error(`grep: ${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}
