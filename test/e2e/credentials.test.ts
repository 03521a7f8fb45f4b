/** Who the program is at AWS: the places of the official chain, in its order, and what is said when one gives nothing. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { STS_ATTEMPTS } from '../../src/limits-and-defaults.ts';
import {
  type AccessKey,
  type FaultRule,
  type LoggedRequest,
  type MetadataServer,
  type ProxyServer,
  type S3Server,
  type StsServer,
  startMetadata,
  startProxy,
  startS3,
  startSts,
} from '../servers/start.ts';
import { accessKey, BARE, home, KEYS, store } from './aws.ts';
import { folder } from './folder.ts';
import { PATH_WITH_NODE } from './program.ts';
import { CANARY, type Env, opened, type Refusal, refused } from './transcript.ts';

const URI = 's3://snacks/env';
const OPEN = ['-s', URI];
const ROLE = 'arn:aws:iam::111122223333:role/app';
const NO_CREDENTIALS_HINT =
  'give the container a role: IRSA or Pod Identity on EKS, a task role on ECS, an instance profile on EC2 (with a metadata hop limit of 2), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';

let s3: S3Server;
let sts: StsServer;
let metadata: MetadataServer;
let proxy: ProxyServer;
/** Without credentials. */
let env: Env;

beforeAll(async () => {
  [s3, sts, metadata, proxy] = await Promise.all([startS3(), startSts(), startMetadata(), startProxy()]);
  env = { ...BARE, AWS_ENDPOINT_URL_S3: s3.url, AWS_ENDPOINT_URL_STS: sts.url };
});
afterAll(() => Promise.all([s3, sts, metadata, proxy].map((server) => server.stop())));
beforeEach(async () => {
  await Promise.all([s3, sts, metadata, proxy].map((server) => server.reset()));
  await store(s3, 'snacks/env', 'A=canary\n');
});

/** Opens the source and returns the access key that S3 was asked with. */
async function openedWith(more: Env): Promise<string | undefined> {
  expect(await opened(OPEN, { ...env, ...more })).toEqual({ A: CANARY });
  return accessKeyOf((await s3.requests()).at(-1));
}

function accessKeyOf(request: LoggedRequest | undefined): string | undefined {
  return /Credential=([^/]+)/.exec(request?.headers.authorization ?? '')?.[1];
}

/** Is refused without a request to S3: there was nothing to sign it with. */
async function refusedUnasked(more: Env, args: readonly string[] = []): Promise<Refusal> {
  const refusal = await refused([...OPEN, ...args], { ...env, ...more });
  expect(await s3.requests()).toEqual([]);
  return refusal;
}

/** Temporary credentials that only S3 and whoever hands them out know. */
async function register(key: AccessKey): Promise<string> {
  await s3.accessKey(key);
  return key.accessKeyId;
}

function session(accessKeyId: string): AccessKey {
  return accessKey(accessKeyId, { sessionToken: `token-of-${accessKeyId}` });
}

describe('nothing gives credentials', () => {
  test.for<[string, Env]>([
    ['at all', {}],
    ['because a secret is missing', { AWS_ACCESS_KEY_ID: 'AKIA' }],
    ['because a key is missing', { AWS_SECRET_ACCESS_KEY: CANARY }],
    ['because they are empty', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }],
  ])('%s', async ([, settings]) => {
    expect(await refusedUnasked(settings)).toEqual({
      status: 77,
      error: `${URI}: no AWS credentials found`,
      hint: NO_CREDENTIALS_HINT,
    });
  });

  test('although ~/.aws is there', async () => {
    const HOME = home('[default]\nregion = us-east-1\n', { '.aws/credentials': '[other]\n' });
    const { status, error } = await refusedUnasked({ HOME });
    expect({ status, error }).toEqual({ status: 77, error: `${URI}: no AWS credentials found` });
  });
});

describe('the environment', () => {
  test('keys', async () => {
    expect(await openedWith(KEYS)).toBe(KEYS.AWS_ACCESS_KEY_ID);
  });

  test('keys with their session token', async () => {
    const key = session('ASIAENV');
    await register(key);
    expect(
      await openedWith({
        AWS_ACCESS_KEY_ID: key.accessKeyId,
        AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
        AWS_SESSION_TOKEN: key.sessionToken ?? '',
      }),
    ).toBe('ASIAENV');
  });

  test('comes before web identity, container and instance', async () => {
    const others = {
      AWS_ROLE_ARN: ROLE,
      AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${metadata.url}/v1/credentials`,
      AWS_EC2_METADATA_DISABLED: 'false',
      AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url,
    };
    expect(await openedWith({ ...KEYS, ...others })).toBe(KEYS.AWS_ACCESS_KEY_ID);
    expect(await metadata.requests()).toEqual([]);
  });

  test('comes before the default profile', async () => {
    const HOME = home(keysOf('[default]', session('AKIAPROFILE')));
    expect(await openedWith({ ...KEYS, HOME })).toBe(KEYS.AWS_ACCESS_KEY_ID);
  });
});

function keysOf(section: string, { accessKeyId, secretAccessKey, sessionToken }: AccessKey): string {
  const keys = `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
  return `${section}\n${keys}${sessionToken === undefined ? '' : `aws_session_token = ${sessionToken}\n`}`;
}

describe('a profile', () => {
  const ADMINISTRATOR = accessKey(KEYS.AWS_ACCESS_KEY_ID, {});
  const inConfig = (section: string) => home(section.replaceAll('; ', '\n'));

  test('with keys in ~/.aws/config', async () => {
    const HOME = home(keysOf('[profile app]', ADMINISTRATOR));
    expect(await openedWith({ HOME, AWS_PROFILE: 'app' })).toBe(KEYS.AWS_ACCESS_KEY_ID);
  });

  test('with keys in ~/.aws/credentials', async () => {
    const HOME = home('', { '.aws/credentials': keysOf('[app]', ADMINISTRATOR) });
    expect(await openedWith({ HOME, AWS_PROFILE: 'app' })).toBe(KEYS.AWS_ACCESS_KEY_ID);
  });

  test('in files of other names', async () => {
    const path = folder({ config: '[profile app]\n', credentials: keysOf('[app]', ADMINISTRATOR) });
    const files = { AWS_CONFIG_FILE: `${path}/config`, AWS_SHARED_CREDENTIALS_FILE: `${path}/credentials` };
    expect(await openedWith({ ...files, AWS_PROFILE: 'app' })).toBe(KEYS.AWS_ACCESS_KEY_ID);
  });

  test('that is the default one needs no AWS_PROFILE', async () => {
    const HOME = home(keysOf('[default]', ADMINISTRATOR));
    expect(await openedWith({ HOME })).toBe(KEYS.AWS_ACCESS_KEY_ID);
  });

  test('that AWS_PROFILE names comes before the environment’s keys', async () => {
    await register(session('ASIAPROFILE'));
    const HOME = home(keysOf('[profile app]', session('ASIAPROFILE')));
    expect(await openedWith({ ...KEYS, HOME, AWS_PROFILE: 'app' })).toBe('ASIAPROFILE');
  });

  test('with a credential_process, whose stderr stays out of ours', async () => {
    const answer = JSON.stringify({
      Version: 1,
      AccessKeyId: KEYS.AWS_ACCESS_KEY_ID,
      SecretAccessKey: KEYS.AWS_SECRET_ACCESS_KEY,
    });
    const HOME = home('', { bin: `#!/bin/sh\necho canary >&2\necho '${answer}'\n` });
    writeFileSync(join(HOME, '.aws/config'), `[profile app]\ncredential_process = ${HOME}/bin\n`);
    const profile = { HOME, AWS_PROFILE: 'app', PATH: PATH_WITH_NODE };
    expect(await openedWith(profile)).toBe(KEYS.AWS_ACCESS_KEY_ID);
  });

  test.for([
    ['source_profile', `[profile app]; role_arn = ${ROLE}; source_profile = base`],
    ['credential_source', `[profile app]; role_arn = ${ROLE}; credential_source = Environment`],
  ] as const)('with a role_arn and a %s', async ([, section]) => {
    const role = await sts.role({ arn: ROLE, trustedAccessKeys: [KEYS.AWS_ACCESS_KEY_ID] });
    await register(role);
    const HOME = home(`${section.replaceAll('; ', '\n')}\n${keysOf('[profile base]', ADMINISTRATOR)}`);
    expect(await openedWith({ ...KEYS, HOME, AWS_PROFILE: 'app' })).toBe(role.accessKeyId);
    expect((await sts.requests()).map(({ subject }) => subject)).toEqual(['AssumeRole']);
  });

  test('with a role that does not trust its source is denied', async () => {
    await sts.role({ arn: ROLE, trustedAccessKeys: [] });
    const HOME = home(
      `[profile app]\nrole_arn = ${ROLE}\nsource_profile = base\n${keysOf('[profile base]', ADMINISTRATOR)}`,
    );
    expect(await refusedUnasked({ HOME, AWS_PROFILE: 'app' })).toEqual({
      status: 77,
      error: `${URI}: arn:aws:iam::111122223333:user/tester may not perform sts:AssumeRole on ${ROLE}`,
      hint: "allow it in the role's trust policy and in IAM",
    });
  });

  test.for([
    [
      'an SSO session that was never logged in to',
      '[profile app]; sso_session = corp; sso_account_id = 111122223333; sso_role_name = dev; [sso-session corp]; sso_region = us-east-1; sso_start_url = https://corp.awsapps.com/start',
      'renew its SSO session: aws sso login --profile app',
    ],
    [
      'SSO without a session',
      '[profile app]; sso_start_url = https://corp.awsapps.com/start; sso_region = us-east-1; sso_account_id = 111122223333; sso_role_name = dev',
      'renew its SSO session: aws sso login --profile app',
    ],
    [
      'a login session that is over',
      '[profile app]; login_session = arn:aws:iam::111122223333:user/me',
      'renew its session: aws login --profile app',
    ],
    [
      'a credential_process that fails',
      "[profile app]; credential_process = /bin/sh -c 'echo canary >&2, exit 3'",
      'run its credential_process by hand to see why it fails',
    ],
    [
      'a credential_process that writes no JSON',
      '[profile app]; credential_process = /bin/echo canary',
      'run its credential_process by hand to see why it fails',
    ],
    [
      'an MFA device',
      `[profile app]; role_arn = ${ROLE}; source_profile = base; mfa_serial = arn:aws:iam::111122223333:mfa/me; [profile base]; aws_access_key_id = A; aws_secret_access_key = canary`,
      'a container cannot enter its MFA code: use a role without mfa_serial',
    ],
    [
      'a source_profile that is not there',
      `[profile app]; role_arn = ${ROLE}; source_profile = base`,
      'check its role_arn and source_profile or credential_source',
    ],
    [
      'no word on credentials',
      '[profile app]; region = us-east-1',
      'set aws_access_key_id and aws_secret_access_key, role_arn, sso_session or credential_process in it',
    ],
  ] as const)('with %s gives none', async ([title, section, hint]) => {
    const node = /SSO|login|credential_process/.test(title) ? { PATH: PATH_WITH_NODE } : {};
    const profile = { HOME: inConfig(section), AWS_PROFILE: 'app', ...node };
    expect(await refusedUnasked(profile)).toEqual({
      status: 77,
      error: `${URI}: no credentials from the AWS profile app`,
      hint,
    });
  });

  test.for<[string, () => Env]>([
    ['in the files', () => ({ HOME: home('[profile other]\n') })],
    ['because there are no files', () => ({})],
  ])('that is not there is named: %s', async ([, settings]) => {
    expect(await refusedUnasked({ ...settings(), AWS_PROFILE: 'app' })).toEqual({
      status: 77,
      error: `${URI}: no AWS profile app`,
      hint: 'check AWS_PROFILE, and that the container has the files of ~/.aws',
    });
  });

  test('that asks what never answers leaves no warning of the SDK’s', async () => {
    await metadata.fault({ hang: true, count: 'always' });
    const settings = {
      HOME: home(`[profile app]\nrole_arn = ${ROLE}\ncredential_source = EcsContainer\n`),
      AWS_PROFILE: 'app',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${metadata.url}/v1/credentials`,
    };
    expect(await refusedUnasked(settings, ['--timeout', '1.5'])).toEqual({
      status: 75,
      error: `${URI}: timed out after 1.5 s`,
      hint: 'find out what does not answer, or raise --timeout',
    });
  });
});

describe('web identity (IRSA)', () => {
  const identity = (token = 'good') => {
    const file = join(folder({ token }), 'token');
    return { file, settings: { AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: file } };
  };
  const webIdentityTokens = [{ token: 'good' }, { token: 'old', expired: true }];

  test('opens with the role, after one request to STS', async () => {
    const role = await sts.role({ arn: ROLE, webIdentityTokens });
    await register(role);
    expect(await openedWith(identity().settings)).toBe(role.accessKeyId);
    expect((await sts.requests()).map(({ subject }) => subject)).toEqual(['AssumeRoleWithWebIdentity']);
  });

  test('asks STS once for several sources', async () => {
    await register(await sts.role({ arn: ROLE, webIdentityTokens }));
    await store(s3, 'snacks/more', 'B=canary\n');
    const args = [...OPEN, '-s', 's3://snacks/more'];
    expect(await opened(args, { ...env, ...identity().settings })).toEqual({ A: CANARY, B: CANARY });
    expect(await sts.requests()).toHaveLength(1);
  });

  test('comes before container and instance', async () => {
    const role = await sts.role({ arn: ROLE, webIdentityTokens });
    await register(role);
    const others = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${metadata.url}/v1/credentials` };
    expect(await openedWith({ ...identity().settings, ...others })).toBe(role.accessKeyId);
  });

  test('with a token that STS does not know', async () => {
    await sts.role({ arn: ROLE, webIdentityTokens });
    const { file, settings } = identity('canary');
    expect(await refusedUnasked(settings)).toEqual({
      status: 77,
      error: `${URI}: AWS rejected the web identity token in ${file}`,
      hint: "check that IAM has the cluster's OIDC provider, and that the token's audience is sts.amazonaws.com",
    });
  });

  test('with a token that is expired', async () => {
    await sts.role({ arn: ROLE, webIdentityTokens });
    const { file, settings } = identity('old');
    expect(await refusedUnasked(settings)).toEqual({
      status: 77,
      error: `${URI}: the web identity token in ${file} has expired`,
      hint: 'mount a projected service account token: the kubelet renews it',
    });
  });

  test('with a role that does not trust the token', async () => {
    await sts.role({ arn: 'arn:aws:iam::111122223333:role/other', webIdentityTokens });
    expect(await refusedUnasked(identity().settings)).toEqual({
      status: 77,
      error: `${URI}: these credentials may not perform sts:AssumeRoleWithWebIdentity on ${ROLE}`,
      hint: "allow it in the role's trust policy",
    });
  });

  test('without the file of the token', async () => {
    const settings = { AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere/token' };
    expect(await refusedUnasked(settings)).toEqual({
      status: 77,
      error: `${URI}: cannot read the web identity token in /nowhere/token: ENOENT`,
      hint: 'check AWS_WEB_IDENTITY_TOKEN_FILE',
    });
  });

  test('without a role', async () => {
    const { AWS_ROLE_ARN: _, ...settings } = identity().settings;
    expect(await refusedUnasked(settings)).toEqual({
      status: 77,
      error: `${URI}: AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not`,
      hint: 'set both, as IRSA does',
    });
  });

  test('is tried again when STS fails, not for ever', async () => {
    await register(await sts.role({ arn: ROLE, webIdentityTokens }));
    await sts.fault({ status: 500, code: 'InternalFailure' });
    await openedWith(identity().settings);
    expect((await sts.requests()).map(({ status }) => status)).toEqual([500, 200]);
  });

  test.for<[string, FaultRule, number, string]>([
    ['throttles', { status: 400, code: 'Throttling' }, 75, `throttled on ${ROLE}`],
    ['fails', { status: 503, code: 'ServiceUnavailable' }, 69, `the service failed with 503 on ${ROLE}`],
  ])('when STS %s', async ([, fault, status, error]) => {
    await sts.fault({ ...fault, count: 'always' });
    const refusal = await refusedUnasked(identity().settings);
    expect(refusal).toMatchObject({ status, error: `${URI}: ${error}` });
    expect(await sts.requests()).toHaveLength(STS_ATTEMPTS);
  });

  test('when STS is not there', async () => {
    const settings = { ...identity().settings, AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:9' };
    expect(await refusedUnasked(settings)).toMatchObject({
      status: 69,
      error: `${URI}: cannot reach 127.0.0.1:9: ECONNREFUSED`,
    });
  });
});

describe('the container endpoint (ECS, EKS Pod Identity)', () => {
  const key = session('ASIACONTAINER');
  const uri = () => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${metadata.url}/v1/credentials` });
  const HINT = "check the task's role (ECS) or the pod identity association (EKS)";
  const tokenFile = (token: string) => ({
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(folder({ token }), 'token'),
  });
  const asked = async () => (await metadata.requests()).map(({ status }) => status);

  beforeEach(async () => {
    await register(key);
    await metadata.configure({ credentials: key });
  });

  test('opens with the role of the task or pod', async () => {
    expect(await openedWith(uri())).toBe('ASIACONTAINER');
    expect(await asked()).toEqual([200]);
  });

  test('gets the token of the file, before that of the variable', async () => {
    await metadata.configure({ authorizationToken: 'token-of-the-pod' });
    const variable = { AWS_CONTAINER_AUTHORIZATION_TOKEN: 'wrong' };
    expect(await openedWith({ ...uri(), ...variable, ...tokenFile('token-of-the-pod\n') })).toBe(
      'ASIACONTAINER',
    );
    await metadata.configure({ authorizationToken: 'wrong' });
    expect(await openedWith({ ...uri(), ...variable })).toBe('ASIACONTAINER');
  });

  test('comes before the instance', async () => {
    const instance = {
      AWS_EC2_METADATA_DISABLED: 'false',
      AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9',
    };
    expect(await openedWith({ ...uri(), ...instance })).toBe('ASIACONTAINER');
  });

  test('is asked past every proxy', async () => {
    const proxies = { HTTP_PROXY: proxy.url, http_proxy: proxy.url, ALL_PROXY: proxy.url };
    expect(await openedWith({ ...uri(), ...proxies, NODE_USE_ENV_PROXY: '1' })).toBe('ASIACONTAINER');
    expect(await proxy.targets()).toEqual([]);
  });

  test('that refuses the token is not asked again', async () => {
    await metadata.configure({ authorizationToken: 'token-of-the-pod' });
    expect(await refusedUnasked({ ...uri(), ...tokenFile('canary') })).toEqual({
      status: 77,
      error: `${URI}: the container credentials endpoint ${metadata.host} refused with 401`,
      hint: HINT,
    });
    expect(await asked()).toEqual([401]);
  });

  test('that sends no credentials', async () => {
    await metadata.configure({ credentials: { ...key, secretAccessKey: '' } });
    expect(await refusedUnasked(uri())).toEqual({
      status: 77,
      error: `${URI}: the container credentials endpoint ${metadata.host} sent no credentials`,
      hint: HINT,
    });
  });

  test('that fails is asked again', async () => {
    await metadata.fault({ status: 500, count: 2 });
    expect(await openedWith(uri())).toBe('ASIACONTAINER');
    expect(await asked()).toEqual([500, 500, 200]);
  });

  test('that fails every time', async () => {
    await metadata.fault({ status: 500, count: 'always' });
    expect(await refusedUnasked(uri())).toEqual({
      status: 69,
      error: `${URI}: ${metadata.host} failed with 500`,
      hint: 'retried; check the network policy, and what runs at that address',
    });
    expect(await asked()).toEqual([500, 500, 500]);
  });

  test('whose token is not there', async () => {
    const settings = { ...uri(), AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/nowhere/token' };
    expect(await refusedUnasked(settings)).toEqual({
      status: 77,
      error: `${URI}: cannot read the container authorization token in /nowhere/token: ENOENT`,
      hint: 'EKS mounts it: check AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
    });
  });

  test.for(['a\nb', 'a\r\nx-injected: canary', 'ä'])('whose token is %j', async (token) => {
    expect(await refusedUnasked({ ...uri(), ...tokenFile(token) })).toEqual({
      status: 77,
      error: `${URI}: the container authorization token is not one line of ASCII`,
      hint: HINT,
    });
    expect(await asked()).toEqual([]);
  });

  test.for(['http://192.0.2.1/v1/credentials', 'ftp://127.0.0.1/', 'nope', 'http://169.254.169.254/'])(
    'is on this host or https: %s',
    async (AWS_CONTAINER_CREDENTIALS_FULL_URI) => {
      expect(await refusedUnasked({ AWS_CONTAINER_CREDENTIALS_FULL_URI })).toEqual({
        status: 78,
        error: `${URI}: AWS_CONTAINER_CREDENTIALS_FULL_URI is neither an https: URL nor a local address`,
        hint: 'ECS and EKS set it: remove what overrides it',
      });
    },
  );
});

describe('instance metadata (EC2)', () => {
  const key = session('ASIAINSTANCE');
  const instance = (more: Env = {}) => ({
    AWS_EC2_METADATA_DISABLED: 'false',
    AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url,
    ...more,
  });
  const asked = async () =>
    (await metadata.requests()).map(({ method, target, status }) => `${method} ${target} ${status}`);
  const TOKEN = 'PUT /latest/api/token';
  const ROLES = 'GET /latest/meta-data/iam/security-credentials/';
  const none = (because: string): Refusal => ({
    status: 77,
    error: `${URI}: no AWS credentials found, and ${because}`,
    hint: NO_CREDENTIALS_HINT,
  });

  beforeEach(async () => {
    await register(key);
    await metadata.configure({ credentials: key, roleName: 'app' });
  });

  test('opens with the role of the instance, by version 2', async () => {
    expect(await openedWith(instance())).toBe('ASIAINSTANCE');
    expect(await asked()).toEqual([`${TOKEN} 200`, `${ROLES} 200`, `${ROLES}app 200`]);
  });

  test('is asked at the endpoint of the profile', async () => {
    const HOME = home(`[default]\nec2_metadata_service_endpoint = ${metadata.url}\n`);
    expect(await openedWith({ HOME, AWS_EC2_METADATA_DISABLED: 'false' })).toBe('ASIAINSTANCE');
  });

  test.for(['true', 'TRUE'])('is not asked with AWS_EC2_METADATA_DISABLED=%s', async (disabled) => {
    const { error } = await refusedUnasked(instance({ AWS_EC2_METADATA_DISABLED: disabled }));
    expect(error).toBe(`${URI}: no AWS credentials found`);
    expect(await asked()).toEqual([]);
  });

  test('is asked past every proxy', async () => {
    const proxies = { HTTP_PROXY: proxy.url, http_proxy: proxy.url, ALL_PROXY: proxy.url };
    expect(await openedWith(instance({ ...proxies, NODE_USE_ENV_PROXY: '1' }))).toBe('ASIAINSTANCE');
    expect(await proxy.targets()).toEqual([]);
  });

  test.for([401, 403, 404])('that answers %i to the token is not asked by version 1', async (status) => {
    await metadata.fault({ status, count: 'always' });
    expect(await refusedUnasked(instance())).toEqual(
      none(`the instance metadata refused a token with ${status}`),
    );
    expect(await asked()).toEqual([`${TOKEN} ${status}`]);
  });

  test('of an instance without a role', async () => {
    await metadata.configure({ roleName: null });
    expect(await refusedUnasked(instance())).toEqual(none('the instance metadata refused a role with 404'));
    expect(await asked()).toEqual([`${TOKEN} 200`, `${ROLES} 404`]);
  });

  test('that fails is asked again', async () => {
    await metadata.fault({ match: 'security-credentials/app', status: 500, count: 2 });
    expect(await openedWith(instance())).toBe('ASIAINSTANCE');
  });

  test('that is not there', async () => {
    const settings = instance({ AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9' });
    expect(await refusedUnasked(settings)).toEqual(none('no instance metadata'));
  });

  test('whose endpoint is none', async () => {
    expect(await refusedUnasked(instance({ AWS_EC2_METADATA_SERVICE_ENDPOINT: 'nope' }))).toEqual({
      status: 78,
      error: `${URI}: invalid instance metadata endpoint`,
      hint: 'remove AWS_EC2_METADATA_SERVICE_ENDPOINT, or set it to http://169.254.169.254',
    });
  });
});
