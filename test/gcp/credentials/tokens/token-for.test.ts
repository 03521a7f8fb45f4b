/** Every type of credential file, and every way in which one is refused. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { explainRefusedToken } from '../../../../src/gcp/credentials/errors.ts';
import { CLOUD_PLATFORM_SCOPE, SERVICE_ACCOUNT } from '../../../servers/google/access-tokens.ts';
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
} from '../../../servers/google/credential-files.ts';
import { serviceAccountKey } from '../../../servers/google/jwt.ts';
import { mintSubjectToken, poolPrincipal, TOKEN_SUBJECT } from '../../../servers/google/subject-tokens.ts';
import {
  CA_FILE,
  CALLER_ARN,
  type GoogleTokensServer,
  type MetadataServer,
  type ProxyServer,
  startGoogleTokens,
  startMetadata,
  startProxy,
} from '../../../servers/start.ts';
import { ask, CANARY, failure, getToken } from '../../ask.ts';

const POOL_USER = poolPrincipal(TOKEN_SUBJECT);
const OTHER = 'other@envseal-test.iam.gserviceaccount.com';

let tokens: GoogleTokensServer;
let secure: GoogleTokensServer;
let proxy: ProxyServer;
let metadata: MetadataServer;
let folder: string;
let files = 0;
const printed: unknown[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'envseal-gcp-'));
  [tokens, secure, proxy, metadata] = await Promise.all([
    startGoogleTokens(),
    startGoogleTokens({ tls: true }),
    startProxy(),
    startMetadata(),
  ]);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await Promise.all([tokens, secure, proxy, metadata].map((server) => server.stop()));
});
beforeEach(async () => {
  await Promise.all([tokens.reset(), secure.reset(), proxy.reset(), metadata.reset()]);
  await proxy.map({ '*.googleapis.com:443': secure.host });
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const)
    vi.spyOn(console, method).mockImplementation((...words) => printed.push(words));
  vi.spyOn(process, 'emitWarning').mockImplementation((...words) => printed.push(words));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  expect(printed).toEqual([]);
});

function write(content: string): string {
  const path = join(folder, `${files++}.json`);
  writeFileSync(path, content);
  return path;
}

/** Google's own hosts are behind the proxy, with a certificate of the test CA: any other way fails. */
function variablesFor(credentials: CredentialFile, more: Readonly<Record<string, string>> = {}) {
  return {
    GOOGLE_APPLICATION_CREDENTIALS: write(JSON.stringify(credentials)),
    HTTPS_PROXY: proxy.url,
    SSL_CERT_FILE: CA_FILE,
    ...more,
  };
}

const MINT = mintSubjectToken;
const fromFile = (content = MINT(), options = {}) => fileExternalAccount(tokens.url, write(content), options);

describe('the file of', () => {
  test.each<[string, () => CredentialFile, object]>([
    [
      'a service account',
      () => serviceAccountFile(secure.url),
      { of: SERVICE_ACCOUNT, principal: SERVICE_ACCOUNT },
    ],
    [
      'a service account, with a key from openssl rsa',
      () => ({
        ...serviceAccountFile(secure.url),
        private_key: serviceAccountKey.export({ type: 'pkcs1', format: 'pem' }),
      }),
      { of: SERVICE_ACCOUNT, principal: SERVICE_ACCOUNT },
    ],
    ['a user', authorizedUserFile, { of: USER, principal: undefined }],
    ['a user with a name', () => ({ ...authorizedUserFile(), account: USER }), { of: USER, principal: USER }],
    ['a workload, token in a file', () => fromFile(), { of: POOL_USER, principal: undefined }],
    [
      'a workload, token in an object',
      () => fromFile(JSON.stringify({ id: MINT() }), { field: 'id' }),
      { of: POOL_USER },
    ],
    ['a workload, token at a URL', () => urlExternalAccount(tokens.url), { of: POOL_USER }],
    [
      'a workload, object at a URL',
      () => urlExternalAccount(tokens.url, { field: 'access_token' }),
      { of: POOL_USER },
    ],
    ['a workload, over TLS', () => urlExternalAccount(secure.url), { of: POOL_USER }],
    [
      'a workload that impersonates',
      () => urlExternalAccount(tokens.url, { impersonate: SERVICE_ACCOUNT }),
      { of: SERVICE_ACCOUNT, principal: SERVICE_ACCOUNT },
    ],
    [
      'a user who impersonates',
      () => impersonatedFile(tokens.url),
      { of: SERVICE_ACCOUNT, principal: SERVICE_ACCOUNT },
    ],
    [
      'a workload and another impersonation',
      () => impersonatedFile(tokens.url, fromFile()),
      { of: SERVICE_ACCOUNT, principal: SERVICE_ACCOUNT },
    ],
  ])('%s', async (_, make, expected) => {
    expect(await ask(variablesFor(make()))).toMatchObject({
      origin: 'credential file',
      scopes: expect.arrayContaining([CLOUD_PLATFORM_SCOPE]),
      ...expected,
    });
  });

  test('a workload on AWS, with its role', async () => {
    const key = { accessKeyId: 'ASIATESTTESTTEST', secretAccessKey: 'secret', sessionToken: 'session' };
    await metadata.configure({ credentials: { ...key, arn: CALLER_ARN } });
    await tokens.accessKey({ ...key, arn: CALLER_ARN });
    const file = awsExternalAccount(tokens.url, { metadataUrl: metadata.url });
    expect(await ask(variablesFor(file))).toMatchObject({ of: poolPrincipal(CALLER_ARN) });
  });

  test('a workload on AWS, with its key', async () => {
    const key = { accessKeyId: 'AKIATESTTESTTEST', secretAccessKey: 'secret', arn: CALLER_ARN };
    await tokens.accessKey(key);
    const more = {
      AWS_ACCESS_KEY_ID: key.accessKeyId,
      AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
      AWS_REGION: 'eu-west-1',
    };
    expect(await ask(variablesFor(awsExternalAccount(tokens.url), more))).toMatchObject({
      of: poolPrincipal(CALLER_ARN),
    });
  });

  test('a workload with a program', async () => {
    const answer = {
      version: 1,
      success: true,
      token_type: 'urn:ietf:params:oauth:token-type:id_token',
      id_token: MINT(),
    };
    const program = write(`#!/bin/sh\necho '${JSON.stringify(answer)}'\n`);
    chmodSync(program, 0o755);
    const source = { executable: { command: program, timeout_millis: 5000 } };
    const file = { ...fromFile(), credential_source: source };
    const { message, hint } = await failure(variablesFor(file));
    expect(message).toMatch(/requires running a program, which is not allowed$/);
    expect(hint).toContain('GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1');
    vi.stubEnv('GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES', '1');
    const variables = variablesFor(file, { GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: '1' });
    expect(await ask(variables)).toMatchObject({ of: POOL_USER });
    writeFileSync(program, `#!/bin/sh\necho ${CANARY}; exit 1\n`);
    expect((await failure(variables)).message).toMatch(/^the program in .* returned no token$/);
    chmodSync(program, 0o644);
    expect((await failure(variables)).message).toMatch(/^cannot run the program in .*: EACCES$/);
    chmodSync(program, 0o755);
    writeFileSync(program, '#!/bin/sh\nexec sleep 2\n');
    expect(await failure(variables, { seconds: 0.3 })).toMatchObject({ code: 'timeout' });
  });

  test('a user of a workforce pool', async () => {
    const answers = [
      [200, { access_token: 'ya29.pool', expires_in: 3600 }],
      [400, { error: 'invalid_grant', error_description: CANARY }],
    ] as const;
    const asked: unknown[] = [];
    const server = createServer(async (request, response) => {
      const [status, body] = answers[asked.length] ?? answers[1];
      asked.push([request.headers.authorization, await text(request)]);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const token_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/oauthtoken`;
    const variables = variablesFor({
      ...authorizedUserFile(),
      type: 'external_account_authorized_user',
      token_url,
    });
    expect((await getToken(variables)).token.reveal()).toBe('ya29.pool');
    const basic = `Basic ${Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64')}`;
    expect(asked).toEqual([
      [basic, new URLSearchParams({ grant_type: 'refresh_token', refresh_token: REFRESH_TOKEN }).toString()],
    ]);
    expect((await failure(variables)).message).toMatch(/^the login in .* has expired or was revoked$/);
    server.close();
  });

  test('a service account in another universe, whose token it signs itself', async () => {
    const file = { ...serviceAccountFile(secure.url), universe_domain: 'example.cloud' };
    const { token } = await getToken(variablesFor(file));
    const [, claims = ''] = token.reveal().split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      iss: SERVICE_ACCOUNT,
      scope: CLOUD_PLATFORM_SCOPE,
    });
    expect(await secure.requests()).toEqual([]);
  });

  test('Google is asked through the proxy, and nothing but a token', async () => {
    await ask(variablesFor(serviceAccountFile(secure.url)));
    expect(await proxy.targets()).toMatchObject([{ method: 'CONNECT', target: 'oauth2.googleapis.com:443' }]);
    expect(await secure.requests()).toMatchObject([{ subject: '/token' }]);
  });

  test.each<[string, () => CredentialFile, string[]]>([
    ['a workload', () => urlExternalAccount('https://sts.googleapis.com'), ['sts.googleapis.com:443']],
    [
      'an impersonation',
      () => impersonatedFile('https://iamcredentials.googleapis.com'),
      ['oauth2.googleapis.com:443', 'iamcredentials.googleapis.com:443'],
    ],
    [
      'a workload that impersonates',
      () => ({
        ...fileExternalAccount('https://sts.googleapis.com', write(MINT()), { impersonate: SERVICE_ACCOUNT }),
      }),
      ['sts.googleapis.com:443'],
    ],
  ])('no request of %s goes another way', async (_, make, hosts) => {
    await ask(variablesFor(make()));
    const asked = (await proxy.targets()).map(({ target }) => target);
    expect([...new Set(asked)]).toEqual(hosts);
  });
});

describe('a file that is none', () => {
  const nowhere = '/nonexistent/key.json';

  test.each<[string, () => Record<string, string>, string]>([
    [
      'not there',
      () => ({ GOOGLE_APPLICATION_CREDENTIALS: nowhere }),
      `cannot read ${nowhere} of GOOGLE_APPLICATION_CREDENTIALS: ENOENT`,
    ],
    [
      'a folder',
      () => ({ GOOGLE_APPLICATION_CREDENTIALS: '/tmp' }),
      'cannot read /tmp of GOOGLE_APPLICATION_CREDENTIALS: EISDIR',
    ],
    [
      'the JSON itself in place of its path',
      () => ({ GOOGLE_APPLICATION_CREDENTIALS: JSON.stringify({ private_key: CANARY }) }),
      'cannot read the file of GOOGLE_APPLICATION_CREDENTIALS: ENOENT',
    ],
    [
      'the JSON in base64',
      () => ({ GOOGLE_CREDENTIALS: Buffer.from(JSON.stringify({ private_key: CANARY })).toString('base64') }),
      'cannot read the file of GOOGLE_CREDENTIALS: ENOENT',
    ],
    ['broken JSON', () => ({ GOOGLE_CREDENTIALS: `{"a": ${CANARY}` }), 'GOOGLE_CREDENTIALS is not JSON'],
    [
      'of another type',
      () => ({ GOOGLE_CREDENTIALS: JSON.stringify({ type: CANARY }) }),
      'GOOGLE_CREDENTIALS does not hold Google credentials of a known type',
    ],
    [
      'without a key',
      () => ({ GOOGLE_CREDENTIALS: JSON.stringify({ type: 'service_account', client_email: CANARY }) }),
      'GOOGLE_CREDENTIALS has no valid private_key',
    ],
    [
      'with a broken key',
      () => ({
        GOOGLE_CREDENTIALS: JSON.stringify({ ...serviceAccountFile('https://x'), private_key: CANARY }),
      }),
      'the private_key in GOOGLE_CREDENTIALS is not a valid RSA key for signing',
    ],
    [
      'an impersonation of an unknown account',
      () => ({ GOOGLE_CREDENTIALS: JSON.stringify({ type: 'impersonated_service_account' }) }),
      'GOOGLE_CREDENTIALS has no valid service_account_impersonation_url',
    ],
    [
      'an impersonation by an unknown account',
      () => ({
        GOOGLE_CREDENTIALS: JSON.stringify(impersonatedFile('https://x', { type: CANARY })),
      }),
      'source_credentials in GOOGLE_CREDENTIALS does not hold Google credentials of a known type',
    ],
    [
      'with a client certificate',
      () => ({
        GOOGLE_CREDENTIALS: JSON.stringify({ ...fromFile(), credential_source: { certificate: {} } }),
      }),
      'GOOGLE_CREDENTIALS requires a client certificate, which envseal does not send',
    ],
  ])('%s', async (_, variables, message) => {
    expect(await failure(variables())).toMatchObject({ code: 'credentials', message });
  });

  const source = (more: object) => ({ ...fromFile(), credential_source: more });
  const aws = (more: object) => {
    const file = awsExternalAccount('https://x');
    return { ...file, credential_source: { ...(file.credential_source as object), ...more } };
  };
  const KEYS = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: CANARY, AWS_REGION: 'eu-west-1' };
  const path = (account: string) => `https://x/v1/projects/-/serviceAccounts/${account}:generateAccessToken`;

  test.each<[string, () => CredentialFile, string]>([
    ['without a source', () => source({}), 'credential_source'],
    ['whose source is a list', () => source([CANARY]), 'credential_source'],
    ['with two sources', () => source({ file: '/x', url: 'https://x' }), 'credential_source'],
    [
      'of a format unknown',
      () => source({ file: '/x', format: { type: CANARY } }),
      'credential_source.format',
    ],
    [
      'in a field without a name',
      () => source({ url: 'https://x', format: { type: 'json' } }),
      'credential_source.format',
    ],
    ['at no URL', () => source({ url: `//${CANARY}` }), 'credential_source.url'],
    ['at the URL of a file', () => source({ url: `file:///${CANARY}` }), 'credential_source.url'],
    [
      'with half a header',
      () => source({ url: 'https://x', headers: { [CANARY]: 1 } }),
      'credential_source.headers',
    ],
    [
      'with a list of headers',
      () => source({ url: 'https://x', headers: [CANARY] }),
      'credential_source.headers',
    ],
    [
      'with a header in a header',
      () => source({ url: 'https://x', headers: { a: `${CANARY}\r\nb: c` } }),
      'credential_source.headers',
    ],
    ['with no token_url', () => ({ ...fromFile(), token_url: CANARY }), 'token_url'],
    [
      'of a universe that is not a host name',
      () => ({ ...fromFile(), token_url: undefined, universe_domain: `${CANARY} x` }),
      'token_url',
    ],
    [
      'with a project that no pool of people has',
      () => ({ ...fromFile(), workforce_pool_user_project: CANARY }),
      'workforce_pool_user_project',
    ],
    [
      'that impersonates at no URL',
      () => ({ ...fromFile(), service_account_impersonation_url: CANARY }),
      'service_account_impersonation_url',
    ],
    [
      'that impersonates something other than an account',
      () => ({ ...fromFile(), service_account_impersonation_url: path(`a b@${CANARY}`) }),
      'service_account_impersonation_url',
    ],
    [
      'that impersonates for ever',
      () => ({
        ...fromFile(),
        service_account_impersonation_url: path(SERVICE_ACCOUNT),
        service_account_impersonation: { token_lifetime_seconds: CANARY },
      }),
      'service_account_impersonation.token_lifetime_seconds',
    ],
    ['of AWS, with rules to come', () => aws({ environment_id: 'aws2' }), 'credential_source'],
    ['of AWS, without its service', () => aws({ regional_cred_verification_url: '' }), 'credential_source'],
    [
      'of AWS, whose service has no URL',
      () => aws({ regional_cred_verification_url: CANARY }),
      'credential_source.regional_cred_verification_url',
    ],
  ])('a workload %s', async (_, make, field) => {
    const file = make();
    const variables = { ...KEYS, GOOGLE_CREDENTIALS: JSON.stringify(file) };
    expect(await failure(variables)).toEqual({
      code: 'credentials',
      message: `GOOGLE_CREDENTIALS has no valid ${field}`,
      hint: 'use the file as Google created it',
    });
    expect(await tokens.requests()).toEqual([]);
  });
});

describe('refused:', () => {
  async function refused(credentials: CredentialFile, more = {}) {
    const variables = variablesFor(credentials, more);
    const { message, ...rest } = await failure(variables);
    return { ...rest, message: message.replace(variables.GOOGLE_APPLICATION_CREDENTIALS, 'FILE') };
  }
  const NAME = 'FILE of GOOGLE_APPLICATION_CREDENTIALS';

  describe('a service account', () => {
    const account = () => serviceAccountFile(secure.url);

    test('whose key was deleted', async () => {
      await secure.configure({ serviceAccountKeyDeleted: true });
      expect(await refused(account())).toMatchObject({
        code: 'credentials',
        message: `the key in ${NAME} was deleted or disabled, or belongs to another account`,
      });
    });

    test('with the key of another', async () => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const private_key = privateKey.export({ type: 'pkcs8', format: 'pem' });
      expect(await refused({ ...account(), private_key })).toMatchObject({
        message: expect.stringMatching(/^the key in/),
      });
    });

    test('that does not exist', async () => {
      await secure.configure({ serviceAccounts: [] });
      expect(await refused(account())).toMatchObject({
        code: 'credentials',
        message: `the service account of ${NAME} does not exist`,
      });
    });

    test('with a wrong clock', async () => {
      await secure.clock(2 * 3600 * 1000);
      const { message, hint } = await refused(account());
      expect(message).toBe('the clock of this machine is wrong');
      expect(hint).toContain('NTP');
    });
  });

  describe('a user', () => {
    test('whose login was revoked', async () => {
      await secure.configure({ refreshTokenRevoked: true });
      expect(await refused(authorizedUserFile())).toEqual({
        code: 'credentials',
        message: `the login in ${NAME} has expired or was revoked`,
        hint: 'gcloud auth application-default login',
      });
    });

    test('whose session has expired', () => {
      const file = { type: 'authorized_user', fields: {}, name: 'FILE' } as const;
      const description = 'reauth related error (invalid_rapt)';
      const json = { error: 'invalid_grant', error_description: description, error_subtype: 'invalid_rapt' };
      const answer = { url: new URL('https://x'), status: 400, headers: new Headers(), text: '', json };
      expect(explainRefusedToken(answer, file)).toMatchObject({
        code: 'credentials',
        message: 'the session of the user in FILE has expired',
        hint: expect.stringContaining('gcloud auth application-default login'),
      });
    });

    test('with another client secret', async () => {
      expect(await refused({ ...authorizedUserFile(), client_secret: CANARY })).toMatchObject({
        message: `the OAuth client in ${NAME} does not exist, or its secret is wrong`,
      });
    });

    test('without a login', async () => {
      await secure.configure({ refreshTokenRevoked: true });
      expect(await refused(impersonatedFile(tokens.url))).toMatchObject({
        message: `the login in source_credentials in ${NAME} has expired or was revoked`,
      });
    });
  });

  describe('a workload', () => {
    const AGO = Math.floor(Date.now() / 1000) - 7200;
    test.each<[string, () => CredentialFile, RegExp]>([
      [
        'whose token is expired',
        () => fromFile(MINT({ iat: AGO, exp: AGO + 3600 })),
        /^the workload identity token of FILE has expired$/,
      ],
      ['for another audience', () => fromFile(MINT({ aud: CANARY })), /FILE is for another audience$/],
      [
        'of another issuer',
        () => fromFile(MINT({ iss: 'https://x' })),
        /cannot verify the issuer of .* FILE$/,
      ],
      ['without a token', () => fromFile(CANARY), /^Google rejected the workload identity token of FILE$/],
      [
        'whose file is not there',
        () => fileExternalAccount(tokens.url, '/nonexistent/token'),
        /^cannot read the workload identity token in FILE: ENOENT$/,
      ],
      ['whose file is empty', () => fromFile(''), /^cannot read .* in FILE: no token in it$/],
      ['whose file is a folder', () => fileExternalAccount(tokens.url, '/tmp'), /in FILE: EISDIR$/],
      ['whose file is a device', () => fileExternalAccount(tokens.url, '/dev/zero'), /in FILE: not a file$/],
      [
        'whose file is huge',
        () => fromFile(CANARY.repeat(5000)),
        /^cannot read .* in FILE: over 65536 bytes$/,
      ],
      [
        'whose object has another field',
        () => fromFile(JSON.stringify({ token: CANARY, id: 5 }), { field: 'id' }),
        /^cannot read .* in FILE: no token in it$/,
      ],
      [
        'whose file is not JSON',
        () => fromFile(CANARY, { field: 'id' }),
        /^cannot read .* in FILE: no token in it$/,
      ],
    ])('%s', async (_, make, expected) => {
      const file = make();
      const source = file.credential_source as { file: string };
      const { code, message } = await refused(file);
      expect(code).toBe('credentials');
      expect(message.replace(source.file, 'FILE')).toMatch(expected);
    });

    test('whose provider is disabled', async () => {
      await tokens.configure({ providersDisabled: true });
      expect(await refused(fromFile())).toMatchObject({
        message: `the workload identity provider of ${NAME} does not exist or is disabled`,
      });
    });

    test('whose attributes do not match', async () => {
      await tokens.fault({ match: '^/v1/token$', status: 400, code: 'unauthorized_client' });
      expect(await refused(urlExternalAccount(tokens.url))).toMatchObject({
        message: `the attribute condition of the provider rejects the token of ${NAME}`,
      });
    });

    test('for a reason that is new', async () => {
      await tokens.fault({ match: '^/v1/token$', status: 400, code: 'unheard_of' });
      expect(await refused(fromFile())).toMatchObject({
        code: 'credentials',
        message: `${tokens.host} refused ${NAME} with 400 unheard_of`,
      });
    });

    test('at its URL', async () => {
      await tokens.fault({ match: '^/subject-token$', status: 403 });
      expect(await refused(urlExternalAccount(tokens.url))).toMatchObject({
        code: 'credentials',
        message: `${tokens.host} refused the workload identity token of ${NAME} with 403`,
      });
    });

    test('whose URL has none', async () => {
      await tokens.configure({ subjectToken: '' });
      expect(await refused(urlExternalAccount(tokens.url))).toMatchObject({
        message: `no workload identity token for ${NAME}`,
      });
    });

    test('on AWS, with an unknown key', async () => {
      const key = { AWS_ACCESS_KEY_ID: 'AKIANOBODY', AWS_SECRET_ACCESS_KEY: CANARY };
      const more = { ...key, AWS_REGION: 'eu-west-1' };
      expect(await refused(awsExternalAccount(tokens.url), more)).toMatchObject({
        message: `AWS rejected the credentials used with ${NAME}`,
      });
    });

    test('on AWS, without anything', async () => {
      expect(await refused(awsExternalAccount(tokens.url))).toMatchObject({
        message: `no AWS credentials for ${NAME}`,
      });
    });
  });

  describe('an impersonation', () => {
    test.each<[string, () => CredentialFile]>([
      ['of a user', () => impersonatedFile(tokens.url)],
      ['of a workload', () => urlExternalAccount(tokens.url, { impersonate: SERVICE_ACCOUNT })],
    ])('%s that may not', async (_, make) => {
      await tokens.configure({ impersonators: [] });
      const { code, message, hint } = await refused(make());
      expect(code).toBe('denied');
      expect(message).toContain(`iam.serviceAccounts.getAccessToken on ${SERVICE_ACCOUNT}`);
      expect(hint).toContain(`roles/iam.serviceAccountTokenCreator on ${SERVICE_ACCOUNT}`);
    });

    test('of an account that does not exist', async () => {
      expect(await refused(impersonatedFile(tokens.url, authorizedUserFile(), OTHER))).toMatchObject({
        code: 'credentials',
        message: `there is no service account ${OTHER}`,
      });
    });
  });
});

describe('a token endpoint that', () => {
  test.each<[string, string]>([
    ['has none', '{}'],
    ['has one of two lines', JSON.stringify({ access_token: `${CANARY}\n${CANARY}` })],
    ['answers with something other than JSON', CANARY],
  ])('%s is not believed', async (_, answer) => {
    const server = createServer((_request, response) => response.end(answer));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const variables = variablesFor(fileExternalAccount(`http://${host}`, write(MINT())));
    expect(await failure(variables)).toMatchObject({
      code: 'credentials',
      message: `${host} sent no access token for ${variables.GOOGLE_APPLICATION_CREDENTIALS} of GOOGLE_APPLICATION_CREDENTIALS`,
    });
    server.close();
  });

  test.each([
    ['fails', { status: 503 }],
    ['throttles', { status: 429 }],
    ['resets', { resetBeforeHeaders: true }],
    ['breaks off', { truncateTo: 5 }],
  ])('%s is asked again', async (_, fault) => {
    await tokens.fault({ ...fault, match: '^/v1/token$', count: 3 });
    expect(await ask(variablesFor(fromFile()))).toMatchObject({ of: POOL_USER });
    expect(await tokens.requests()).toHaveLength(4);
  });

  test.each([
    ['fails', { status: 503 }, 'unreachable', () => `${tokens.host} failed with 503`],
    ['throttles', { status: 429 }, 'throttled', () => `throttled by ${tokens.host}`],
    ['resets', { resetBeforeHeaders: true }, 'unreachable', () => `cannot reach ${tokens.host}: ECONNRESET`],
  ])('%s permanently is reported', async (_, fault, code, message) => {
    await tokens.fault({ ...fault, match: '^/v1/token$', count: 'always' });
    expect(await failure(variablesFor(fromFile()), { seconds: 1.5 })).toMatchObject({
      code,
      message: message(),
    });
  });

  test('hangs is waited for until the deadline', async () => {
    await tokens.fault({ hang: true });
    expect(await failure(variablesFor(fromFile()), { seconds: 0.3 })).toMatchObject({ code: 'timeout' });
  });

  test('has an unknown certificate is not believed', async () => {
    const { SSL_CERT_FILE: _, ...variables } = variablesFor(serviceAccountFile(secure.url));
    expect(await failure(variables)).toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/^cannot reach oauth2\.googleapis\.com through the proxy/),
    });
  });

  test('is plain http: elsewhere is not asked', async () => {
    const file = { ...fromFile(), token_url: 'http://sts.example.com/v1/token' };
    expect(await failure(variablesFor(file))).toMatchObject({
      code: 'configuration',
      message: 'the endpoint http://sts.example.com is not https:',
    });
  });
});
