/**
 * Nothing misses what is left out of the bundle: Google's library, where it is used, works and explains
 * itself.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Metafile } from '../../scripts/build/node-bundle.ts';
import { packagesIn } from '../../scripts/release/components.ts';
import { folder } from '../e2e/folder.ts';
import { runWords } from '../e2e/program.ts';
import { accessToken } from '../servers/google/access-tokens.ts';
import { send } from '../servers/raw-client.ts';
import { CLOUD_KMS_KEY, type CloudKmsServer, startCloudKms } from '../servers/start.ts';

/** For all chunks; 121,000 are execa, which `edit` starts an editor with. The npm package is a third of that. */
const MAX_BYTES = 1_650_000;

test('the bundle has no gRPC, and stays small', () => {
  const metafile = JSON.parse(readFileSync('dist/metafile.json', 'utf8')) as Metafile;
  const bytes = Object.values(metafile.outputs).map((output) => output.bytes);

  expect(bytes.reduce((sum, size) => sum + size)).toBeLessThan(MAX_BYTES);
  expect(packagesIn(metafile)).not.toContain('node_modules/@grpc/grpc-js');
  expect(packagesIn(metafile)).toContain('node_modules/google-gax');
});

describe('Cloud KMS through Google’s library', () => {
  let kms: CloudKmsServer;
  beforeAll(async () => {
    kms = await startCloudKms();
  });
  beforeEach(() => kms.reset());
  afterAll(() => kms?.stop());

  async function prepare() {
    const authorization = `Bearer ${accessToken()}`;
    const body = JSON.stringify({ plaintext: Buffer.from('A=opened\n').toString('base64') });
    const url = `${kms.url}/v1/${CLOUD_KMS_KEY}:encrypt`;
    const headers = { 'content-type': 'application/json', authorization };
    const answer = await send({ url, method: 'POST', headers, body });
    const sealed = Buffer.from(JSON.parse(answer.body.toString()).ciphertext, 'base64');
    const cwd = folder({ env: sealed });
    return {
      open: () =>
        runWords(
          [
            process.execPath,
            resolve('dist/envseal.mjs'),
            'run',
            '-s',
            `file://${cwd}/env?format=kms`,
            '--kms-key',
            CLOUD_KMS_KEY,
            '--',
            'printenv',
            'A',
          ],
          {
            cwd,
            env: {
              GOOGLE_OAUTH_ACCESS_TOKEN: accessToken(),
              CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: kms.url,
              GOOGLE_CLOUD_UNIVERSE_DOMAIN: 'universe.test',
            },
          },
        ),
    };
  }

  test('opens', async () => {
    const { open } = await prepare();
    expect(await open()).toMatchObject({ status: 0, stdout: 'opened\n', stderr: '' });
    const [request] = (await kms.requests()).slice(-1);
    expect(request?.headers['x-goog-api-client']).toContain('gax/');
  });

  test.each([
    [403, 'PERMISSION_DENIED', 77],
    [400, 'INVALID_ARGUMENT', 65],
    [404, 'NOT_FOUND', 77],
  ])('an error of the service, with details: %i %s', async (status, code, exitStatus) => {
    const { open } = await prepare();
    await kms.fault({ match: 'decrypt', status, code, count: 'always' });
    const outcome = await open();
    expect(outcome.stderr).toMatch(/^envseal: error: .*\nenvseal: hint: .*\n$/);
    expect(outcome.status).toBe(exitStatus);
  });
});
