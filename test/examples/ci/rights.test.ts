/** The roles of examples/ci may do what is needed, and nothing that is not: without any one action something is amiss. */
import { beforeEach, describe, expect, test } from 'vitest';
import { CANARY } from '../../e2e/transcript.ts';
import { CLOUD_KMS_KEY } from '../../servers/start.ts';
import { awsEndpoints, checkout, ENV_FILE, googleEndpoints, sh, useBench } from './bench.ts';
import type { Variables } from './pipelines.ts';
import {
  credentialsOf,
  type GoogleJob,
  makeRole,
  makeServiceAccount,
  permissionsOf,
  statementsOf,
} from './rights.ts';
import { AWS_KEYS } from './stages.ts';

const bench = useBench();
const JOBS = ['lint', 'deploy dev'] as const satisfies readonly GoogleJob[];

/** What keeps a bucket from being public. */
const BUCKETS = {
  policy: { policy: 'private', publicAccess: 'allowed' },
  block: { policy: 'public', publicAccess: 'blocked' },
} as const;
type BucketState = keyof typeof BUCKETS;

/** Where the file is new, and where there is another one; what is amiss is said on stderr. */
async function isWithoutComplaint(
  job: GoogleJob,
  key: string,
  env: Variables,
  fill: () => Promise<unknown>,
): Promise<boolean> {
  const cwd = await checkout(bench(), { key });
  const words = job === 'lint' ? 'lint dev' : 'deploy dev';
  const first = await sh(`ci/env.sh ${words}`, cwd, { ...env, ENVSEAL_KMS_KEY: key });
  await fill();
  const second = await sh(`ci/env.sh ${words}`, cwd, { ...env, ENVSEAL_KMS_KEY: key });
  const saidAtFirst = first.stderr.replace(
    /^envseal: error: .*\b(no such|does not exist|not found).*\nenvseal: hint: .*\n/,
    '',
  );
  return first.status === 0 && second.status === 0 && saidAtFirst + second.stderr === '';
}

describe.each(JOBS)('%s on AWS', (job) => {
  const statements = statementsOf(job);
  const actions = statements.flatMap(({ actions }) => actions);

  async function isEnough(without: string | undefined, bucket: BucketState = 'policy'): Promise<boolean> {
    await bench().clouds.s3.bucket('snacks', BUCKETS[bucket]);
    const allow = statements.map(({ actions, resources }) => ({
      actions: actions.filter((action) => action !== without),
      resources,
    }));
    const env = {
      ...awsEndpoints(bench()),
      ...credentialsOf(await makeRole(bench(), job, 'token', allow)),
      ENV_TARGET: 's3://snacks',
      ENVSEAL_EVENT_SINK: 'cloudwatch://envseal/ci',
    };
    const { s3 } = bench().clouds;
    const fill = () =>
      s3.put('snacks', 'dev/env', `${ENV_FILE}A=${CANARY}\n`, { sse: 'aws:kms', kmsKeyId: AWS_KEYS.dev });
    return await isWithoutComplaint(job, AWS_KEYS.dev, env, fill);
  }

  test.each(Object.keys(BUCKETS) as BucketState[])(
    'the policy is enough where the %s keeps others out',
    async (bucket) => {
      expect(await isEnough(undefined, bucket)).toBe(true);
    },
  );

  test.each(actions)('%s is needed', async (action) => {
    expect(await isEnough(action, action === 's3:GetBucketPublicAccessBlock' ? 'block' : 'policy')).toBe(
      false,
    );
  });

  test('names what it is about: no statement is for everything', () => {
    for (const { resources } of statements)
      for (const each of resources)
        expect(each).toMatch(/^arn:aws:\w+:.+snacks|^arn:aws:(kms|logs):us-east-1:/);
    expect(actions.filter((action) => action.includes('*'))).toEqual([]);
  });
});

describe.each(JOBS)('%s on Google Cloud', (job) => {
  const permissions = permissionsOf(job);

  beforeEach(() => expect(permissions.length).toBeGreaterThan(1));

  async function isEnough(without: string | undefined): Promise<boolean> {
    const left = permissions.filter((permission) => permission !== without);
    const token = await makeServiceAccount(bench(), job, left);
    const env = {
      ...googleEndpoints(bench()),
      GOOGLE_OAUTH_ACCESS_TOKEN: token,
      ENV_TARGET: 'gs://snacks-dev',
    };
    const fill = () =>
      bench().clouds.gcs.put('snacks-dev', 'dev/env', `${ENV_FILE}A=${CANARY}\n`, {
        kmsKeyName: CLOUD_KMS_KEY,
      });
    return await isWithoutComplaint(job, CLOUD_KMS_KEY, env, fill);
  }

  test('the permissions are enough', async () => {
    expect(await isEnough(undefined)).toBe(true);
  });

  test.each(permissions)('%s is needed', async (permission) => {
    expect(await isEnough(permission)).toBe(false);
  });
});

test('the lint may write nowhere, whatever a pull request makes it run', async () => {
  const credentials = credentialsOf(await makeRole(bench(), 'lint', 'token'));
  const cwd = await checkout(bench());
  const env = { ...awsEndpoints(bench()), ...credentials };
  const copy = 'envseal copy ./env/dev.env.sealed s3://snacks/dev/env';
  expect(await sh(`${copy} --kms-key ${AWS_KEYS.dev}`, cwd, env)).toMatchObject({
    status: 77,
    stderr: expect.stringContaining('s3:PutObject'),
  });
  const actions = statementsOf('lint').flatMap(({ actions }) => actions);
  expect(actions.filter((action) => /^s3:(?!Get|List)|^kms:(?!Decrypt)/.test(action))).toEqual([]);
  expect(permissionsOf('lint').filter((permission) => !/\.(get|list)$/.test(permission))).toEqual([]);
});
