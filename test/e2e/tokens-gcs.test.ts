/** Who the program is at Google Cloud: every place of a token, in its order, and what is said when one gives nothing. */
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { accessToken, SERVICE_ACCOUNT } from '../servers/google/access-tokens.ts';
import {
  authorizedUserFile,
  awsExternalAccount,
  CLIENT_SECRET,
  type CredentialFile,
  fileExternalAccount,
  impersonatedFile,
  REFRESH_TOKEN,
  serviceAccountFile,
  USER,
  urlExternalAccount,
} from '../servers/google/credential-files.ts';
import { mintSubjectToken, poolPrincipal, TOKEN_SUBJECT } from '../servers/google/subject-tokens.ts';
import {
  CA_FILE,
  CALLER_ARN,
  type FaultRule,
  type GcpMetadataServer,
  type GcsServer,
  type GoogleTokensServer,
  type MetadataServer,
  type ProxyServer,
  startGcpMetadata,
  startGcs,
  startGoogleTokens,
  startMetadata,
  startProxy,
} from '../servers/start.ts';
import { folder } from './folder.ts';
import { at, BARE, homeWith, storeGcs, workload } from './gcp.ts';
import { envseal, PATH, PATH_WITH_NODE, readEnviron } from './program.ts';
import { CANARY, type Env, opened, type Refusal, refused } from './transcript.ts';

const URI = 'gs://snacks/env';
const OPEN = ['-s', URI];
const POOL_USER = poolPrincipal(TOKEN_SUBJECT);
const OTHER = 'other@envseal-test.iam.gserviceaccount.com';
const LOGIN = '.config/gcloud/application_default_credentials.json';
const KEY_OF_AWS = { accessKeyId: 'AKIATESTTESTTEST', secretAccessKey: 'secret-of-aws', arn: CALLER_ARN };

let gcs: GcsServer;
let metadata: GcpMetadataServer;
/** The metadata server of another cloud, for a workload that runs there. */
let aws: MetadataServer;
/** Plain http: on loopback, and TLS behind the proxy under the names of Google. */
let tokens: GoogleTokensServer;
let secure: GoogleTokensServer;
let proxy: ProxyServer;
/** Without a token. */
let env: Env;

const servers = () => [gcs, metadata, aws, tokens, secure, proxy];

beforeAll(async () => {
  [gcs, metadata, aws, tokens, secure, proxy] = await Promise.all([
    startGcs(),
    startGcpMetadata(),
    startMetadata(),
    startGoogleTokens(),
    startGoogleTokens({ tls: true }),
    startProxy(),
  ]);
  env = { ...BARE, ...at(gcs), HTTPS_PROXY: proxy.url, SSL_CERT_FILE: CA_FILE };
});
afterAll(() => Promise.all(servers().map((server) => server.stop())));
beforeEach(async () => {
  await Promise.all(servers().map((server) => server.reset()));
  await proxy.map({ '*.googleapis.com:443': secure.host });
  await storeGcs(gcs, 'snacks/env', 'A=canary\n');
});

/** Opens the source as this principal, whom alone Cloud Storage lets in. */
async function openedAs(
  principal: string,
  settings: Env,
  args: readonly string[] = [],
): Promise<Record<string, string>> {
  await gcs.allow(SERVICE_ACCOUNT, []);
  await gcs.allow(principal, ['storage.objects.get']);
  return await opened([...args, ...OPEN], { ...env, ...settings });
}

/** Is refused without a request to Cloud Storage: there was no token to send. */
async function refusedUnasked(settings: Env, args: readonly string[] = []): Promise<Refusal> {
  const refusal = await refused([...OPEN, ...args], { ...env, ...settings });
  expect(await gcs.requests()).toEqual([]);
  const said = refusal.error + refusal.hint;
  for (const secret of [CLIENT_SECRET, REFRESH_TOKEN, 'PRIVATE KEY', 'ya29.', 'eyJ'])
    expect(said).not.toContain(secret);
  return refusal;
}

function tokenOf(principal: string): string {
  return accessToken({ principal });
}

function file(content: string): string {
  return join(folder({ 'file.json': content }), 'file.json');
}

function fromFile(content = mintSubjectToken(), options = {}): CredentialFile {
  return fileExternalAccount(tokens.url, file(content), options);
}

const credentialsIn = (credentials: CredentialFile): Env => ({
  GOOGLE_APPLICATION_CREDENTIALS: file(JSON.stringify(credentials)),
});

interface Row {
  readonly name: string;
  readonly principal: string;
  /** Variables that have it, or lead to it. */
  readonly settings: () => Env;
}

/** The places, in their order. */
const PLACES: readonly Row[] = [
  {
    name: 'GOOGLE_OAUTH_ACCESS_TOKEN',
    principal: 'a@example.org',
    settings: () => ({ GOOGLE_OAUTH_ACCESS_TOKEN: tokenOf('a@example.org') }),
  },
  {
    name: 'CLOUDSDK_AUTH_ACCESS_TOKEN',
    principal: 'b@example.org',
    settings: () => ({ CLOUDSDK_AUTH_ACCESS_TOKEN: tokenOf('b@example.org') }),
  },
  {
    name: 'CLOUDSDK_AUTH_ACCESS_TOKEN_FILE',
    principal: 'c@example.org',
    settings: () => ({ CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: file(`${tokenOf('c@example.org')}\n`) }),
  },
  {
    name: 'GOOGLE_APPLICATION_CREDENTIALS',
    principal: POOL_USER,
    settings: () => credentialsIn(fromFile()),
  },
  {
    name: 'GOOGLE_CREDENTIALS with JSON',
    principal: USER,
    settings: () => ({ GOOGLE_CREDENTIALS: JSON.stringify(authorizedUserFile(), null, 2) }),
  },
  {
    name: 'the login of gcloud in CLOUDSDK_CONFIG',
    principal: POOL_USER,
    settings: () => ({
      CLOUDSDK_CONFIG: folder({
        'application_default_credentials.json': JSON.stringify(fromFile()),
      }),
    }),
  },
  {
    name: 'the login of gcloud in HOME',
    principal: USER,
    settings: () => ({ HOME: homeWith({ [LOGIN]: JSON.stringify(authorizedUserFile()) }) }),
  },
  { name: 'the metadata server', principal: OTHER, settings: () => workload(metadata) },
];

describe('a token comes from', () => {
  test.for(PLACES.map((row, index) => [row.name, row, index] as const))(
    '%s, before all places below it',
    async ([, { principal, settings }, index]) => {
      await metadata.configure({ principal: OTHER });
      const below = PLACES.slice(index + 1).map((row) => row.settings());
      expect(await openedAs(principal, Object.assign({}, ...below, settings()))).toEqual({ A: CANARY });
    },
  );

  test('GOOGLE_CREDENTIALS with a path', async () => {
    const settings = { GOOGLE_CREDENTIALS: file(JSON.stringify(fromFile())) };
    expect(await openedAs(POOL_USER, settings)).toEqual({ A: CANARY });
  });

  test('none that is empty', async () => {
    const names = [
      'GOOGLE_OAUTH_ACCESS_TOKEN',
      'CLOUDSDK_AUTH_ACCESS_TOKEN',
      'CLOUDSDK_AUTH_ACCESS_TOKEN_FILE',
      'GOOGLE_APPLICATION_CREDENTIALS',
      'GOOGLE_CREDENTIALS',
      'CLOUDSDK_CONFIG',
      'CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT',
    ];
    const empty = Object.fromEntries(names.map((name) => [name, '']));
    expect(await openedAs(SERVICE_ACCOUNT, { ...empty, ...workload(metadata) })).toEqual({ A: CANARY });
  });
});

describe('the metadata server', () => {
  test('is asked once, past every proxy', async () => {
    const proxies = { HTTP_PROXY: proxy.url, http_proxy: proxy.url, ALL_PROXY: proxy.url };
    const settings = { ...workload(metadata), ...proxies, NO_PROXY: gcs.host, NODE_USE_ENV_PROXY: '1' };
    expect(await openedAs(SERVICE_ACCOUNT, settings)).toEqual({ A: CANARY });
    expect(await metadata.requests()).toHaveLength(1);
    expect(await proxy.targets()).toEqual([]);
  });

  test.for<[string, FaultRule]>([
    ['resets', { resetBeforeHeaders: true }],
    ['fails', { status: 503 }],
    ['throttles', { status: 429 }],
    ['breaks off', { truncateTo: 3 }],
  ])('that is late is waited for: it %s', async ([, fault]) => {
    await metadata.late(3, fault);
    expect(await openedAs(SERVICE_ACCOUNT, workload(metadata))).toEqual({ A: CANARY });
    expect(await metadata.requests()).toHaveLength(4);
  });

  test('of a Pod has no account in its first moments', async () => {
    await metadata.late(2, { status: 404 });
    const settings = { ...workload(metadata), KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    expect(await openedAs(SERVICE_ACCOUNT, settings)).toEqual({ A: CANARY });
  });

  test('that is not there', async () => {
    const settings = { GCE_METADATA_HOST: '127.0.0.1:9', METADATA_SERVER_DETECTION: 'ping-only' };
    expect(await refusedUnasked(settings)).toEqual({
      status: 77,
      error: `${URI}: no Google credentials found, and no metadata server`,
      hint: 'give the workload a service account (Workload Identity on GKE, --service-account on Cloud Run and Compute Engine), or set GOOGLE_APPLICATION_CREDENTIALS',
    });
  });

  test('that should be there, and never is', async () => {
    await metadata.late(1000);
    expect(await refusedUnasked(workload(metadata), ['--timeout', '1'])).toEqual({
      status: 77,
      error: `${URI}: no Google credentials found, and no metadata server`,
      hint: 'let the network policy allow 169.254.169.254 port 80 and 169.254.169.252 port 988, or set GOOGLE_APPLICATION_CREDENTIALS',
    });
    expect((await metadata.requests()).length).toBeGreaterThan(1);
  });

  test('without a service account', async () => {
    await metadata.configure({ hasServiceAccount: false });
    expect(await refusedUnasked(workload(metadata))).toMatchObject({
      status: 77,
      error: `${URI}: the metadata server has no service account for this workload`,
    });
  });

  test('of another party', async () => {
    await metadata.fault({ setHeaders: { 'metadata-flavor': null } });
    expect(await refusedUnasked(workload(metadata))).toMatchObject({
      status: 77,
      error: `${URI}: no Google credentials found, and the server at ${metadata.host} is not a Google metadata server`,
    });
  });

  test('is not asked over plain http: anywhere else', async () => {
    const settings = { GCE_METADATA_HOST: 'metadata.example.com', METADATA_SERVER_DETECTION: '' };
    expect(await refusedUnasked(settings)).toEqual({
      status: 78,
      error: `${URI}: the endpoint http://metadata.example.com is not https:`,
      hint: 'use https:, or accept the risk with --allow-insecure-endpoint',
    });
  });
});

/** What each type of credential file takes, and whose token it gives. */
const FILES: readonly (readonly [name: string, principal: string, make: () => CredentialFile])[] = [
  ['a service account', SERVICE_ACCOUNT, () => serviceAccountFile(secure.url)],
  ['a user', USER, authorizedUserFile],
  ['a workload with a file', POOL_USER, () => fromFile()],
  [
    'a workload with a field of a file',
    POOL_USER,
    () => fromFile(JSON.stringify({ id: mintSubjectToken() }), { field: 'id' }),
  ],
  ['a workload with a URL', POOL_USER, () => urlExternalAccount(tokens.url)],
  [
    'a workload that impersonates',
    SERVICE_ACCOUNT,
    () => urlExternalAccount(tokens.url, { impersonate: SERVICE_ACCOUNT }),
  ],
  [
    'a workload on AWS',
    poolPrincipal(CALLER_ARN),
    () => awsExternalAccount(tokens.url, { metadataUrl: aws.url }),
  ],
  ['a user who impersonates', SERVICE_ACCOUNT, () => impersonatedFile(tokens.url)],
  [
    'a service account that impersonates',
    OTHER,
    () => impersonatedFile(tokens.url, serviceAccountFile(secure.url), OTHER),
  ],
];

describe('a credential file of', () => {
  beforeEach(async () => {
    await aws.configure({ credentials: { ...KEY_OF_AWS, sessionToken: 'session' } });
    await tokens.accessKey({ ...KEY_OF_AWS, sessionToken: 'session' });
    await tokens.configure({ serviceAccounts: [SERVICE_ACCOUNT, OTHER] });
  });

  test.for(FILES)('%s', async ([, principal, make]) => {
    expect(await openedAs(principal, credentialsIn(make()))).toEqual({ A: CANARY });
  });

  test.for(FILES)('%s, whose library says nothing even when it is asked to', async ([, principal, make]) => {
    const loud = { GOOGLE_SDK_NODE_LOGGING: 'all', DEBUG: '*' };
    expect(await openedAs(principal, { ...credentialsIn(make()), ...loud })).toEqual({ A: CANARY });
  });

  test('a workload on AWS with keys in the environment', async () => {
    await tokens.accessKey(KEY_OF_AWS);
    const keys = {
      AWS_ACCESS_KEY_ID: KEY_OF_AWS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEY_OF_AWS.secretAccessKey,
      AWS_REGION: 'eu-west-1',
    };
    const settings = { ...credentialsIn(awsExternalAccount(tokens.url)), ...keys };
    expect(await openedAs(poolPrincipal(CALLER_ARN), settings)).toEqual({ A: CANARY });
  });

  test('a workload with a program, which has to be allowed', async () => {
    const answer = {
      version: 1,
      success: true,
      token_type: 'urn:ietf:params:oauth:token-type:id_token',
      id_token: mintSubjectToken(),
    };
    const script = `#!/bin/sh\necho '${JSON.stringify(answer)}'\n`;
    const command = join(folder({ program: script }), 'program');
    const source = { executable: { command, timeout_millis: 5000 } };
    const settings = credentialsIn({ ...fromFile(), credential_source: source });
    expect(await refusedUnasked(settings)).toEqual({
      status: 77,
      error: `${URI}: ${settings.GOOGLE_APPLICATION_CREDENTIALS} of GOOGLE_APPLICATION_CREDENTIALS requires running a program, which is not allowed`,
      hint: 'allow it with GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1',
    });
    const allowed = { ...settings, GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: '1', PATH: PATH_WITH_NODE };
    expect(await openedAs(POOL_USER, allowed)).toEqual({ A: CANARY });
  });

  test('a service account asks Google through the proxy, over TLS, and for nothing but a token', async () => {
    await openedAs(SERVICE_ACCOUNT, credentialsIn(serviceAccountFile(secure.url)));
    const asked = (await proxy.targets()).map(({ method, target }) => `${method} ${target}`);
    expect(asked).toEqual(['CONNECT oauth2.googleapis.com:443']);
    expect((await secure.requests()).map(({ method, target }) => `${method} ${target}`)).toEqual([
      'POST /token',
    ]);
  });

  test('a service account is not sent to a server with an unknown certificate', async () => {
    const settings = { ...credentialsIn(serviceAccountFile(secure.url)), SSL_CERT_FILE: '' };
    const { status, error } = await refusedUnasked(settings);
    expect(status).toBe(69);
    expect(error).toContain(`${URI}: cannot reach oauth2.googleapis.com through the proxy ${proxy.host}: `);
    expect(await secure.requests()).toEqual([]);
  });

  test('a workload is not sent anywhere over plain http:', async () => {
    const elsewhere = { ...fromFile(), token_url: 'http://sts.example.com/v1/token' };
    expect(await refusedUnasked(credentialsIn(elsewhere))).toMatchObject({
      status: 78,
      error: `${URI}: the endpoint http://sts.example.com is not https:`,
    });
  });
});

describe('CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT', () => {
  const impersonating = (account = OTHER): Env => ({
    CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT: account,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS: `${tokens.url}/`,
  });

  beforeEach(() => tokens.configure({ serviceAccounts: [SERVICE_ACCOUNT, OTHER] }));

  test.for([
    ['the environment', () => ({ GOOGLE_OAUTH_ACCESS_TOKEN: tokenOf(USER) })],
    ['a credential file', () => credentialsIn(serviceAccountFile(secure.url))],
    ['the metadata server', () => workload(metadata)],
  ] as const)('exchanges the token of %s', async ([, settings]) => {
    expect(await openedAs(OTHER, { ...settings(), ...impersonating() })).toEqual({ A: CANARY });
    expect(await tokens.requests()).toHaveLength(1);
  });

  test('goes over delegates', async () => {
    const settings = { ...workload(metadata), ...impersonating(`${SERVICE_ACCOUNT}, ${OTHER}`) };
    expect(await openedAs(OTHER, settings)).toEqual({ A: CANARY });
  });

  test('asks Google where nothing else is said', async () => {
    const { CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS: _, ...rest } = impersonating(SERVICE_ACCOUNT);
    expect(await openedAs(SERVICE_ACCOUNT, { ...workload(metadata), ...rest })).toEqual({ A: CANARY });
    expect((await proxy.targets()).map(({ target }) => target)).toEqual([
      'iamcredentials.googleapis.com:443',
    ]);
  });

  test('is denied', async () => {
    await tokens.configure({ impersonators: [] });
    expect(await refusedUnasked({ ...workload(metadata), ...impersonating() })).toEqual({
      status: 77,
      error: `${URI}: this account lacks iam.serviceAccounts.getAccessToken on ${OTHER}`,
      hint: `grant roles/iam.serviceAccountTokenCreator on ${OTHER} to the identity that impersonates it (a workload identity needs roles/iam.workloadIdentityUser)`,
    });
  });

  test('names no one', async () => {
    const nobody = 'nobody@envseal-test.iam.gserviceaccount.com';
    expect(await refusedUnasked({ ...workload(metadata), ...impersonating(nobody) })).toEqual({
      status: 77,
      error: `${URI}: there is no service account ${nobody}`,
      hint: 'check gcloud iam service-accounts list',
    });
  });

  test('is not a valid address', async () => {
    expect(await refusedUnasked({ ...workload(metadata), ...impersonating('canary') })).toEqual({
      status: 78,
      error: `${URI}: CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT is not the e-mail address of a service account`,
      hint: 'CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT=NAME@PROJECT.iam.gserviceaccount.com',
    });
  });
});

describe('--scrub-credentials', () => {
  const NAMES = [
    'GOOGLE_OAUTH_ACCESS_TOKEN',
    'CLOUDSDK_AUTH_ACCESS_TOKEN',
    'CLOUDSDK_AUTH_ACCESS_TOKEN_FILE',
    'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE',
    'CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT',
    'CLOUDSDK_CONFIG',
    'GOOGLE_APPLICATION_CREDENTIALS',
    'GOOGLE_CREDENTIALS',
  ];
  const everything = (): Env => ({
    ...Object.fromEntries(NAMES.map((name) => [name, CANARY])),
    GOOGLE_OAUTH_ACCESS_TOKEN: tokenOf(SERVICE_ACCOUNT),
    CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT: '',
    GOOGLE_CLOUD_PROJECT: 'envseal-test',
  });

  test('keeps what gave the token from the command, and nothing else', async () => {
    const given = { ...env, ...everything() };
    const words = ['--scrub-credentials', ...OPEN, '--', 'cat', '/proc/self/environ'];
    const { stdout, ...rest } = await envseal(words, { env: given });
    expect(rest).toEqual({ status: 0, signal: null, stderr: '' });
    const kept = Object.entries({ PATH, ...given }).filter(([name]) => !NAMES.includes(name));
    expect(readEnviron(stdout, '\0')).toEqual({ ...Object.fromEntries(kept), A: CANARY });
  });

  test('without it the command inherits all', async () => {
    expect(Object.keys(everything())).toEqual(expect.arrayContaining(NAMES));
    expect(await opened(OPEN, { ...env, ...everything() })).toEqual({ A: CANARY });
  });
});

describe('refused:', () => {
  const FILE = 'FILE of GOOGLE_APPLICATION_CREDENTIALS';

  /** With the path of the credential file as FILE. */
  async function refusedWith(credentials: CredentialFile, more: Env = {}): Promise<Refusal> {
    const settings = credentialsIn(credentials);
    const refusal = await refusedUnasked({ ...settings, ...more });
    const path = settings.GOOGLE_APPLICATION_CREDENTIALS as string;
    return { ...refusal, error: refusal.error.replace(path, 'FILE').replace(`${URI}: `, '') };
  }

  test.for<[string, () => Env, string]>([
    [
      'a credential file that is not there',
      () => ({ GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/key.json' }),
      'cannot read /nowhere/key.json of GOOGLE_APPLICATION_CREDENTIALS: ENOENT',
    ],
    [
      'a token file that is not there',
      () => ({ CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: '/nowhere/token' }),
      'cannot read /nowhere/token of CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: ENOENT',
    ],
    [
      'a token file that is empty',
      () => ({ CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: file('\n') }),
      'the content of CLOUDSDK_AUTH_ACCESS_TOKEN_FILE is not a valid access token: expected one line of visible ASCII',
    ],
    [
      'a token of two lines',
      () => ({ GOOGLE_OAUTH_ACCESS_TOKEN: `${CANARY}\r\nx-goog-user-project: canary` }),
      'GOOGLE_OAUTH_ACCESS_TOKEN is not a valid access token: expected one line of visible ASCII',
    ],
    [
      'the content of a file where its path belongs',
      () => ({ GOOGLE_APPLICATION_CREDENTIALS: JSON.stringify({ private_key: CANARY }) }),
      'cannot read the file of GOOGLE_APPLICATION_CREDENTIALS: ENOENT',
    ],
    ['broken JSON', () => ({ GOOGLE_CREDENTIALS: '{"canary' }), 'GOOGLE_CREDENTIALS is not JSON'],
    [
      'another type',
      () => ({ GOOGLE_CREDENTIALS: JSON.stringify({ type: CANARY }) }),
      'GOOGLE_CREDENTIALS does not hold Google credentials of a known type',
    ],
    [
      'a broken key',
      () => ({ GOOGLE_CREDENTIALS: JSON.stringify({ ...serviceAccountFile('x'), private_key: CANARY }) }),
      'the private_key in GOOGLE_CREDENTIALS is not a valid RSA key for signing',
    ],
  ])('%s', async ([, settings, error]) => {
    const refusal = await refusedUnasked(settings());
    expect(refusal).toMatchObject({ status: 77, error: `${URI}: ${error}` });
    expect(refusal.hint).not.toBe('');
  });

  test('a login that was revoked', async () => {
    await secure.configure({ refreshTokenRevoked: true });
    expect(await refusedWith(authorizedUserFile())).toEqual({
      status: 77,
      error: `the login in ${FILE} has expired or was revoked`,
      hint: 'gcloud auth application-default login',
    });
  });

  test('a login of gcloud that was revoked', async () => {
    await secure.configure({ refreshTokenRevoked: true });
    const HOME = homeWith({ [LOGIN]: JSON.stringify(authorizedUserFile()) });
    expect(await refusedUnasked({ HOME })).toMatchObject({
      status: 77,
      error: `${URI}: the login in ${HOME}/${LOGIN} has expired or was revoked`,
    });
  });

  test('a key that was deleted', async () => {
    await secure.configure({ serviceAccountKeyDeleted: true });
    expect(await refusedWith(serviceAccountFile(secure.url))).toEqual({
      status: 77,
      error: `the key in ${FILE} was deleted or disabled, or belongs to another account`,
      hint: 'check gcloud iam service-accounts keys list, and create a new one',
    });
  });

  test('the key of another account', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const private_key = privateKey.export({ type: 'pkcs8', format: 'pem' });
    expect(await refusedWith({ ...serviceAccountFile(secure.url), private_key })).toMatchObject({
      status: 77,
      error: `the key in ${FILE} was deleted or disabled, or belongs to another account`,
    });
  });

  test('an account that is gone', async () => {
    await secure.configure({ serviceAccounts: [] });
    expect(await refusedWith(serviceAccountFile(secure.url))).toMatchObject({
      status: 77,
      error: `the service account of ${FILE} does not exist`,
    });
  });

  test('a clock that is wrong', async () => {
    await secure.clock(2 * 3_600_000);
    expect(await refusedWith(serviceAccountFile(secure.url))).toEqual({
      status: 77,
      error: 'the clock of this machine is wrong',
      hint: 'set the clock (NTP): Google refuses signatures that are 5 minutes off',
    });
  });

  test('a workload whose token file is missing', async () => {
    expect(await refusedWith(fileExternalAccount(tokens.url, '/nowhere/token'))).toMatchObject({
      status: 77,
      error: 'cannot read the workload identity token in /nowhere/token: ENOENT',
    });
  });

  test('a workload whose token is expired', async () => {
    const source = file(mintSubjectToken({ exp: 1 }));
    expect(await refusedWith(fileExternalAccount(tokens.url, source))).toMatchObject({
      status: 77,
      error: `the workload identity token of ${source} has expired`,
    });
  });

  test('a workload whose provider is disabled', async () => {
    await tokens.configure({ providersDisabled: true });
    expect(await refusedWith(urlExternalAccount(tokens.url))).toMatchObject({
      status: 77,
      error: `the workload identity provider of ${FILE} does not exist or is disabled`,
    });
  });

  test('a workload on AWS without keys', async () => {
    expect(await refusedWith(awsExternalAccount(tokens.url))).toMatchObject({
      status: 77,
      error: `no AWS credentials for ${FILE}`,
    });
  });

  test.for<[string, () => CredentialFile]>([
    ['a user', () => impersonatedFile(tokens.url)],
    ['a workload', () => urlExternalAccount(tokens.url, { impersonate: SERVICE_ACCOUNT })],
  ])('the impersonation by %s that is denied', async ([, make]) => {
    await tokens.configure({ impersonators: [] });
    const { status, error, hint } = await refusedWith(make());
    expect({ status, error }).toEqual({
      status: 77,
      error: `this account lacks iam.serviceAccounts.getAccessToken on ${SERVICE_ACCOUNT}`,
    });
    expect(hint).toContain(`roles/iam.serviceAccountTokenCreator on ${SERVICE_ACCOUNT}`);
  });

  test.for<[string, FaultRule, number, () => string]>([
    ['fails', { status: 503 }, 69, () => `${tokens.host} failed with 503`],
    ['throttles', { status: 429 }, 75, () => `throttled by ${tokens.host}`],
    ['resets', { resetBeforeHeaders: true }, 69, () => `cannot reach ${tokens.host}: ECONNRESET`],
    ['hangs', { hang: true }, 75, () => 'timed out after 1.5 s'],
  ])('while the token service %s, not for ever', async ([, fault, status, error]) => {
    await tokens.fault({ ...fault, match: '^/v1/token$', count: 'always' });
    const more = { ENVSEAL_TIMEOUT: '1.5' };
    expect(await refusedWith(fromFile(), more)).toMatchObject({ status, error: error() });
  });

  test('is the same with --log-format json, without additions', async () => {
    await secure.configure({ refreshTokenRevoked: true });
    const settings = credentialsIn(authorizedUserFile());
    const { error } = await refusedUnasked(settings, ['--log-format', 'json']);
    expect(JSON.parse(error)).toEqual({
      level: 'error',
      code: 'credentials',
      message: `${URI}: the login in ${settings.GOOGLE_APPLICATION_CREDENTIALS} of GOOGLE_APPLICATION_CREDENTIALS has expired or was revoked`,
      hint: 'gcloud auth application-default login',
      exitStatus: 77,
    });
  });
});
