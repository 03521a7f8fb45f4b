/**
 * The three places where a workload on AWS finds its credentials without keys: EC2 instance metadata (IMDSv2), the ECS
 * container endpoint, and the EKS Pod Identity agent. `node metadata.ts`.
 */

import { createHash, randomBytes } from 'node:crypto';
import type { AccessKey } from './aws/access-keys.ts';
import { ACCOUNT_ID, ADMINISTRATOR } from './aws/defaults.ts';
import { Clock } from './http/clock.ts';
import { type Answer, json, type Received, text } from './http/exchange.ts';
import { announce } from './http/lifecycle.ts';
import { Service } from './http/service.ts';

export interface MetadataSettings {
  readonly credentials: AccessKey;
  readonly expiresInSeconds: number;
  /** Null: the instance has no role, and IMDS answers 404. */
  readonly roleName: string | null;
  /** What the container endpoints want in `Authorization`; null: nothing. */
  readonly authorizationToken: string | null;
  readonly region: string;
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html */
const MAX_TOKEN_TTL_SECONDS = 21_600;
const INSTANCE_ID = 'i-1234567890abcdef0';
const ROLE_PATH = '/latest/meta-data/iam/security-credentials/';

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html */
const ECS_PATH = /^\/v2\/credentials\/[\w-]+$/;
/** https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html */
const POD_IDENTITY_PATH = '/v1/credentials';

const DEFAULTS: MetadataSettings = {
  credentials: { ...ADMINISTRATOR, sessionToken: 'session-token-from-metadata' },
  expiresInSeconds: 6 * 60 * 60,
  roleName: 'envseal-test-role',
  authorizationToken: null,
  region: 'us-east-1',
};

const clock = new Clock();
/** Token to the time it ends. */
const tokens = new Map<string, number>();
let settings = DEFAULTS;

const service = new Service(clock, {
  subject: ({ path }) => path,
  answer,
  refuse: (_, status, code) => text(status, code),
});

const commands = {
  ...service.commands(() => {
    settings = DEFAULTS;
    tokens.clear();
  }),
  configure: (changes: Partial<MetadataSettings>): void => {
    settings = { ...settings, ...changes };
  },
};

export type MetadataCommands = typeof commands;

function answer(request: Received): Answer {
  if (request.path === '/latest/api/token') return newToken(request);
  if (request.path.startsWith('/latest/')) return instanceMetadata(request);
  if (ECS_PATH.test(request.path)) return containerCredentials(request, {});
  if (request.path === POD_IDENTITY_PATH) return containerCredentials(request, { AccountId: ACCOUNT_ID });
  return text(404, 'not found');
}

/** A proxy in between must not get a token: that is what X-Forwarded-For gives away. */
function newToken({ method, headers }: Received): Answer {
  const ttl = Number(headers['x-aws-ec2-metadata-token-ttl-seconds'] ?? Number.NaN);
  if (method !== 'PUT') return text(405, 'method not allowed');
  if (headers['x-forwarded-for'] !== undefined) return text(403, 'forbidden');
  if (!Number.isInteger(ttl) || ttl < 1 || ttl > MAX_TOKEN_TTL_SECONDS) return text(400, 'bad request');
  const token = randomBytes(40).toString('base64');
  tokens.set(token, clock.now() + ttl * 1000);
  return text(200, token, { 'x-aws-ec2-metadata-token-ttl-seconds': String(ttl) });
}

function instanceMetadata({ path, headers }: Received): Answer {
  const ends = tokens.get(headers['x-aws-ec2-metadata-token'] ?? '');
  if (ends === undefined || ends <= clock.now()) return text(401, 'unauthorized');
  const { roleName, region } = settings;
  switch (path) {
    case '/latest/meta-data/instance-id':
      return text(200, INSTANCE_ID);
    case '/latest/meta-data/placement/region':
      return text(200, region);
    case '/latest/meta-data/placement/availability-zone':
      return text(200, `${region}a`);
    case '/latest/dynamic/instance-identity/document':
      return json(200, { accountId: ACCOUNT_ID, instanceId: INSTANCE_ID, region });
  }
  if (roleName === null) return text(404, 'not found');
  if (path === ROLE_PATH || `${path}/` === ROLE_PATH) return text(200, roleName);
  if (path === ROLE_PATH + roleName) return json(200, instanceCredentials());
  return text(404, 'not found');
}

function instanceCredentials() {
  const LastUpdated = isoSeconds(clock.now());
  return { Code: 'Success', LastUpdated, Type: 'AWS-HMAC', ...temporaryCredentials() };
}

/** Errors of the container endpoints are JSON for ECS and text for EKS; clients only look at the status. */
function containerCredentials({ method, headers }: Received, more: Record<string, string>): Answer {
  const { authorizationToken, credentials } = settings;
  if (method !== 'GET') return json(405, { code: 'MethodNotAllowed', message: 'only GET' });
  if (authorizationToken !== null && headers.authorization !== authorizationToken)
    return json(401, { code: 'Unauthorized', message: 'the authorization token is missing or wrong' });
  return json(200, { RoleArn: credentials.arn, ...temporaryCredentials(), ...more });
}

function temporaryCredentials() {
  const { credentials, expiresInSeconds } = settings;
  return {
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    Token: credentials.sessionToken ?? createHash('sha256').update(credentials.accessKeyId).digest('base64'),
    Expiration: isoSeconds(clock.now() + expiresInSeconds * 1000),
  };
}

/** Without a fraction, as AWS writes it. */
function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, '');
}

await announce({ 'us-east-1': await service.listen('us-east-1', false) }, commands);
