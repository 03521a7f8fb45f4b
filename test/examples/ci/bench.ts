/** What the scripts of examples/ci run in: a checkout, envseal on the PATH, and clouds. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { BARE } from '../../e2e/aws.ts';
import { folder } from '../../e2e/folder.ts';
import { type Outcome, operatorWords, PATH, readEnviron, runWords } from '../../e2e/program.ts';
import { AGE_KEY, type Clouds, envFor, startClouds } from '../../e2e/sealed.ts';
import { CANARY } from '../../e2e/transcript.ts';
import {
  type CloudWatchServer,
  type GoogleTokensServer,
  type ProxyServer,
  startCloudWatchLogs,
  startGoogleTokens,
  startProxy,
} from '../../servers/start.ts';
import { read, type Variables } from './pipelines.ts';
import { AWS_KEYS } from './stages.ts';

export interface Bench {
  readonly clouds: Clouds;
  readonly watch: CloudWatchServer;
  readonly tokens: GoogleTokensServer;
  /** The same with TLS, behind the proxy under the names of Google. */
  readonly secureTokens: GoogleTokensServer;
  readonly proxy: ProxyServer;
}

export const VALUES = { APP_DB_URL: `postgres://${CANARY}@db/1`, APP_TOKEN: `${CANARY} #1` } as const;
export const ENV_FILE = `APP_DB_URL=${VALUES.APP_DB_URL}\nAPP_TOKEN='${VALUES.APP_TOKEN}'\n`;

const bin = mkdtempSync(join(tmpdir(), 'envseal-bin-'));
const WITH_ENVSEAL = { PATH: `${bin}:${PATH}` };

/** Call it where tests are described; what it returns is there when they run. */
export function useBench(): () => Bench {
  let bench: Bench;
  beforeAll(async () => {
    symlinkSync(operatorWords.at(-1) ?? '', join(bin, 'envseal'));
    // For the bundle: that of the system may be too old.
    symlinkSync(process.execPath, join(bin, 'node'));
    const [clouds, watch, tokens, secureTokens, proxy] = await Promise.all([
      startClouds(),
      startCloudWatchLogs(),
      startGoogleTokens(),
      startGoogleTokens({ tls: true }),
      startProxy(),
    ]);
    bench = { clouds, watch, tokens, secureTokens, proxy };
  });
  afterAll(async () => {
    await Promise.all(Object.values(bench).map((server) => server.stop()));
    rmSync(bin, { recursive: true });
  });
  beforeEach(async () => {
    await Promise.all(Object.values(bench).map((server) => server.reset()));
    await furnish(bench);
  });
  return () => bench;
}

async function furnish({ clouds, watch }: Bench): Promise<void> {
  await watch.group({ name: 'envseal' });
  await clouds.s3.bucket('snacks', { versioning: 'Enabled', publicAccess: 'blocked' });
  await clouds.gcs.bucket('snacks-dev', { versioning: true });
  for (const server of [clouds.s3, clouds.kms]) await server.kmsKey({ arn: AWS_KEYS.prod });
}

/** How the values of the tests and the tokens of all kinds look. */
const SECRET = new RegExp(`${CANARY}|eyJ|ya29\\.`);

/** Runs a script as CI does. No value and no token is in what it prints. */
export async function sh(script: string, cwd: string, env: Variables, stdin = ''): Promise<Outcome> {
  const outcome = await runWords(['sh', '-eu', '-c', script], {
    cwd,
    env: { ...WITH_ENVSEAL, ...env },
    stdin,
  });
  expect(outcome.stdout + outcome.stderr).not.toMatch(SECRET);
  return outcome;
}

/** Who may do everything. */
export function operator({ clouds }: Pick<Bench, 'clouds'>): Variables {
  return envFor(clouds, ['aws', 'google', 'age']);
}

/** A repository with the script and nothing sealed in it. */
export function bareCheckout(): string {
  const cwd = folder();
  for (const name of ['ci', 'env']) mkdirSync(join(cwd, name));
  writeFileSync(join(cwd, 'ci/env.sh'), read('env.sh'), { mode: 0o755 });
  return cwd;
}

/** A repository where this file was sealed, whatever is wrong with it. */
export async function checkout(
  bench: Bench,
  {
    text = ENV_FILE,
    key = AWS_KEYS.dev,
    stage = 'dev',
  }: { text?: string; key?: string; stage?: string } = {},
): Promise<string> {
  const cwd = bareCheckout();
  const flags = `--seal sops --kms-key ${key} --age ${AGE_KEY.key} --allow-name 'LD_*'`;
  const sealed = await sh(`envseal push ${flags} - ./env/${stage}.env.sealed`, cwd, operator(bench), text);
  expect(sealed).toMatchObject({ status: 0 });
  return cwd;
}

/** What a container gets that pins the key. */
export async function startedFrom(bench: Bench, uri: string, key: string): Promise<Record<string, string>> {
  const run = `envseal run --pristine --kms-key '${key}' --source '${uri}' -- /bin/cat /proc/self/environ`;
  const env = { ...WITH_ENVSEAL, ...operator(bench) };
  const { stdout, ...rest } = await runWords(['sh', '-c', run], { env });
  expect(rest).toEqual({ status: 0, signal: null, stderr: '' });
  return readEnviron(stdout, '\0');
}

export async function versionsOf(bench: Bench, uri: string): Promise<number> {
  const { status, stdout } = await sh(`envseal history --json '${uri}'`, '/', operator(bench));
  return status === 0 ? JSON.parse(stdout).versions.length : 0;
}

/** Where AWS is, without credentials. */
export function awsEndpoints({ clouds, watch }: Bench): Variables {
  return {
    ...BARE,
    AWS_ENDPOINT_URL_S3: clouds.s3.url,
    AWS_ENDPOINT_URL_KMS: clouds.kms.url,
    AWS_ENDPOINT_URL_STS: clouds.sts.url,
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: watch.url,
  };
}

/** Where Google Cloud is, without credentials. */
export function googleEndpoints({ clouds }: Bench): Variables {
  return {
    ...BARE,
    METADATA_SERVER_DETECTION: 'none',
    CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: clouds.gcs.url,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: clouds.cloudKms.url,
  };
}
