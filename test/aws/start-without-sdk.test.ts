/** What a start loads, in a real process: no module of a package, unless a profile needs the SDK. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  ACCESS_KEY_ID,
  kmsKeyArn,
  type MetadataServer,
  type S3Server,
  SECRET_ACCESS_KEY,
  type StsServer,
  startMetadata,
  startS3,
  startSts,
} from '../servers/start.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const ROLE = 'arn:aws:iam::111122223333:role/app';
const KEYS = `aws_access_key_id = ${ACCESS_KEY_ID}\naws_secret_access_key = ${SECRET_ACCESS_KEY}\n`;

const directory = mkdtempSync(join(tmpdir(), 'envseal-start-'));
/** Writes down the URL of each module that is loaded. */
const HOOK = join(directory, 'hook.mjs');
writeFileSync(
  HOOK,
  `import { appendFileSync } from 'node:fs';
  import { registerHooks } from 'node:module';
  registerHooks({
    load(url, context, next) {
      appendFileSync(process.env.LOADED, url + '\\n');
      return next(url, context);
    },
  });`,
);

let s3: S3Server;
let sts: StsServer;
let metadata: MetadataServer;

beforeAll(async () => {
  [s3, sts, metadata] = await Promise.all([startS3(), startSts(), startMetadata()]);
});
afterAll(async () => {
  await Promise.all([s3, sts, metadata].map((server) => server.stop()));
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  await Promise.all([s3, sts, metadata].map((server) => server.reset()));
  await s3.put('snacks', 'env', 'A=canary\n', { sse: 'aws:kms', kmsKeyId: kmsKeyArn() });
  await s3.accessKey(await sts.role({ arn: ROLE, webIdentityTokens: [{ token: 'good' }] }));
});

let homes = 0;

/** Opens the source in a process of its own. Returns the modules of packages that it loaded, and ours around the SDK. */
async function loadedForSdk(config: string, more: Readonly<Record<string, string>> = {}) {
  homes++;
  const HOME = join(directory, String(homes));
  const LOADED = join(HOME, 'loaded');
  mkdirSync(join(HOME, '.aws'), { recursive: true });
  writeFileSync(join(HOME, '.aws/config'), config.replaceAll('$HOME', HOME));
  writeFileSync(join(HOME, 'token'), 'good');
  const answer = { Version: 1, AccessKeyId: ACCESS_KEY_ID, SecretAccessKey: SECRET_ACCESS_KEY };
  writeFileSync(join(HOME, 'process'), `#!/bin/sh\necho '${JSON.stringify(answer)}'\n`);
  chmodSync(join(HOME, 'process'), 0o755);
  const env = {
    PATH: '/usr/bin:/bin',
    HOME,
    LOADED,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_ENDPOINT_URL_STS: sts.url,
    AWS_EC2_METADATA_DISABLED: 'true',
    ...Object.fromEntries(
      Object.entries(more).map(([name, value]) => [name, value.replaceAll('$HOME', HOME)]),
    ),
  };
  const words = ['--import', HOOK, MAIN, 'run', '-s', 's3://snacks/env', '--', 'printenv', 'A'];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, words, { env });
  expect({ stdout, stderr }).toEqual({ stdout: 'canary\n', stderr: '' });
  const urls = readFileSync(LOADED, 'utf8').trim().split('\n');
  expect(urls.some((url) => url.endsWith('/src/aws/client.ts'))).toBe(true);
  return urls.filter((url) => /\/node_modules\/|\/src\/.*\bsdk-(?!.*\.host)/.test(url));
}

test.each<[string, string, () => Readonly<Record<string, string>>]>([
  ['keys', `[default]\n${KEYS}`, () => ({})],
  ['a profile by name', `[profile app]\n${KEYS}`, () => ({ AWS_PROFILE: 'app' })],
  ['a role', `[default]\nrole_arn = ${ROLE}\nsource_profile = base\n[profile base]\n${KEYS}`, () => ({})],
  [
    'a role of the environment',
    `[default]\nrole_arn = ${ROLE}\ncredential_source = Environment\n`,
    () => ({
      AWS_PROFILE: 'default',
      AWS_ACCESS_KEY_ID: ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
    }),
  ],
  [
    'web identity in a profile',
    `[default]\nrole_arn = ${ROLE}\nweb_identity_token_file = $HOME/token\n`,
    () => ({}),
  ],
  [
    'web identity in the environment',
    '',
    () => ({ AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: '$HOME/token' }),
  ],
  [
    'a file without credentials, before the keys of the environment',
    '[default]\nregion = us-east-1\n',
    () => ({ AWS_ACCESS_KEY_ID: ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY }),
  ],
])('a start with %s loads nothing of the SDK', async (_, config, variables) => {
  expect(await loadedForSdk(config, variables())).toEqual([]);
});

test('a start with a credential_process loads the SDK', async () => {
  const loaded = await loadedForSdk('[default]\ncredential_process = $HOME/process\n');
  expect(loaded.some((url) => url.includes('/@aws-sdk/credential-provider-ini/'))).toBe(true);
});
