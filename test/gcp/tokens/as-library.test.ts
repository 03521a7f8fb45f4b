/** What is sent for each type of credential file, beside what Google's own library sends for it, to the same servers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AuthClient,
  AwsClient,
  ExternalAccountAuthorizedUserClient,
  IdentityPoolClient,
  Impersonated,
  JWT,
  UserRefreshClient,
} from 'google-auth-library';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { checkType } from '../../../src/gcp/credentials/file.ts';
import { tokenFor } from '../../../src/gcp/credentials/tokens/token-for.ts';
import { Deadline } from '../../../src/net/deadline.ts';
import { Http } from '../../../src/net/http.ts';
import { nodeSystem } from '../../../src/system/node/system.ts';
import type { FetchOptions, System } from '../../../src/system/system.ts';
import { CLOUD_PLATFORM_SCOPE, SERVICE_ACCOUNT } from '../../servers/google/access-tokens.ts';
import {
  authorizedUserFile,
  awsExternalAccount,
  type CredentialFile,
  fileExternalAccount,
  impersonatedFile,
  serviceAccountFile,
  urlExternalAccount,
} from '../../servers/google/credential-files.ts';
import { mintSubjectToken } from '../../servers/google/subject-tokens.ts';
import {
  CA_FILE,
  CALLER_ARN,
  type GoogleTokensServer,
  type MetadataServer,
  type ProxyServer,
  startGoogleTokens,
  startMetadata,
  startProxy,
} from '../../servers/start.ts';

const KEY = { accessKeyId: 'ASIATESTTESTTEST', secretAccessKey: 'secret', sessionToken: 'session/+=' };
const WORKFORCE = '//iam.googleapis.com/locations/global/workforcePools/pool/providers/oidc';

const subject = mintSubjectToken();

let tokens: GoogleTokensServer;
let secure: GoogleTokensServer;
let proxy: ProxyServer;
let metadata: MetadataServer;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'envseal-gcp-'));
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
beforeEach(async () => {
  // The library warns about clients that are made from a file.
  vi.spyOn(console, 'warn').mockReturnValue();
  vi.spyOn(process, 'emitWarning').mockReturnValue();
  // Signatures have the time in them. The servers have the real one.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  await tokens.configure({ subjectToken: subject });
  await metadata.configure({ credentials: { ...KEY, arn: CALLER_ARN } });
  await tokens.accessKey({ ...KEY, arn: CALLER_ARN });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function write(content: string): string {
  const path = join(folder, `${Math.random()}`);
  writeFileSync(path, content);
  return path;
}

interface Sent extends Pick<FetchOptions, 'method' | 'headers' | 'body'> {
  readonly url: string;
}

interface Case {
  readonly file: CredentialFile;
  readonly variables?: Readonly<Record<string, string>>;
  /** In place of the servers'. */
  readonly answer?: object;
}

interface Asked {
  readonly sent: readonly Sent[];
  readonly token: string;
}

/** Sends over real sockets, and keeps what it sent. */
function recorder({ variables = {}, answer }: Case) {
  const sent: Sent[] = [];
  const system: System = {
    ...nodeSystem,
    fetch: async (url, { method, headers, body, ...rest }) => {
      sent.push({ method, url, headers, ...(body === undefined ? {} : { body }) });
      if (answer !== undefined) return new Response(JSON.stringify(answer));
      return await nodeSystem.fetch(url, {
        method,
        headers,
        ...rest,
        ...(body === undefined ? {} : { body }),
      });
    },
  };
  const all = { HTTPS_PROXY: proxy.url, SSL_CERT_FILE: CA_FILE, ...variables };
  const http = new Http({ system, variables: all, allowInsecureEndpoint: false });
  return { sent, system, http, variables: all };
}

async function askOurselves(one: Case): Promise<Asked> {
  const { sent, ...sources } = recorder(one);
  const deadline = new Deadline(30);
  const { text } = await tokenFor(checkType(one.file, 'FILE'), { ...sources, deadline });
  deadline.clear();
  return { sent, token: text };
}

async function askLibrary(one: Case): Promise<Asked> {
  const { sent, http } = recorder(one);
  for (const [name, value] of Object.entries(one.variables ?? {})) vi.stubEnv(name, value);
  const client = makeClient(one.file, { request: (config: LibraryRequest) => exchange(config, http) });
  // In a universe of its own, a service account has no other token than the one in the headers.
  const headers = await client.getRequestHeaders();
  return { sent, token: headers.get('authorization')?.replace('Bearer ', '') ?? '' };
}

interface LibraryRequest {
  readonly url: string | URL;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly data?: unknown;
  readonly responseType?: string;
}

/** What the library's Gaxios does. Its own header says which versions ask. */
async function exchange({ url, method = 'GET', data, ...config }: LibraryRequest, http: Http) {
  const headers = new Headers(config.headers);
  headers.delete('x-goog-api-client');
  const isForm = data instanceof URLSearchParams;
  if (data !== undefined && !headers.has('content-type'))
    headers.set('content-type', isForm ? 'application/x-www-form-urlencoded' : 'application/json');
  const body = data === undefined ? {} : { body: isForm ? data.toString() : JSON.stringify(data) };
  const request = { url: new URL(url), method, headers: Object.fromEntries(headers), ...body };
  const response = await http.exchangeLocally(request, AbortSignal.timeout(30_000));
  const text = await response.text();
  expect([response.status, text]).toEqual([200, text]);
  const isText = config.responseType === 'text' || !/^[{[]/.test(text);
  return { data: isText ? text : JSON.parse(text), status: 200, headers: response.headers, config };
}

function makeClient(file: CredentialFile, transporter: object): AuthClient {
  const fields = file as Record<string, never>;
  const common = {
    transporter: transporter as never,
    useAuthRequestParameters: false,
    universe_domain: (fields.universe_domain ?? 'googleapis.com') as string,
  } as const;
  const scopes = [CLOUD_PLATFORM_SCOPE];
  switch (file.type) {
    case 'service_account':
      return new JWT({
        ...common,
        email: fields.client_email as unknown as string,
        key: fields.private_key as unknown as string,
        keyId: fields.private_key_id as unknown as string,
        scopes,
      });
    case 'authorized_user':
      return new UserRefreshClient({
        ...common,
        clientId: fields.client_id as unknown as string,
        clientSecret: fields.client_secret as unknown as string,
        refreshToken: fields.refresh_token as unknown as string,
      });
    case 'external_account_authorized_user':
      return new ExternalAccountAuthorizedUserClient({ ...fields, ...common } as never);
    case 'impersonated_service_account': {
      const url = new URL(fields.service_account_impersonation_url as unknown as string);
      return new Impersonated({
        ...common,
        sourceClient: withRequest(makeClient(fields.source_credentials as never, transporter), transporter),
        targetPrincipal: /serviceAccounts\/(.*):/.exec(url.pathname)?.[1] ?? '',
        delegates: fields.delegates ?? [],
        targetScopes: scopes,
        endpoint: url.origin,
      });
    }
    default: {
      const Client = 'environment_id' in (file.credential_source as object) ? AwsClient : IdentityPoolClient;
      const client = new Client({ ...fields, ...common, scopes } as never);
      // It makes a transport of its own for this one service.
      Object.assign((client as unknown as { stsCredential: object }).stsCredential, { transporter });
      return client;
    }
  }
}

/** The library's clients send with their token, which is asked for first. */
function withRequest(client: AuthClient, transporter: object): AuthClient {
  const { request } = transporter as { request(config: object): unknown };
  const send = async (config: { headers?: object }) => {
    const { token } = await client.getAccessToken();
    return request({ ...config, headers: { ...config.headers, authorization: `Bearer ${token}` } });
  };
  return Object.assign(client, { request: send });
}

/** Tokens of the servers are each another one, as are the sessions of the metadata service. */
function comparable(sent: readonly Sent[]): readonly object[] {
  const rows = sent.map(({ url, method, headers, body }) => ({
    method,
    url: new URL(url).href,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), mask(value)]),
    ),
    body: inOrder(String(body ?? ''), headers),
  }));
  // The library opens a session for the region, and another one for the key.
  return rows.filter((row, index) => row.method !== 'PUT' || index === 0);
}

/** The fields of a form have no order; a field that is a serialized request is compared as one. */
function inOrder(body: string, headers: Readonly<Record<string, string>>): unknown {
  if (headers['content-type'] !== 'application/x-www-form-urlencoded') return body.replace(NO_DELEGATES, '');
  return [...new URLSearchParams(body)].sort().map(([name, value]) => [name, unfold(value)]);
}

/** An empty list is what leaving it out means. */
const NO_DELEGATES = '"delegates":[],';

function unfold(value: string): unknown {
  return value.startsWith('%7B') ? JSON.parse(decodeURIComponent(value)) : value;
}

function mask(value: string): string {
  return value.replace(/ya29\.\S+/, 'TOKEN').replace(/^[\w=+/-]{40,}$/, 'SESSION');
}

const inFile = (content = subject, options = {}) => fileExternalAccount(tokens.url, write(content), options);
const CANNED = { access_token: 'ya29.canned', expires_in: 3600 };

describe('the same requests as those of google-auth-library for', () => {
  test.each<[string, () => Case]>([
    ['a service account', () => ({ file: serviceAccountFile(secure.url) })],
    [
      'a service account of another universe',
      () => ({ file: { ...serviceAccountFile('https://x'), universe_domain: 'example.cloud' } }),
    ],
    [
      'a service account of another universe, whose key has no id',
      () => {
        const { private_key_id: _, ...rest } = serviceAccountFile('https://x');
        return { file: { ...rest, universe_domain: 'example.cloud' } };
      },
    ],
    ['a user', () => ({ file: authorizedUserFile() })],
    [
      'a user of another universe',
      () => ({ file: { ...authorizedUserFile(), universe_domain: 'example.cloud' } }),
    ],
    ['a token in a file', () => ({ file: inFile() })],
    [
      'a token in an object in a file',
      () => ({ file: inFile(JSON.stringify({ id: subject }), { field: 'id' }) }),
    ],
    ['a token with a line break', () => ({ file: inFile(`${subject}\n`), answer: CANNED })],
    ['a token at a URL', () => ({ file: urlExternalAccount(tokens.url) })],
    ['an object at a URL', () => ({ file: urlExternalAccount(tokens.url, { field: 'a' }) })],
    ['a workload that impersonates', () => ({ file: inFile(subject, { impersonate: SERVICE_ACCOUNT }) })],
    [
      'a workload that impersonates for ten minutes',
      () => ({ file: inFile(subject, { impersonate: SERVICE_ACCOUNT, lifetimeSeconds: 600 }) }),
    ],
    [
      'a workload on AWS, with its role',
      () => ({ file: awsExternalAccount(tokens.url, { metadataUrl: metadata.url }) }),
    ],
    [
      'a workload on AWS, with keys',
      () => ({
        file: awsExternalAccount(tokens.url),
        variables: {
          AWS_ACCESS_KEY_ID: KEY.accessKeyId,
          AWS_SECRET_ACCESS_KEY: KEY.secretAccessKey,
          AWS_SESSION_TOKEN: KEY.sessionToken,
          AWS_DEFAULT_REGION: 'eu-west-1',
        },
      }),
    ],
    ['a user who impersonates', () => ({ file: impersonatedFile(tokens.url) })],
    ['a workload and another impersonation', () => ({ file: impersonatedFile(tokens.url, inFile()) })],
    [
      'a workload of another universe',
      () => {
        const { token_url: _, ...rest } = inFile();
        return { file: { ...rest, universe_domain: 'example.cloud' }, answer: CANNED };
      },
    ],
    [
      'a user of a workforce pool, with a project that pays',
      () => ({
        file: { ...inFile(), audience: WORKFORCE, workforce_pool_user_project: '12345' },
        answer: CANNED,
      }),
    ],
    [
      'a user of a workforce pool, with an OAuth client',
      () => ({
        file: {
          ...inFile(),
          audience: WORKFORCE,
          workforce_pool_user_project: '12345',
          client_id: 'client',
          client_secret: 'sécret',
        },
        answer: CANNED,
      }),
    ],
    [
      'a login of a workforce pool',
      () => ({ file: { ...authorizedUserFile(), type: 'external_account_authorized_user' }, answer: CANNED }),
    ],
  ])('%s', async (_, make) => {
    const one = make();
    const ours = await askOurselves(one);
    const theirs = await askLibrary(one);
    expect(comparable(ours.sent)).toEqual(comparable(theirs.sent));
    expect(ours.token === '').toBe(false);
    const isOwn = ours.sent.length === 0;
    if (isOwn) expect(ours.token).toBe(theirs.token);
    else expect(mask(ours.token)).toBe(mask(theirs.token));
  });
});

test('a workload on AWS asks its metadata for one session', async () => {
  const { sent } = await askOurselves({
    file: awsExternalAccount(tokens.url, { metadataUrl: metadata.url }),
  });
  expect(sent.map(({ method, url }) => `${method} ${new URL(url).pathname.split('/').at(-1)}`)).toEqual([
    'PUT token',
    'GET availability-zone',
    'GET security-credentials',
    expect.stringMatching(/^GET /),
    'POST token',
  ]);
});
