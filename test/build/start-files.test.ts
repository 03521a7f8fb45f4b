/**
 * The files of `src/` that every start reads, as test/build/start-files.txt lists them. Each function in them costs a start
 * 3,500 instructions of about 6 million, called or not: a line more in the list has to be worth that.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { runWords } from '../e2e/program.ts';
import { linkForHost, noHost } from '../platform/host-program.ts';
import { ACCESS_KEY_ID, kmsKeyArn, SECRET_ACCESS_KEY, startS3 } from '../servers/start.ts';
import { skipFor } from '../skip.ts';
import { startFiles, TELLING_WHAT_IT_READS } from './start.ts';

const UPDATE = 'if that is meant: npx vitest run -u test/build/start-files.test.ts';

let files: string[];
beforeAll(async () => {
  files = [...(await startFiles()).keys()].sort();
});

test('are those in the list', async () => {
  await expect(`${files.join('\n')}\n`, UPDATE).toMatchFileSnapshot('start-files.txt');
});

describe('on the host', skipFor(noHost), () => {
  test('a start from S3 with keys in the environment reads no other', async () => {
    const { program, remove } = await linkForHost(TELLING_WHAT_IT_READS);
    await using s3 = await startS3();
    await s3.put('snacks', 'env', 'A=canary\n', { sse: 'aws:kms', kmsKeyId: kmsKeyArn() });
    const env = {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
      AWS_ENDPOINT_URL_S3: s3.url,
    };

    const words = [program, 'run', '-s', 's3://snacks/env', '--', 'printenv', 'A'];
    const { stdout, stderr } = await runWords(words, { env });
    remove();

    expect(stdout).toBe('canary\n');
    expect((JSON.parse(stderr) as string[]).sort()).toEqual(files);
  });
});
