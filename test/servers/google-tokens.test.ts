import { execFile } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CLOUD_PLATFORM_SCOPE, SERVICE_ACCOUNT, verifyAccessToken } from './google/access-tokens.ts';
import {
  authorizedUserFile,
  awsExternalAccount,
  CLIENT_ID,
  CLIENT_SECRET,
  type CredentialFile,
  fileExternalAccount,
  impersonatedFile,
  REFRESH_TOKEN,
  serviceAccountFile,
  USER,
  urlExternalAccount,
} from './google/credential-files.ts';
import { PROJECT } from './google/defaults.ts';
import { type Claims, serviceAccountKey, signJwt } from './google/jwt.ts';
import {
  AWS_AUDIENCE,
  mintSubjectToken,
  OIDC_AUDIENCE,
  poolPrincipal,
  TOKEN_SUBJECT,
} from './google/subject-tokens.ts';
import { type RawReply, send, signed } from './raw-client.ts';
import {
  CA_FILE,
  CALLER_ARN,
  type GoogleTokensServer,
  type MetadataServer,
  type ProxyServer,
  startGoogleTokens,
  startMetadata,
  startProxy,
} from './start.ts';

const run = promisify(execFile);
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const POOL_USER = poolPrincipal(TOKEN_SUBJECT);
const AWS_PRINCIPAL = poolPrincipal(CALLER_ARN);

let tokens: GoogleTokensServer;
let secure: GoogleTokensServer;
let proxy: ProxyServer;
let metadata: MetadataServer;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'envseal-google-tokens-'));
  [tokens, secure, proxy, metadata] = await Promise.all([
    startGoogleTokens(),
    startGoogleTokens({ tls: true }),
    startProxy(),
    startMetadata(),
  ]);
  await proxy.map({ '*.googleapis.com:443': secure.host });
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await Promise.all([tokens, secure, proxy, metadata].map((server) => server.stop()));
});
beforeEach(() => Promise.all([tokens.reset(), secure.reset(), metadata.reset()]));

function parsed({ status, body }: RawReply) {
  return { status, ...JSON.parse(body.toString()) };
}

async function post(path: string, form: Record<string, string>) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const body = new URLSearchParams(form).toString();
  return parsed(await send({ url: tokens.url + path, method: 'POST', headers, body }));
}

function opened(token: string | null | undefined) {
  const { principal, scopes, expiresAt } = verifyAccessToken(token ?? '', Date.now()) ?? {};
  return { principal, scopes, seconds: Math.round(((expiresAt ?? 0) - Date.now()) / 1000) };
}

describe('the assertion of a service account', () => {
  const now = Math.floor(Date.now() / 1000);
  const claims = (changes: Claims = {}): Claims => ({
    iss: SERVICE_ACCOUNT,
    scope: CLOUD_PLATFORM_SCOPE,
    aud: 'https://oauth2.googleapis.com/token',
    iat: now,
    exp: now + 3600,
    ...changes,
  });
  const present = (assertion: string) => post('/token', { grant_type: JWT_BEARER, assertion });

  test('is good for an access token', async () => {
    const { access_token, ...rest } = await present(signJwt(claims(), serviceAccountKey));
    expect(rest).toEqual({ status: 200, expires_in: 3599, token_type: 'Bearer' });
    const { principal, scopes } = opened(access_token);
    expect({ principal, scopes }).toEqual({ principal: SERVICE_ACCOUNT, scopes: [CLOUD_PLATFORM_SCOPE] });
  });

  test('may be for the URL that it is sent to', async () => {
    const assertion = signJwt(claims({ aud: `${tokens.url}/token` }), serviceAccountKey);
    expect(await present(assertion)).toMatchObject({ status: 200 });
  });

  const { privateKey: strange } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const own = (changes: Claims) => signJwt(claims(changes), serviceAccountKey);
  const UNREASONABLE = /^Invalid JWT: Token must be a short-lived token/;

  test.each<[string, string, string, string | RegExp]>([
    ['signed with another key', signJwt(claims(), strange), 'invalid_grant', 'Invalid JWT Signature.'],
    [
      'not signed',
      `${signJwt(claims(), strange).replace(/[^.]*$/, '')}`,
      'invalid_grant',
      'Invalid JWT Signature.',
    ],
    [
      'signed with the public key',
      signJwt(claims(), serviceAccountKey, { alg: 'HS256' }),
      'invalid_grant',
      'Invalid JWT Signature.',
    ],
    ['of an unknown account', own({ iss: 'x@y' }), 'invalid_grant', 'Invalid grant: account not found'],
    [
      'for another audience',
      own({ aud: 'https://x' }),
      'invalid_grant',
      /^Invalid JWT: Failed audience check/,
    ],
    ['whose time is over', own({ iat: now - 3601, exp: now - 1 }), 'invalid_grant', UNREASONABLE],
    ['for more than an hour', own({ exp: now + 3601 }), 'invalid_grant', UNREASONABLE],
    ['of tomorrow', own({ iat: now + 86_400, exp: now + 86_401 }), 'invalid_grant', UNREASONABLE],
    ['without its times', own({ iat: undefined, exp: undefined }), 'invalid_grant', UNREASONABLE],
    [
      'without a scope',
      own({ scope: undefined }),
      'invalid_scope',
      'Invalid OAuth scope or ID token audience provided.',
    ],
    ['that is none', 'x.y', 'invalid_grant', 'Bad Request'],
  ])('%s is refused', async (_, assertion, error, description) => {
    const reply = await present(assertion);
    expect(reply).toMatchObject({ status: 400, error });
    expect(reply.error_description).toMatch(description);
  });

  test('of a deleted key is refused', async () => {
    await tokens.configure({ serviceAccountKeyDeleted: true });
    expect(await present(own({}))).toMatchObject({ error_description: 'Invalid JWT Signature.' });
  });

  test('may not be another kind of grant', async () => {
    expect(await post('/token', { grant_type: 'password' })).toEqual({
      status: 400,
      error: 'unsupported_grant_type',
      error_description: 'Invalid grant_type: password',
    });
  });
});

describe('the refresh token of a user', () => {
  const USUAL = {
    grant_type: 'refresh_token',
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    refresh_token: REFRESH_TOKEN,
  };

  test('is good for an access token', async () => {
    const { access_token, scope, ...rest } = await post('/token', USUAL);
    expect(rest).toEqual({ status: 200, expires_in: 3599, token_type: 'Bearer' });
    expect(scope).toContain(CLOUD_PLATFORM_SCOPE);
    expect(opened(access_token)).toMatchObject({ principal: USER, scopes: scope.split(' ') });
  });

  test.each([
    [{ client_id: 'x' }, 401, 'invalid_client', 'The OAuth client was not found.'],
    [{ client_secret: 'x' }, 401, 'invalid_client', 'The provided client secret is invalid.'],
    [{ refresh_token: 'x' }, 400, 'invalid_grant', 'Bad Request'],
  ])('with %o is refused', async (changes, status, error, error_description) => {
    expect(await post('/token', { ...USUAL, ...changes })).toEqual({ status, error, error_description });
  });

  test('that was revoked is refused', async () => {
    await tokens.configure({ refreshTokenRevoked: true });
    const error_description = 'Token has been expired or revoked.';
    expect(await post('/token', USUAL)).toEqual({ status: 400, error: 'invalid_grant', error_description });
  });
});

describe('the token of a workload identity provider', () => {
  const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
  const usual = (subject_token = mintSubjectToken()) => ({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience: OIDC_AUDIENCE,
    scope: CLOUD_PLATFORM_SCOPE,
    requested_token_type: ACCESS_TOKEN,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    subject_token,
  });

  test('is good for a federated one', async () => {
    const { access_token, ...rest } = await post('/v1/token', usual());
    const issued_token_type = ACCESS_TOKEN;
    expect(rest).toEqual({ status: 200, issued_token_type, token_type: 'Bearer', expires_in: 3599 });
    expect(opened(access_token)).toMatchObject({ principal: POOL_USER, scopes: [CLOUD_PLATFORM_SCOPE] });
  });

  test('may come as JSON', async () => {
    const fields = Object.entries(usual()).map(([name, value]) => [
      name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]);
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(Object.fromEntries(fields));
    const reply = await send({ url: `${tokens.url}/v1/token`, method: 'POST', headers, body });
    expect(reply.status).toBe(200);
  });

  const { privateKey: strange } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ABSENT = OIDC_AUDIENCE.replace('providers/oidc', 'providers/x');

  test.each<[string, Record<string, string>, string, string | RegExp]>([
    [
      'of another issuer',
      { subject_token: mintSubjectToken({ iss: 'https://x' }) },
      'invalid_grant',
      "Error connecting to the given credential's issuer.",
    ],
    [
      'for another audience',
      { subject_token: mintSubjectToken({ aud: 'x' }) },
      'invalid_grant',
      'The audience in ID Token [x] does not match the expected audience.',
    ],
    [
      'whose time is over',
      { subject_token: mintSubjectToken({ exp: 1, iat: 0 }) },
      'invalid_grant',
      'ID Token issued at 0 is stale to sign-in.',
    ],
    [
      'signed with another key',
      { subject_token: signJwt({ iss: 'https://issuer.envseal.test' }, strange) },
      'invalid_grant',
      'Unable to verify the ID Token signature.',
    ],
    ['that is none', { subject_token: 'x' }, 'invalid_grant', 'Unable to parse the ID Token.'],
    ['for no provider', { audience: 'x' }, 'invalid_request', /^Invalid value for "audience"\./],
    ['for a provider that is not there', { audience: ABSENT }, 'invalid_target', /doesn't exist\.$/],
    ['of another type', { subject_token_type: 'x' }, 'invalid_request', /"subject_token_type"/],
    ['as another grant', { grant_type: 'x' }, 'invalid_request', /"grant_type"/],
    ['without a scope', { scope: '' }, 'invalid_scope', /^Empty or missing scope/],
  ])('%s is refused', async (_, changes, error, description) => {
    const reply = await post('/v1/token', { ...usual(), ...changes });
    expect(reply).toMatchObject({ status: 400, error });
    if (typeof description === 'string') expect(reply.error_description).toBe(description);
    else expect(reply.error_description).toMatch(description);
  });

  test('for a disabled provider is refused', async () => {
    await tokens.configure({ providersDisabled: true });
    expect(await post('/v1/token', usual())).toMatchObject({ status: 400, error: 'invalid_target' });
  });

  test('is handed out as text or in an object, to who sends the header', async () => {
    const url = `${tokens.url}/subject-token`;
    expect((await send({ url })).status).toBe(403);
    const headers = { metadata: 'True' };
    const plain = (await send({ url, headers })).body.toString();
    expect(await post('/v1/token', usual(plain))).toMatchObject({ status: 200 });
    const { id_token } = parsed(await send({ url: `${url}?field=id_token`, headers }));
    expect(await post('/v1/token', usual(id_token))).toMatchObject({ status: 200 });
  });

  describe('of AWS', () => {
    const STS = 'https://sts.eu-west-1.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15';
    const SIGNING = { service: 'sts', region: 'eu-west-1' };

    async function serialized(signing: object = {}, url = STS, target = AWS_AUDIENCE): Promise<string> {
      const request = {
        url: url.replace('.com?', '.com/?'),
        method: 'POST',
        headers: { 'x-goog-cloud-target-resource': target },
      };
      const { headers = {} } = await signed(request, { ...SIGNING, ...signing });
      const pairs = Object.entries(headers).map(([key, value]) => ({ key, value }));
      return encodeURIComponent(JSON.stringify({ url, method: 'POST', headers: pairs }));
    }

    const exchange = (subject_token: string) =>
      post('/v1/token', {
        ...usual(subject_token),
        audience: AWS_AUDIENCE,
        subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
      });

    test('is a signed request', async () => {
      const { access_token, status } = await exchange(await serialized());
      expect({ status, ...opened(access_token) }).toMatchObject({ status: 200, principal: AWS_PRINCIPAL });
    });

    test.each<[string, () => Promise<string>, string, RegExp]>([
      [
        'signed with another secret',
        () => serialized({ credentials: { accessKeyId: 'AKIDTESTTESTTEST', secretAccessKey: 'x' } }),
        'invalid_grant',
        /type SignatureDoesNotMatch/,
      ],
      [
        'signed an hour ago',
        () => serialized({ date: new Date(Date.now() - 3_600_000) }),
        'invalid_grant',
        /type SignatureDoesNotMatch/,
      ],
      [
        'of an unknown key',
        () => serialized({ credentials: { accessKeyId: 'AKIAX', secretAccessKey: 'x' } }),
        'invalid_grant',
        /type InvalidClientTokenId/,
      ],
      [
        'for another provider',
        () => serialized({}, STS, 'x'),
        'invalid_request',
        /does not match the audience$/,
      ],
      ['to another host', () => serialized({}, STS.replace('sts', 's3')), 'invalid_request', /not a POST of/],
      ['that is none', async () => '', 'invalid_request', /^Invalid format of AWS credentials/],
    ])('%s is refused', async (_, make, error, description) => {
      const reply = await exchange(await make());
      expect(reply).toMatchObject({ status: 400, error });
      expect(reply.error_description).toMatch(description);
    });
  });
});

describe('generateAccessToken', () => {
  const USUAL = { scope: [CLOUD_PLATFORM_SCOPE], lifetime: '300s' };

  async function generate(body: object = USUAL, email = SERVICE_ACCOUNT, authorization?: string) {
    const { access_token } = await post('/token', {
      grant_type: 'refresh_token',
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      refresh_token: REFRESH_TOKEN,
    });
    return parsed(
      await send({
        url: `${tokens.url}/v1/projects/-/serviceAccounts/${email}:generateAccessToken`,
        method: 'POST',
        headers: { authorization: authorization ?? `Bearer ${access_token}` },
        body: JSON.stringify(body),
      }),
    );
  }

  test('gives a token of the service account for as long as it is asked', async () => {
    const { accessToken, expireTime, status } = await generate();
    expect({ status, ...opened(accessToken) }).toMatchObject({ status: 200, principal: SERVICE_ACCOUNT });
    expect(expireTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(opened(accessToken).seconds).toBeGreaterThan(290);
    expect(opened(accessToken).seconds).toBeLessThanOrEqual(300);
  });

  test('is refused without permission', async () => {
    await tokens.configure({ impersonators: ['other@example.org'] });
    const permission = 'iam.serviceAccounts.getAccessToken';
    expect((await generate()).error).toEqual({
      code: 403,
      message: `Permission '${permission}' denied on resource (or it may not exist).`,
      status: 'PERMISSION_DENIED',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'IAM_PERMISSION_DENIED',
          domain: 'iam.googleapis.com',
          metadata: { permission },
        },
      ],
    });
  });

  test.each<[string, Parameters<typeof generate>, number, string]>([
    ['without a caller', [USUAL, SERVICE_ACCOUNT, 'Bearer x'], 401, 'UNAUTHENTICATED'],
    ['of an unknown account', [USUAL, 'x@y'], 404, 'NOT_FOUND'],
    ['without a scope', [{}], 400, 'INVALID_ARGUMENT'],
    ['for more than an hour', [{ ...USUAL, lifetime: '3601s' }], 400, 'INVALID_ARGUMENT'],
  ])('%s is refused', async (_, args, code, status) => {
    expect((await generate(...args)).error).toMatchObject({ code, status });
  });
});

test('faults strike by path, and are written as the endpoint writes errors', async () => {
  await tokens.fault({ match: '^/token$', status: 503, code: 'internal_failure' });
  await tokens.fault({ match: ':generateAccessToken$', status: 429, code: 'RATE_LIMIT_EXCEEDED' });
  expect(await post('/token', {})).toMatchObject({ status: 503, error: 'internal_failure' });
  const path = `/v1/projects/-/serviceAccounts/${SERVICE_ACCOUNT}:generateAccessToken`;
  expect(await post(path, {})).toMatchObject({ error: { code: 429, status: 'RESOURCE_EXHAUSTED' } });
});

describe('google-auth-library takes the file of', () => {
  const SCRIPT = `
    const { GoogleAuth } = require('google-auth-library');
    const auth = new GoogleAuth({ scopes: ['${CLOUD_PLATFORM_SCOPE}'] });
    const fail = ({ message }) => { process.exitCode = 1; process.stderr.write(message); };
    auth.getAccessToken().then((token) => process.stdout.write(token), fail);`;

  /**
   * In a process of its own, because part of its requests know no options: what it asks at Google's own hosts goes
   * through the proxy, to the server with the test certificate.
   */
  async function accessToken(credentials: CredentialFile) {
    const env = {
      GOOGLE_APPLICATION_CREDENTIALS: file(JSON.stringify(credentials)),
      HTTPS_PROXY: proxy.url,
      NO_PROXY: '127.0.0.1',
      NODE_EXTRA_CA_CERTS: CA_FILE,
      METADATA_SERVER_DETECTION: 'none',
      // Without it the library asks Cloud Resource Manager first.
      GOOGLE_CLOUD_PROJECT: PROJECT,
    };
    const { stdout } = await run(process.execPath, ['-e', SCRIPT], { env, cwd: import.meta.dirname });
    return opened(stdout);
  }

  function file(content: string): string {
    const path = join(folder, `${Math.random()}`);
    writeFileSync(path, content);
    return path;
  }

  test('a service account', async () => {
    const { principal, scopes } = await accessToken(serviceAccountFile(secure.url));
    expect({ principal, scopes }).toEqual({ principal: SERVICE_ACCOUNT, scopes: [CLOUD_PLATFORM_SCOPE] });
    expect((await secure.requests())[0]).toMatchObject({ host: 'oauth2.googleapis.com', subject: '/token' });
  });

  test('a user', async () => {
    expect(await accessToken(authorizedUserFile())).toMatchObject({ principal: USER });
  });

  test.each<[string, () => CredentialFile]>([
    ['a file', () => fileExternalAccount(tokens.url, file(mintSubjectToken()))],
    [
      'a file with an object',
      () =>
        fileExternalAccount(tokens.url, file(JSON.stringify({ id_token: mintSubjectToken() })), {
          field: 'id_token',
        }),
    ],
    ['a URL', () => urlExternalAccount(tokens.url)],
    ['a URL with an object', () => urlExternalAccount(tokens.url, { field: 'access_token' })],
    ['a server with TLS', () => urlExternalAccount(secure.url)],
  ])('a workload with its token in %s', async (_, make) => {
    expect(await accessToken(make())).toMatchObject({ principal: POOL_USER });
  });

  test('a workload on AWS', async () => {
    const { sessionToken, ...key } = await sessionOfMetadata();
    await tokens.accessKey({ ...key, sessionToken, arn: CALLER_ARN });
    const credentials = awsExternalAccount(tokens.url, { metadataUrl: metadata.url });
    expect(await accessToken(credentials)).toMatchObject({ principal: AWS_PRINCIPAL });
  });

  test('a workload that impersonates a service account', async () => {
    const credentials = urlExternalAccount(tokens.url, {
      impersonate: SERVICE_ACCOUNT,
      lifetimeSeconds: 600,
    });
    const { principal, seconds } = await accessToken(credentials);
    expect(principal).toBe(SERVICE_ACCOUNT);
    expect(seconds).toBeLessThanOrEqual(600);
    await tokens.configure({ impersonators: [] });
    await expect(accessToken(credentials)).rejects.toThrow("'iam.serviceAccounts.getAccessToken' denied");
  });

  test('a user who impersonates a service account', async () => {
    expect(await accessToken(impersonatedFile(secure.url))).toMatchObject({ principal: SERVICE_ACCOUNT });
    const subjects = (await secure.requests()).map(({ subject }) => subject);
    expect(subjects.at(-1)).toBe(`/v1/projects/-/serviceAccounts/${SERVICE_ACCOUNT}:generateAccessToken`);
  });

  test('no account that Google does not know', async () => {
    await secure.configure({ serviceAccounts: [] });
    await expect(accessToken(serviceAccountFile(secure.url))).rejects.toThrow(
      'invalid_grant: Invalid grant: account not found',
    );
  });

  /** What the instance metadata gives out by default. */
  async function sessionOfMetadata() {
    const sessionToken = 'session';
    const key = { accessKeyId: 'ASIATESTTESTTEST', secretAccessKey: 'secret' };
    await metadata.configure({ credentials: { ...key, sessionToken, arn: CALLER_ARN } });
    return { ...key, sessionToken };
  }
});

test('the key in the file is the one that the server knows', () => {
  const { private_key } = serviceAccountFile(tokens.url);
  expect(createPublicKey(String(private_key)).equals(createPublicKey(serviceAccountKey))).toBe(true);
});
