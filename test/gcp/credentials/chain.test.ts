import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { tokenChain } from '../../../src/gcp/credentials/chain.ts';
import { Deadline } from '../../../src/net/deadline.ts';
import { Http } from '../../../src/net/http.ts';
import { nodeSystem as system } from '../../../src/system/node/system.ts';
import {
  CLOUD_PLATFORM_SCOPE,
  issueAccessToken,
  SERVICE_ACCOUNT,
} from '../../servers/google/access-tokens.ts';
import { fileExternalAccount } from '../../servers/google/credential-files.ts';
import { mintSubjectToken, poolPrincipal, TOKEN_SUBJECT } from '../../servers/google/subject-tokens.ts';
import {
  CA_FILE,
  type GcpMetadataServer,
  type GoogleTokensServer,
  startGcpMetadata,
  startGoogleTokens,
  startProxy,
} from '../../servers/start.ts';
import { ask, CANARY, failure, type Variables } from '../ask.ts';

const POOL_USER = poolPrincipal(TOKEN_SUBJECT);
const ENDPOINT = 'CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS';
const IMPERSONATE = 'CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT';
const FILE = 'application_default_credentials.json';

let metadata: GcpMetadataServer;
let tokens: GoogleTokensServer;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'envseal-gcp-'));
  [metadata, tokens] = await Promise.all([startGcpMetadata(), startGoogleTokens()]);
  const credentials = JSON.stringify(fileExternalAccount(tokens.url, write('subject', mintSubjectToken())));
  mkdirSync(join(folder, '.config/gcloud'), { recursive: true });
  write('key.json', credentials);
  write(FILE, credentials);
  write(`.config/gcloud/${FILE}`, credentials);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await Promise.all([metadata.stop(), tokens.stop()]);
});
beforeEach(() => Promise.all([metadata.reset(), tokens.reset()]));

function write(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function tokenOf(principal: string): string {
  return issueAccessToken({ principal, scopes: [CLOUD_PLATFORM_SCOPE], expiresAt: Date.now() + 60_000 });
}

/** One row for each place, in their order. */
const ROWS: readonly [string, () => Variables, object][] = [
  [
    'GOOGLE_OAUTH_ACCESS_TOKEN',
    () => ({ GOOGLE_OAUTH_ACCESS_TOKEN: tokenOf('a') }),
    { origin: 'environment', of: 'a' },
  ],
  [
    'CLOUDSDK_AUTH_ACCESS_TOKEN',
    () => ({ CLOUDSDK_AUTH_ACCESS_TOKEN: tokenOf('b') }),
    { origin: 'environment', of: 'b' },
  ],
  [
    'CLOUDSDK_AUTH_ACCESS_TOKEN_FILE',
    () => ({ CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: write('token', `${tokenOf('c')}\n`) }),
    { origin: 'access token file', of: 'c' },
  ],
  [
    'GOOGLE_APPLICATION_CREDENTIALS',
    () => ({ GOOGLE_APPLICATION_CREDENTIALS: join(folder, 'key.json') }),
    { origin: 'credential file', of: POOL_USER },
  ],
  [
    'GOOGLE_CREDENTIALS',
    () => ({ GOOGLE_CREDENTIALS: join(folder, 'key.json') }),
    { origin: 'credential file', of: POOL_USER },
  ],
  ["gcloud's own file", () => ({ CLOUDSDK_CONFIG: folder }), { origin: 'gcloud login', of: POOL_USER }],
  [
    'the metadata server',
    () => ({ GCE_METADATA_HOST: metadata.host }),
    { origin: 'metadata server', of: SERVICE_ACCOUNT },
  ],
];

describe('a token comes from', () => {
  test.each(ROWS)('%s, before what is after it', async (name, variables, expected) => {
    const later = ROWS.slice(ROWS.findIndex(([one]) => one === name) + 1).map(([, more]) => more());
    expect(await ask(Object.assign({}, ...later, variables()))).toMatchObject(expected);
  });

  test('GOOGLE_CREDENTIALS that holds the JSON', async () => {
    const json = JSON.stringify(
      fileExternalAccount(tokens.url, write('subject-2', mintSubjectToken())),
      null,
      2,
    );
    expect(await ask({ GOOGLE_CREDENTIALS: `\n${json}` })).toMatchObject({ of: POOL_USER });
  });

  test('the home folder', async () => {
    expect(await ask({ HOME: folder })).toMatchObject({ origin: 'gcloud login', of: POOL_USER });
  });

  test('none of the variables that are empty', async () => {
    const empty = Object.fromEntries(
      [
        'GOOGLE_OAUTH_ACCESS_TOKEN',
        'CLOUDSDK_AUTH_ACCESS_TOKEN',
        'CLOUDSDK_AUTH_ACCESS_TOKEN_FILE',
        'GOOGLE_APPLICATION_CREDENTIALS',
        'GOOGLE_CREDENTIALS',
        'CLOUDSDK_CONFIG',
        IMPERSONATE,
      ].map((name) => [name, '']),
    );
    expect(await ask({ ...empty, GCE_METADATA_HOST: metadata.host })).toMatchObject({
      origin: 'metadata server',
    });
  });
});

test('is asked for once', async () => {
  const variables = { HOME: '/nonexistent', GCE_METADATA_HOST: metadata.host };
  const deadline = new Deadline(30);
  const http = new Http({ system, variables, allowInsecureEndpoint: false });
  const provider = tokenChain({ variables, http, deadline, system });
  const [first, second] = await Promise.all([provider(), provider()]);
  expect(await provider()).toBe(first);
  expect(second).toBe(first);
  expect(await metadata.requests()).toHaveLength(1);
  deadline.clear();
});

describe('no token', () => {
  test.each(['GOOGLE_OAUTH_ACCESS_TOKEN', 'CLOUDSDK_AUTH_ACCESS_TOKEN'])(
    'in two lines of %s',
    async (name) => {
      for (const value of [`${CANARY}\r\nx-y: z`, `${CANARY} `, `${CANARY}ä`])
        expect(await failure({ [name]: value })).toMatchObject({
          code: 'credentials',
          message: `${name} is not a valid access token: expected one line of visible ASCII`,
        });
    },
  );

  test('in an access token file that is empty, or not there', async () => {
    const name = 'CLOUDSDK_AUTH_ACCESS_TOKEN_FILE';
    expect(await failure({ [name]: write('empty', '\n') })).toMatchObject({
      message: `the content of ${name} is not a valid access token: expected one line of visible ASCII`,
    });
    expect(await failure({ [name]: '/nonexistent/token' })).toMatchObject({
      code: 'credentials',
      message: `cannot read /nonexistent/token of ${name}: ENOENT`,
    });
    expect(await failure({ [name]: tokenOf('a') })).toMatchObject({
      message: `cannot read the file of ${name}: ENOENT`,
    });
  });

  test("in gcloud's file that is broken", async () => {
    const path = write(`.config/${FILE}`, CANARY);
    expect(await failure({ CLOUDSDK_CONFIG: join(folder, '.config') })).toMatchObject({
      code: 'credentials',
      message: `${path} is not JSON`,
    });
  });
});

describe('impersonation', () => {
  const DELEGATES = ['one@x.iam.gserviceaccount.com', 'two@x.iam.gserviceaccount.com'];
  const variables = (accounts = SERVICE_ACCOUNT) => ({
    GOOGLE_OAUTH_ACCESS_TOKEN: tokenOf('tester@example.org'),
    [IMPERSONATE]: accounts,
    [ENDPOINT]: `${tokens.url}/`,
  });

  test('exchanges whatever token there is', async () => {
    for (const source of [
      variables(),
      { ...variables(), GOOGLE_OAUTH_ACCESS_TOKEN: '', GCE_METADATA_HOST: metadata.host },
    ])
      expect(await ask(source)).toMatchObject({
        origin: expect.stringMatching(/^(environment|metadata server), impersonating$/),
        principal: SERVICE_ACCOUNT,
        of: SERVICE_ACCOUNT,
        scopes: [CLOUD_PLATFORM_SCOPE],
      });
  });

  test('goes over delegates to the last account', async () => {
    let asked: unknown;
    const server = createServer(async (request, response) => {
      asked = [request.url, await json(request)];
      response.end(JSON.stringify({ accessToken: tokenOf('target') }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const chain = {
      ...variables([...DELEGATES, SERVICE_ACCOUNT].join(', ')),
      [ENDPOINT]: `http://127.0.0.1:${port}`,
    };
    expect(await ask(chain)).toMatchObject({ principal: SERVICE_ACCOUNT, of: 'target' });
    expect(asked).toEqual([
      `/v1/projects/-/serviceAccounts/${encodeURIComponent(SERVICE_ACCOUNT)}:generateAccessToken`,
      {
        delegates: DELEGATES.map((account) => `projects/-/serviceAccounts/${account}`),
        scope: [CLOUD_PLATFORM_SCOPE],
        lifetime: '3600s',
      },
    ]);
    server.close();
  });

  test.each([
    ['googleapis.com', {}],
    ['example.cloud', { GOOGLE_CLOUD_UNIVERSE_DOMAIN: 'example.cloud' }],
  ])('asks in the universe %s', async (universe, more) => {
    await using secure = await startGoogleTokens({ tls: true });
    await using proxy = await startProxy({ '*:443': secure.host });
    const { [ENDPOINT]: _, ...rest } = variables();
    await failure({ ...rest, ...more, HTTPS_PROXY: proxy.url });
    expect(await proxy.targets()).toMatchObject([{ target: `iamcredentials.${universe}:443` }]);
    if (universe !== 'googleapis.com') return;
    expect(await ask({ ...rest, HTTPS_PROXY: proxy.url, SSL_CERT_FILE: CA_FILE })).toMatchObject({
      of: SERVICE_ACCOUNT,
    });
  });

  test('that is not allowed names the permission and the account', async () => {
    await tokens.configure({ impersonators: [] });
    const { hint, ...rest } = await failure(variables());
    expect(rest).toEqual({
      code: 'denied',
      message: expect.stringContaining(`iam.serviceAccounts.getAccessToken on ${SERVICE_ACCOUNT}`),
    });
    expect(hint).toContain('roles/iam.serviceAccountTokenCreator');
  });

  test.each<[string, () => Variables, object]>([
    [
      'an account that does not exist',
      () => variables('no@x.iam.gserviceaccount.com'),
      { code: 'credentials', message: 'there is no service account no@x.iam.gserviceaccount.com' },
    ],
    [
      'with a token that Google does not know',
      () => ({ ...variables(), GOOGLE_OAUTH_ACCESS_TOKEN: CANARY }),
      { code: 'credentials' },
    ],
    [
      'something that is not an address',
      () => variables(`a@b,${CANARY}`),
      { code: 'configuration', message: `${IMPERSONATE} is not the e-mail address of a service account` },
    ],
    [
      'at an invalid URL',
      () => ({ ...variables(), [ENDPOINT]: `https://a:${CANARY}@x` }),
      { code: 'configuration', message: `invalid endpoint in ${ENDPOINT}` },
    ],
    [
      'at plain http:',
      () => ({ ...variables(), [ENDPOINT]: 'http://x.example.com' }),
      { code: 'configuration', message: 'the endpoint http://x.example.com is not https:' },
    ],
  ])('of %s is refused', async (_, source, expected) => {
    expect(await failure(source())).toMatchObject(expected);
  });

  test('is tried again while the service fails', async () => {
    await tokens.fault({ status: 503, count: 2 });
    expect(await ask(variables())).toMatchObject({ of: SERVICE_ACCOUNT });
    expect(await tokens.requests()).toHaveLength(3);
  });
});
