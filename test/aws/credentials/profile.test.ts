/** Credentials from profiles and web identity, against our own STS and metadata servers, which verify each signature. */

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AwsCredentials } from '../../../src/aws/identity.ts';
import type { EnvsealError } from '../../../src/errors.ts';
import { MAX_WEB_IDENTITY_TOKEN_BYTES } from '../../../src/limits-and-defaults.ts';
import { NeedsFullProgram } from '../../../src/needs-full-program.ts';
import { nodeSystem } from '../../../src/system/node/system.ts';
import type { System } from '../../../src/system/system.ts';
import {
  ACCESS_KEY_ID,
  type MetadataServer,
  SECRET_ACCESS_KEY,
  type StsServer,
  startMetadata,
  startSts,
} from '../../servers/start.ts';
import { awsClient } from '../client.ts';

const CANARY = 'canary';
const APP = 'arn:aws:iam::111122223333:role/app';
const BASE = 'arn:aws:iam::111122223333:role/base';
const KEYS = `aws_access_key_id = ${ACCESS_KEY_ID}\naws_secret_access_key = ${SECRET_ACCESS_KEY}\n`;

let sts: StsServer;
let metadata: MetadataServer;
let home: string;

beforeAll(async () => {
  [sts, metadata] = await Promise.all([startSts(), startMetadata()]);
});
afterAll(() => Promise.all([sts.stop(), metadata.stop()]));
beforeEach(async () => {
  await Promise.all([sts.reset(), metadata.reset()]);
  asked = [];
  home = mkdtempSync(join(tmpdir(), 'envseal-home-'));
  mkdirSync(join(home, '.aws'));
  return () => rmSync(home, { recursive: true, force: true });
});

type Variables = Readonly<Record<string, string>>;

/** A request to STS as it went out. */
interface Asked {
  readonly host: string;
  /** The signature's; `undefined` without one. */
  readonly region: string | undefined;
  readonly form: Record<string, string>;
}

let asked: Asked[] = [];

/** Writes down what goes to STS. What is for AWS's own STS goes to ours. */
const system: System = {
  ...nodeSystem,
  fetch: (url, options) => {
    const { host, protocol } = new URL(url);
    const form = Object.fromEntries(new URLSearchParams(String(options.body ?? '')));
    const region = /Credential=[^/]+\/\d+\/([^/]+)\/sts\//.exec(options.headers.authorization ?? '')?.[1];
    if (options.method === 'POST') asked.push({ host, region, form });
    return nodeSystem.fetch(protocol === 'https:' ? sts.url : url, options);
  },
};

/** What the profile `app` of a config file gives. */
async function ask(config: string, more: Variables = {}): Promise<AwsCredentials> {
  writeFileSync(join(home, '.aws/config'), config);
  const variables = {
    HOME: home,
    AWS_PROFILE: 'app',
    AWS_ENDPOINT_URL_STS: sts.url,
    AWS_EC2_METADATA_DISABLED: 'true',
    ...more,
  };
  const client = awsClient(variables, { system });
  return await client.credentials().finally(() => client.deadline.clear());
}

async function refusal(config: string, more: Variables = {}): Promise<Partial<EnvsealError>> {
  const error = await ask(config, more).then(
    () => new Error('no failure'),
    (thrown: unknown) => thrown as EnvsealError,
  );
  const { code, message, hint } = error as EnvsealError;
  expect(`${message} ${hint}`).not.toContain(CANARY);
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}

describe('a role', () => {
  test('of a role, with what each profile says of its session', async () => {
    const base = await sts.role({ arn: BASE, trustedAccessKeys: [ACCESS_KEY_ID], externalId: 'x1' });
    await sts.accessKey(base);
    const app = await sts.role({ arn: APP, trustedAccessKeys: [base.accessKeyId] });
    const found = await ask(
      `[profile app]\nrole_arn = ${APP}\nsource_profile = base\nrole_session_name = snacks\nduration_seconds = 900\n` +
        `[profile base]\nrole_arn = ${BASE}\nsource_profile = keys\nexternal_id = x1\n[profile keys]\n${KEYS}`,
    );
    expect([found.accessKeyId, found.origin, found.principal]).toEqual([app.accessKeyId, 'profile', APP]);
    const common = { Action: 'AssumeRole', Version: '2011-06-15' };
    expect(asked.map(({ form }) => form)).toEqual([
      { ...common, RoleArn: BASE, RoleSessionName: 'envseal', ExternalId: 'x1' },
      { ...common, RoleArn: APP, RoleSessionName: 'snacks', DurationSeconds: '900' },
    ]);
  });

  test('that the profile assumes with its own keys', async () => {
    const role = await sts.role({ arn: APP });
    const found = await ask(`[profile app]\nrole_arn = ${APP}\nsource_profile = app\n${KEYS}`);
    expect(found.accessKeyId).toBe(role.accessKeyId);
  });

  test('whose session is named by the variable', async () => {
    await sts.role({ arn: APP });
    const config = `[profile app]\nrole_arn = ${APP}\nsource_profile = app\n${KEYS}`;
    await ask(config, { AWS_ROLE_SESSION_NAME: 'pod-1' });
    expect(asked[0]?.form.RoleSessionName).toBe('pod-1');
  });

  test.each<[string, () => Variables]>([
    ['Environment', () => ({ AWS_ACCESS_KEY_ID: ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY })],
    ['EcsContainer', () => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${metadata.url}/v1/credentials` })],
    [
      'Ec2InstanceMetadata',
      () => ({ AWS_EC2_METADATA_DISABLED: 'false', AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url }),
    ],
  ])('with credential_source = %s', async (source, variables) => {
    const role = await sts.role({ arn: APP });
    const keys = { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY, sessionToken: 'token' };
    const ours = { ...keys, arn: 'arn:aws:iam::111122223333:user/tester' };
    await metadata.configure({ credentials: ours });
    if (source !== 'Environment') await sts.accessKey(ours);
    const config = `[profile app]\nrole_arn = ${APP}\ncredential_source = ${source}\n`;
    expect((await ask(config, variables())).accessKeyId).toBe(role.accessKeyId);
  });

  test.each([
    ['Environment', 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'],
    ['EcsContainer', 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI, which ECS and EKS set'],
    ['Ec2InstanceMetadata', 'the instance metadata: remove AWS_EC2_METADATA_DISABLED'],
  ])('with credential_source = %s and none there', async (source, what) => {
    const config = `[profile app]\nrole_arn = ${APP}\ncredential_source = ${source}\n`;
    expect(await refusal(config, { AWS_SECRET_ACCESS_KEY: CANARY })).toEqual({
      code: 'credentials',
      message: 'no credentials from the AWS profile app',
      hint: `credential_source = ${source} needs ${what}`,
    });
    expect(await sts.requests()).toEqual([]);
  });

  test('after the clock is put right', async () => {
    const role = await sts.role({ arn: APP });
    await sts.clock(3_600_000);
    const config = `[profile app]\nrole_arn = ${APP}\nsource_profile = app\n${KEYS}`;
    expect((await ask(config)).accessKeyId).toBe(role.accessKeyId);
    expect((await sts.requests()).map(({ status }) => status)).toEqual([403, 200]);
  });

  test.each<[string, string, Partial<EnvsealError>]>([
    [
      'with a wrong secret',
      `aws_access_key_id = ${ACCESS_KEY_ID}\naws_secret_access_key = ${CANARY}\n`,
      { code: 'credentials', message: 'the AWS secret key does not match the access key' },
    ],
    [
      'with an unknown key',
      `aws_access_key_id = AKIANONE\naws_secret_access_key = ${CANARY}\n`,
      { code: 'credentials', message: 'the AWS access key does not exist' },
    ],
    [
      'for too long',
      `${KEYS}duration_seconds = 99\n`,
      { code: 'configuration', message: `the service refused ${APP} with 400 ValidationError` },
    ],
    [
      'for a time that is not a number',
      `${KEYS}duration_seconds = ${CANARY}\n`,
      { code: 'configuration', message: 'invalid duration_seconds in the AWS profile app' },
    ],
    [
      'in a region that cannot be one',
      `${KEYS}region = ${CANARY}.test/\n`,
      { code: 'configuration', message: 'invalid AWS region' },
    ],
  ])('%s', async (_, keys, expected) => {
    await sts.role({ arn: APP });
    const config = `[profile app]\nrole_arn = ${APP}\nsource_profile = app\n${keys}`;
    expect(await refusal(config)).toMatchObject(expected);
  });
});

describe('the region and the endpoint of STS', () => {
  const roleIn = (region: string) =>
    `[profile app]\nrole_arn = ${APP}\nsource_profile = app\n${KEYS}${region}`;

  test.each<[string, string, Variables, string]>([
    ['of the profile', 'region = eu-west-1\n', { AWS_REGION: 'eu-north-1' }, 'sts.eu-west-1.amazonaws.com'],
    ['of the variable', '', { AWS_REGION: 'cn-north-1' }, 'sts.cn-north-1.amazonaws.com.cn'],
    ['without any', '', {}, 'sts.us-east-1.amazonaws.com'],
    ['of all regions', 'region = aws-global\n', {}, 'sts.us-east-1.amazonaws.com'],
    ['FIPS', 'region = us-west-2\nuse_fips_endpoint = true\n', {}, 'sts-fips.us-west-2.amazonaws.com'],
    ['dual stack', 'region = us-west-2\nuse_dualstack_endpoint = true\n', {}, 'sts.us-west-2.api.aws'],
  ])('%s', async (_, settings, variables, host) => {
    await sts.role({ arn: APP });
    await ask(roleIn(settings), { ...variables, AWS_ENDPOINT_URL_STS: '' }).catch(() => {});
    expect(asked).toMatchObject([{ host, region: host.split('.')[1] }]);
  });
});

describe('web identity', () => {
  const tokenFile = (token: string) => {
    const file = join(home, 'token');
    writeFileSync(file, token);
    return file;
  };
  const inProfile = (file: string) => `[profile app]\nrole_arn = ${APP}\nweb_identity_token_file = ${file}\n`;
  const webIdentityTokens = [{ token: 'good' }];

  test('of a profile, without a signature', async () => {
    const role = await sts.role({ arn: APP, webIdentityTokens });
    const found = await ask(`${inProfile(tokenFile('good\n'))}role_session_name = snacks\n`);
    expect([found.accessKeyId, found.origin, found.principal]).toEqual([role.accessKeyId, 'profile', APP]);
    expect(asked).toMatchObject([
      { region: undefined, form: { WebIdentityToken: 'good', RoleSessionName: 'snacks' } },
    ]);
  });

  test('of a source profile', async () => {
    const base = await sts.role({ arn: BASE, webIdentityTokens });
    await sts.accessKey(base);
    const role = await sts.role({ arn: APP, trustedAccessKeys: [base.accessKeyId] });
    const source = inProfile(tokenFile('good')).replace('[profile app]', '[profile base]').replace(APP, BASE);
    const found = await ask(`[profile app]\nrole_arn = ${APP}\nsource_profile = base\n${source}`);
    expect(found.accessKeyId).toBe(role.accessKeyId);
    expect(asked.map(({ region }) => region)).toEqual([undefined, 'us-east-1']);
  });

  test.each<[string, string | undefined, string]>([
    ['not there', undefined, 'cannot read the web identity token in FILE: ENOENT'],
    ['empty', ' \n', 'the web identity token in FILE is empty'],
    ['too large', CANARY.padEnd(MAX_WEB_IDENTITY_TOKEN_BYTES + 1, 'x'), 'FILE is over 65536 bytes'],
  ])('with a token that is %s', async (_, token, message) => {
    const file = token === undefined ? join(home, 'token') : tokenFile(token);
    expect(await refusal(inProfile(file))).toEqual({
      code: 'credentials',
      message: message.replace('FILE', file),
      hint: 'check web_identity_token_file in the AWS profile',
    });
    expect(await sts.requests()).toEqual([]);
  });

  test('with an identity provider that AWS cannot reach for a moment', async () => {
    await sts.role({ arn: APP, webIdentityTokens });
    await sts.fault({ status: 400, code: 'IDPCommunicationError' });
    await ask(inProfile(tokenFile('good')));
    expect((await sts.requests()).map(({ status }) => status)).toEqual([400, 200]);
  });

  test('with an answer that has no credentials', async () => {
    await sts.fault({ status: 200, count: 'always' });
    expect(await refusal(inProfile(tokenFile('good')))).toMatchObject({
      code: 'credentials',
      message: `STS sent no credentials for the role ${APP}`,
    });
  });
});

describe('a profile that only the SDK knows', () => {
  const PROCESS = (bin: string) => `credential_process = ${bin}\n`;

  function credentialProcess(): string {
    const bin = join(home, 'bin');
    const answer = { Version: 1, AccessKeyId: ACCESS_KEY_ID, SecretAccessKey: SECRET_ACCESS_KEY };
    writeFileSync(bin, `#!/bin/sh\necho '${JSON.stringify(answer)}'\n`);
    chmodSync(bin, 0o755);
    return bin;
  }

  /** The SDK reads the environment of the process. */
  async function askWithSdk(config: string) {
    vi.stubEnv('AWS_CONFIG_FILE', join(home, '.aws/config'));
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(home, '.aws/credentials'));
    vi.stubEnv('AWS_ENDPOINT_URL_STS', sts.url);
    try {
      return await ask(config, { AWS_REGION: 'us-east-1' });
    } finally {
      vi.unstubAllEnvs();
    }
  }

  test('gets its credentials through it', async () => {
    const found = await askWithSdk(`[profile app]\n${PROCESS(credentialProcess())}`);
    expect([found.accessKeyId, found.origin]).toEqual([ACCESS_KEY_ID, 'profile']);
  });

  test('gets its role through it, by our transport', async () => {
    const role = await sts.role({ arn: APP, trustedAccessKeys: [ACCESS_KEY_ID] });
    const source = `[profile base]\n${PROCESS(credentialProcess())}`;
    const found = await askWithSdk(`[profile app]\nrole_arn = ${APP}\nsource_profile = base\n${source}`);
    expect([found.accessKeyId, found.principal, asked.length]).toEqual([role.accessKeyId, APP, 1]);
  });

  test.each<[string, string, string]>([
    ['AWS SSO profiles', '[profile app]\nsso_session = corp\n', 'app'],
    [
      'AWS SSO profiles',
      `[profile app]\nrole_arn = ${APP}\nsource_profile = b\n[profile b]\nsso_region = x\n`,
      'app',
    ],
    ['AWS profiles with a credential_process', `[default]\n${PROCESS(CANARY)}`, ''],
    ['AWS profiles with a login_session', '[profile app]\nlogin_session = x\n', 'app'],
  ])(
    'needs the full program in the small executable, before anything is sent: %s',
    async (what, config, name) => {
      vi.doMock(
        '../../../src/aws/credentials/sdk.ts',
        () => import('../../../src/aws/credentials/sdk.host.ts'),
      );
      try {
        const failure = await ask(config, { AWS_PROFILE: name }).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(NeedsFullProgram);
        expect(failure).toMatchObject({
          what,
          code: 'configuration',
          message: `the container executable does not support ${what}`,
          hint: 'use the full program: the image envseal:cli, or npx envseal with Node 24 or later',
        });
      } finally {
        vi.doUnmock('../../../src/aws/credentials/sdk.ts');
      }
      expect([await sts.requests(), await metadata.requests()]).toEqual([[], []]);
    },
  );
});

describe('the default profile', () => {
  test.each<[string, string, string]>([
    [
      'without a word on credentials is passed over',
      '[default]\nregion = us-east-1\n',
      'no AWS credentials found',
    ],
    [
      'that is broken is not',
      `[default]\nrole_arn = ${APP}\nsource_profile = none\n`,
      'no credentials from the AWS profile default',
    ],
    [
      'with half a pair of keys is not',
      `[default]\naws_secret_access_key = ${CANARY}\n`,
      'no credentials from the AWS profile default',
    ],
  ])('%s', async (_, config, message) => {
    expect(await refusal(config, { AWS_PROFILE: '' })).toMatchObject({ code: 'credentials', message });
  });
});

test.each<[string, string, string]>([
  ['has no word on credentials', '[profile app]\nregion = x\n', 'no credentials from the AWS profile app'],
  ['is not there', '[default]\nregion = x\n', 'no AWS profile app'],
])('a profile that AWS_PROFILE names is not passed over: it %s', async (_, config, message) => {
  expect(await refusal(config)).toMatchObject({ code: 'credentials', message });
});
