/**
 * The same silence with Google Cloud: under strace, what is read from Cloud Storage goes into the execve of the command
 * and nowhere else, a token into the header of the requests that need it, and a private key nowhere at all.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeReal } from '../real/available.ts';
import { accessToken, SERVICE_ACCOUNT } from '../servers/google/access-tokens.ts';
import {
  authorizedUserFile,
  CLIENT_SECRET,
  REFRESH_TOKEN,
  serviceAccountFile,
} from '../servers/google/credential-files.ts';
import { serviceAccountKey } from '../servers/google/jwt.ts';
import {
  CA_FILE,
  CLOUD_KMS_KEY,
  type FaultRule,
  type GcpMetadataServer,
  type GcsPutOptions,
  type GcsServer,
  type GoogleTokensServer,
  OTHER_CLOUD_KMS_KEY,
  type ProxyServer,
  startGcpMetadata,
  startGcs,
  startGoogleTokens,
  startProxy,
} from '../servers/start.ts';
import { folder } from './folder.ts';
import { at, BARE, SEALED, workload } from './gcp.ts';
import { isBundle, PATH_WITH_NODE, wordsFor } from './program.ts';
import { callsWith, nameOf, openedForWriting, type Trace, trace } from './strace.ts';

const CANARY = 'xQ7Zj0Kw9Vb3Gy';
const TOKEN = accessToken();
/** What every token of the test servers begins with. */
const ANY_TOKEN = 'ya29.';
/** A line of it; the ends of lines are written in several ways. */
const PRIVATE_KEY = String(serviceAccountKey.export({ type: 'pkcs8', format: 'pem' })).split('\n')[5] ?? '';

interface Case {
  readonly body?: string;
  readonly seal?: GcsPutOptions;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly fault?: FaultRule;
  readonly prepare?: () => Promise<unknown>;
  readonly status: number;
}

describeReal('strace', 'system calls with Cloud Storage', () => {
  let gcs: GcsServer;
  let metadata: GcpMetadataServer;
  let tokens: GoogleTokensServer;
  let proxy: ProxyServer;

  beforeAll(async () => {
    [gcs, metadata, tokens, proxy] = await Promise.all([
      startGcs(),
      startGcpMetadata(),
      startGoogleTokens({ tls: true }),
      startProxy(),
    ]);
  });
  afterAll(() => Promise.all([gcs, metadata, tokens, proxy].map((server) => server?.stop())));
  beforeEach(() => Promise.all([gcs, metadata, tokens].map((server) => server.reset())));

  async function run({
    body = `A=${CANARY}\nB=${CANARY}\n`,
    seal = SEALED,
    args = [],
    env = { GOOGLE_OAUTH_ACCESS_TOKEN: TOKEN },
    fault,
    prepare,
  }: Case): Promise<Trace> {
    await gcs.put('snacks', 'env', body, seal);
    await prepare?.();
    if (fault !== undefined) await gcs.fault({ match: '^snacks/', ...fault, count: 'always' });
    const pin = args.includes('--kms-key') ? [] : ['--kms-key', CLOUD_KMS_KEY];
    const words = [...wordsFor(env), ...pin, '-s', 'gs://snacks/env', ...args, '--', 'true'];
    const traced = await trace(words, { env: { ...BARE, ...at(gcs), ...env } });
    // The first call is the start of envseal, which may be given a token.
    const [, ...calls] = traced.calls;
    return { ...traced, calls };
  }

  /** The calls that carry a token to a socket, each in a header. */
  function headersWith(traced: Trace, token: string): string[] {
    const calls = callsWith(traced, token).filter((call) => nameOf(call) !== 'execve');
    for (const call of calls) {
      expect(call).toMatch(/^\d+ +(write|writev|sendto|sendmsg)\(\d+<(socket|TCP):/);
      expect(call.split(token)).toHaveLength(1 + call.split(`uthorization: Bearer ${token}`).length - 1);
    }
    return calls;
  }

  test('a success: the value is in the execve of the command, which also inherits the token', async () => {
    const traced = await run({ status: 0 });
    expect(traced.outcome).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(callsWith(traced, `"A=${CANARY}"`).map(nameOf)).toEqual(['execve']);
    expect(callsWith(traced, CANARY)).toHaveLength(1);
    expect(headersWith(traced, TOKEN)).toHaveLength(2);
    expect(
      callsWith(traced, TOKEN)
        .map(nameOf)
        .filter((name) => name === 'execve'),
    ).toHaveLength(1);
    expect(openedForWriting(traced)).toEqual([]);
  });

  test('a success that does not pass the token on', async () => {
    const traced = await run({ args: ['--scrub-credentials'], status: 0 });
    expect(callsWith(traced, CANARY).map(nameOf)).toEqual(['execve']);
    expect(callsWith(traced, TOKEN)).toEqual(headersWith(traced, TOKEN));
    expect(headersWith(traced, TOKEN)).toHaveLength(2);
  });

  test('a success with a token of the workload, which the command does not get', async () => {
    const traced = await run({ env: workload(metadata), status: 0 });
    expect(traced.outcome).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(callsWith(traced, CANARY).map(nameOf)).toEqual(['execve']);
    expect(callsWith(traced, ANY_TOKEN)).toHaveLength(2);
    for (const call of callsWith(traced, ANY_TOKEN)) {
      expect(nameOf(call)).not.toBe('execve');
      expect(call).toMatch(/uthorization: Bearer ya29\./);
    }
    expect(openedForWriting(traced)).toEqual([]);
  });

  test.each([
    ['a service account', () => serviceAccountFile(tokens.url), [PRIVATE_KEY]],
    ['a user', authorizedUserFile, [REFRESH_TOKEN, CLIENT_SECRET]],
  ] as const)('a success with the file of %s: no call has its secret', async (_, make, secrets) => {
    await proxy.map({ '*.googleapis.com:443': tokens.host });
    await gcs.allow('tester@example.org', ['storage.objects.get']);
    const path = join(folder({ 'key.json': JSON.stringify(make()) }), 'key.json');
    const env = { GOOGLE_APPLICATION_CREDENTIALS: path, HTTPS_PROXY: proxy.url, SSL_CERT_FILE: CA_FILE };
    const traced = await run({ env, status: 0 });
    expect(traced.outcome).toMatchObject({ status: 0, stdout: '', stderr: '' });
    for (const secret of secrets) expect(callsWith(traced, secret)).toEqual([]);
    expect(callsWith(traced, CANARY).map(nameOf)).toEqual(['execve']);
    expect(callsWith(traced, ANY_TOKEN)).toHaveLength(2);
    expect(openedForWriting(traced)).toEqual([]);
  });

  test('a success through the SDK', async () => {
    const env = {
      GOOGLE_OAUTH_ACCESS_TOKEN: TOKEN,
      GOOGLE_CLOUD_UNIVERSE_DOMAIN: 'example.cloud',
      PATH: PATH_WITH_NODE,
    };
    const traced = await run({ env, status: 0 });
    expect(traced.outcome).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(callsWith(traced, CANARY).map(nameOf)).toEqual(['execve']);
    expect(headersWith(traced, TOKEN)).toHaveLength(2);
    expect(openedForWriting(traced)).toEqual([]);
  });

  /** Each failure that is met with the values already here, or on their way. */
  const FAILURES: Readonly<Record<string, Case>> = {
    unsealed: { seal: {}, status: 65 },
    'the wrong key': { args: ['--kms-key', OTHER_CLOUD_KMS_KEY], status: 65 },
    malformed: { body: `A=${CANARY}\n${CANARY}\n`, status: 65 },
    'a wrong checksum': { fault: { setHeaders: { 'x-goog-hash': 'crc32c=AAAAAA==' } }, status: 65 },
    'a flipped bit': { fault: { wrongBody: true }, status: 65 },
    'cut short': { fault: { truncateTo: 20 }, status: 65 },
    'reset in the body': { fault: { resetAfterBytes: 20 }, status: 65 },
    'stored compressed': { seal: { ...SEALED, contentEncoding: 'gzip' }, status: 65 },
    'another source that is missing': { args: ['-s', 'gs://snacks/none'], status: 66 },
    'a name that loads code': { body: `LD_PRELOAD=${CANARY}\n`, status: 65 },
    'denied for its description': { fault: { match: '^metadata:', status: 403 }, status: 77 },
    'denied for its bytes': { fault: { status: 403 }, status: 77 },
    'outside a perimeter': { prepare: () => gcs.perimeter(true), status: 77 },
    'a disabled key': {
      prepare: () => gcs.kmsKey({ name: CLOUD_KMS_KEY, state: 'disabled' }),
      status: 77,
    },
    'no permission': { prepare: () => gcs.allow(SERVICE_ACCOUNT, []), status: 77 },
    throttled: { fault: { match: '', status: 429 }, args: ['--timeout', '1'], status: 75 },
    'out of time': { fault: { dripBytesPerSecond: 10 }, args: ['--timeout', '1'], status: 75 },
    'the wrong key through the SDK': {
      args: ['--kms-key', OTHER_CLOUD_KMS_KEY],
      env: {
        GOOGLE_OAUTH_ACCESS_TOKEN: TOKEN,
        GOOGLE_CLOUD_UNIVERSE_DOMAIN: 'example.cloud',
        PATH: PATH_WITH_NODE,
      },
      status: 65,
    },
    'a flipped bit through the SDK': {
      env: {
        GOOGLE_OAUTH_ACCESS_TOKEN: TOKEN,
        GOOGLE_CLOUD_UNIVERSE_DOMAIN: 'example.cloud',
        PATH: PATH_WITH_NODE,
      },
      fault: { wrongBody: true },
      status: 65,
    },
  };

  // The container executable hands these to the full program, with the environment that has the token.
  const chosen = Object.entries(FAILURES).filter(([name]) =>
    isBundle ? /key|checksum|time|bytes/.test(name) : !name.endsWith('through the SDK'),
  );
  test.each(chosen)('%s: no call has the value, and the token is in headers alone', async (_, given) => {
    const traced = await run(given);
    expect(traced.outcome).toMatchObject({ status: given.status, stdout: '' });
    expect(traced.outcome.stderr).not.toMatch(new RegExp(`${CANARY}|${ANY_TOKEN}`));
    expect(callsWith(traced, CANARY)).toEqual([]);
    // The full program gets the environment that we have.
    const told = callsWith(traced, TOKEN).filter((call) => nameOf(call) !== 'execve');
    expect(told).toEqual(headersWith(traced, TOKEN));
    expect(headersWith(traced, TOKEN).length).toBeGreaterThan(0);
    expect(openedForWriting(traced)).toEqual([]);
  });
});
