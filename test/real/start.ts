/**
 * S3 servers that others wrote: they keep our own test server honest.
 *
 * Ceph really encrypts what is put with SSE-KMS, and has no KMS API. moto has the APIs of KMS, IAM and STS too, and
 * encrypts nothing. Both check signatures. Each is a process of its own on 127.0.0.1 that ends with the process that
 * started it, and after `LIFETIME_SECONDS` in any case.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { available } from './available.ts';
import { freePort, startHeld } from './held-process.ts';
import { pinnedProgram } from './programs.ts';

const LIFETIME_SECONDS = 15 * 60;
const REGION = 'us-east-1';

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface RealS3 extends AccessKey, AsyncDisposable {
  readonly name: 'ceph' | 'moto';
  /** Wants path-style addresses. moto answers for every other AWS service here, too. */
  readonly endpoint: string;
  readonly region: string;
  /** A user that exists and may not read what the owner of the other access key put. */
  readonly stranger: AccessKey;
  /** Two keys for SSE-KMS, as ARNs. */
  readonly kmsKeyA: string;
  readonly kmsKeyB: string;
  /** Resolves when the processes have ended; may be called again. */
  stop(): Promise<void>;
}

/** Takes about a second and 150 MB. */
export async function startCeph(): Promise<RealS3> {
  demand('ceph');
  const [port, monitorPort] = [await freePort(), await freePort()];
  const [owner, stranger] = [newAccessKey(), newAccessKey()];
  const [kmsKeyA, kmsKeyB] = [newKmsKeyArn(), newKmsKeyArn()];
  const stop = await startHeld('ceph.sh', [`${port}`, `${monitorPort}`, `${LIFETIME_SECONDS}`], {
    OWNER_ID: owner.accessKeyId,
    OWNER_SECRET: owner.secretAccessKey,
    STRANGER_ID: stranger.accessKeyId,
    STRANGER_SECRET: stranger.secretAccessKey,
    KMS_KEYS: `${kmsKeyA} ${kmsKeyB}`,
  });
  return {
    name: 'ceph',
    endpoint: `http://127.0.0.1:${port}`,
    region: REGION,
    ...owner,
    stranger,
    kmsKeyA,
    kmsKeyB,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Takes about a second and 100 MB. */
export async function startMoto(): Promise<RealS3 & { readonly role: string }> {
  demand('moto');
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const stop = await startHeld('moto.sh', [pinnedProgram('moto'), `${port}`, `${LIFETIME_SECONDS}`]);
  try {
    const owner = await createMotoUser(endpoint, 'owner', 'Allow');
    const stranger = await createMotoUser(endpoint, 'stranger', 'Deny');
    const [kmsKeyA, kmsKeyB] = [await createMotoKey(endpoint), await createMotoKey(endpoint)];
    const role = await createMotoRole(endpoint, 'opener');
    // Until here it answers anyone; from here on it checks signatures and policies.
    await post(`${endpoint}/moto-api/reset-auth`, {}, '0');
    return {
      name: 'moto',
      endpoint,
      region: REGION,
      ...owner,
      stranger,
      kmsKeyA,
      kmsKeyB,
      role,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function demand(need: 'ceph' | 'moto'): void {
  const missing = available(need);
  if (missing !== undefined) throw new Error(missing);
}

function newAccessKey(): AccessKey {
  return {
    accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
  };
}

function newKmsKeyArn(): string {
  return `arn:aws:kms:${REGION}:123456789012:key/${randomUUID()}`;
}

/** Whoever may assume it may do everything. */
async function createMotoRole(endpoint: string, name: string): Promise<string> {
  const answer = await callIam(endpoint, {
    Action: 'CreateRole',
    RoleName: name,
    AssumeRolePolicyDocument: policy('Allow'),
  });
  await callIam(endpoint, {
    Action: 'PutRolePolicy',
    RoleName: name,
    PolicyName: name,
    PolicyDocument: policy('Allow'),
  });
  return element(answer, 'Arn');
}

function policy(effect: 'Allow' | 'Deny'): string {
  const statement = { Effect: effect, Action: '*', Resource: '*' };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

async function createMotoUser(endpoint: string, name: string, effect: 'Allow' | 'Deny'): Promise<AccessKey> {
  await callIam(endpoint, { Action: 'CreateUser', UserName: name });
  await callIam(endpoint, {
    Action: 'PutUserPolicy',
    UserName: name,
    PolicyName: name,
    PolicyDocument: policy(effect),
  });
  const answer = await callIam(endpoint, { Action: 'CreateAccessKey', UserName: name });
  return {
    accessKeyId: element(answer, 'AccessKeyId'),
    secretAccessKey: element(answer, 'SecretAccessKey'),
  };
}

function callIam(endpoint: string, parameters: Record<string, string>): Promise<string> {
  const body = new URLSearchParams({ Version: '2010-05-08', ...parameters });
  return post(endpoint, unsigned('iam'), body);
}

async function createMotoKey(endpoint: string): Promise<string> {
  const headers = { 'X-Amz-Target': 'TrentService.CreateKey', 'Content-Type': 'application/x-amz-json-1.1' };
  const answer = JSON.parse(await post(endpoint, { ...unsigned('kms'), ...headers }, '{}'));
  return answer.KeyMetadata.Arn;
}

/** moto reads from this header which service is meant, also while it does not check the signature. */
function unsigned(service: string): Record<string, string> {
  const credential = `nobody/20000101/${REGION}/${service}/aws4_request`;
  return { Authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=none` };
}

async function post(
  url: string,
  headers: Record<string, string>,
  body: string | URLSearchParams,
): Promise<string> {
  const response = await fetch(url, { method: 'POST', headers, body });
  const answer = await response.text();
  if (!response.ok) throw new Error(`moto answered ${response.status}: ${answer}`);
  return answer;
}

function element(xml: string, name: string): string {
  const content = new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)?.[1];
  if (content === undefined) throw new Error(`moto's answer has no ${name}`);
  return content;
}
