/** Roles that may do what examples/ci says they need, and nothing else. */

import { accessToken } from '../../servers/google/access-tokens.ts';
import {
  ACCESS_KEY_ID,
  type AccessKey,
  CLOUD_KMS_KEY,
  type KmsKey,
  type Statement,
} from '../../servers/start.ts';
import type { Bench } from './bench.ts';
import { type Job, read, type Variables } from './pipelines.ts';
import { AWS_KEYS, type Stage } from './stages.ts';

export const ROLES: Readonly<Record<Job, string>> = {
  lint: 'arn:aws:iam::111122223333:role/env-lint',
  'deploy dev': 'arn:aws:iam::111122223333:role/env-deploy-dev',
  'deploy prod': 'arn:aws:iam::111122223333:role/env-deploy-prod',
};

export function stageOf(job: Job): Stage {
  return job === 'deploy prod' ? 'prod' : 'dev';
}

/** What the policy of examples/ci/aws allows, made out for the stage. */
export function statementsOf(job: Job): Statement[] {
  const stage = stageOf(job);
  const text = read(`aws/${job === 'lint' ? 'lint' : 'deploy'}-policy.json`);
  const { Statement } = JSON.parse(
    text.replaceAll('/dev/', `/${stage}/`).replaceAll(AWS_KEYS.dev, AWS_KEYS[stage]),
  );
  return (Statement as { Action: string | string[]; Resource: string }[]).map(({ Action, Resource }) => ({
    actions: [Action].flat(),
    resources: [Resource],
  }));
}

/** A role that trusts the token; gives its credentials. */
export async function makeRole(
  { clouds, watch }: Bench,
  job: Job,
  token: string,
  allow = statementsOf(job),
): Promise<AccessKey> {
  const session = await clouds.sts.role({ arn: ROLES[job], webIdentityTokens: [{ token }] });
  for (const server of [clouds.s3, clouds.kms, watch]) await server.accessKey({ ...session, allow });
  for (const arn of Object.values(AWS_KEYS)) {
    const key = { arn, allow: usersOf(arn, session, allow) };
    for (const server of [clouds.s3, clouds.kms]) await server.kmsKey(key);
  }
  return session;
}

/** The test servers ask the key, and not the policy of who uses it. */
function usersOf(
  arn: string,
  { accessKeyId }: AccessKey,
  allow: readonly Statement[],
): NonNullable<KmsKey['allow']> {
  const isAllowed = (action: string) =>
    allow.some(({ actions, resources }) => actions.includes(action) && resources.includes(arn));
  const users = (action: string) => [ACCESS_KEY_ID, ...(isAllowed(action) ? [accessKeyId] : [])];
  return Object.fromEntries(KMS_ACTIONS.map((action) => [action, users(action)]));
}

const KMS_ACTIONS = ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:Encrypt', 'kms:DescribeKey'] as const;

export function credentialsOf({ accessKeyId, secretAccessKey, sessionToken = '' }: AccessKey): Variables {
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  };
}

export type GoogleJob = 'lint' | 'deploy dev';

export const ACCOUNTS: Readonly<Record<GoogleJob, string>> = {
  lint: 'env-lint@snacks.iam.gserviceaccount.com',
  'deploy dev': 'env-deploy-dev@snacks.iam.gserviceaccount.com',
};

/** The permissions of the role that the README has made for it. */
export function permissionsOf(job: GoogleJob): string[] {
  const role = job === 'lint' ? 'envLint' : 'envDeploy';
  const pattern = new RegExp(`gcloud iam roles create ${role} .*--permissions=([\\w.,]+)`);
  return pattern.exec(read('README.md'))?.[1]?.split(',') ?? [];
}

/** roles/cloudkms.cryptoKeyDecrypter decrypts, and that is all. */
const NOT_DECRYPTER = [
  'cloudkms.cryptoKeyVersions.useToEncrypt',
  'cloudkms.cryptoKeys.get',
  'cloudkms.cryptoKeyVersions.get',
] as const;

/** A service account that may do what the README grants it; gives a token of its. */
export async function makeServiceAccount(
  { clouds, tokens, secureTokens }: Bench,
  job: GoogleJob,
  permissions = permissionsOf(job),
): Promise<string> {
  const account = ACCOUNTS[job];
  await clouds.gcs.allow(account, permissions, 'snacks-dev');
  for (const each of NOT_DECRYPTER) await clouds.cloudKms.deny(each, CLOUD_KMS_KEY, Object.values(ACCOUNTS));
  for (const server of [tokens, secureTokens]) await server.configure({ serviceAccounts: [account] });
  return accessToken({ principal: account });
}
