/**
 * The same silence for what was sealed before it was stored: under strace, the value goes into the execve of the command
 * and nowhere else, and the data key, which a KMS sends, and the age identity go nowhere at all.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { KeyToWrapWith, Wrap } from '../../src/keys/kinds.ts';
import { sealBerglas } from '../../src/sealing/berglas.ts';
import { sealSops } from '../../src/sealing/sops/edit/seal.ts';
import { describeReal } from '../real/available.ts';
import { CLOUD_KMS_KEY, SECRET_ACCESS_KEY } from '../servers/start.ts';
import { envsealWords } from './program.ts';
import {
  AGE_KEY,
  AWS_KEY,
  type Clouds,
  encryptWithAws,
  encryptWithGoogle,
  envFor,
  GOOGLE_KEY,
  IDENTITY,
  type Need,
  put,
  type Scheme,
  startClouds,
  wrapWith,
} from './sealed.ts';
import { callsWith, nameOf, openedForWriting, type Trace, trace } from './strace.ts';

/** No four characters of it are anywhere else. The word keeps `put` and the transcripts honest. */
const CANARY = 'xQ7Zj0Kw9Vb3Gy-canary';
const TEXT = `A=${CANARY}\nB=x\n`;
const NAME = 'dev/env';

interface Sealed {
  readonly bytes: Uint8Array;
  /** Data keys, and whatever else must stay secret. */
  readonly secrets: readonly Uint8Array[];
}

interface Row {
  readonly scheme: Scheme;
  readonly needs: readonly Need[];
  readonly flags?: readonly string[];
  readonly seal: (clouds: Clouds) => Promise<Sealed>;
  /** What makes it fail, as late as can be. */
  readonly failure: {
    readonly status: number;
    readonly change?: (bytes: Uint8Array) => Uint8Array;
    readonly flags?: readonly string[];
  };
}

function sops(key: KeyToWrapWith): Row['seal'] {
  return async (clouds) => {
    const secrets: Uint8Array[] = [];
    const wrap: Wrap = async (dataKey, to) => {
      secrets.push(Uint8Array.from(dataKey));
      return await wrapWith(clouds)(dataKey, to);
    };
    const entries = [
      ['A', CANARY],
      ['B', 'x'],
    ] as const;
    return {
      bytes: await sealSops(entries, { format: 'dotenv', keys: [key], wrap, now: new Date() }),
      secrets,
    };
  };
}

/** The values authenticate, and the MAC does not. */
function breakMac(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString();
  const lines = /^(A=.*\n)(B=.*\n)/m;
  expect(text).toMatch(lines);
  return Buffer.from(text.replace(lines, '$2$1'));
}

const PIN = ['--kms-key', CLOUD_KMS_KEY];

const ROWS: Readonly<Record<string, Row>> = {
  'SOPS for age, a file': {
    scheme: 'file',
    needs: ['age'],
    seal: sops(AGE_KEY),
    failure: { change: breakMac, status: 65 },
  },
  'SOPS under AWS KMS, at S3': {
    scheme: 's3',
    needs: ['aws'],
    seal: sops(AWS_KEY),
    failure: { change: breakMac, status: 65 },
  },
  'SOPS under Cloud KMS, at Cloud Storage': {
    scheme: 'gs',
    needs: ['google'],
    seal: sops(GOOGLE_KEY),
    failure: { change: breakMac, status: 65 },
  },
  'AWS KMS, at S3': {
    scheme: 's3',
    needs: ['aws'],
    seal: async (clouds) => ({
      bytes: await encryptWithAws(clouds, TEXT),
      secrets: [Buffer.from(TEXT)],
    }),
    failure: { flags: ['--require', 'MISSING'], status: 65 },
  },
  'Cloud KMS, at Cloud Storage': {
    scheme: 'gs',
    needs: ['google'],
    flags: PIN,
    seal: async (clouds) => ({
      bytes: await encryptWithGoogle(clouds, TEXT),
      secrets: [Buffer.from(TEXT)],
    }),
    failure: { flags: ['--require', 'MISSING'], status: 65 },
  },
  'berglas, at Cloud Storage': {
    scheme: 'gs',
    needs: ['google'],
    flags: PIN,
    seal: async (clouds) => {
      const secrets: Uint8Array[] = [];
      const bytes = await sealBerglas(Buffer.from(TEXT), {
        objectName: NAME,
        wrap: async (dataKey, additionalData) => {
          secrets.push(Uint8Array.from(dataKey));
          return await encryptWithGoogle(clouds, dataKey, { additionalData });
        },
      });
      return { bytes, secrets };
    },
    // The tag: the data key is here, and the value does not come.
    failure: {
      change: (bytes) => Buffer.from(Buffer.from(bytes).toString().replace(/.{8}$/, 'AAAAAAA=')),
      status: 65,
    },
  },
};

/** Strace writes bytes that are not printable as `\n` or in octal, of one to three digits. */
function decode(call: string): string {
  return call.replace(/\\(?:([0-7]{1,3})|(.))/g, (_, octal, escaped) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    return { n: '\n', t: '\t', r: '\r', v: '\v', f: '\f' }[escaped as string] ?? escaped;
  });
}

/** Calls that carry a secret, as it is or as text. */
function telling(traced: Trace, secret: Uint8Array): string[] {
  const bytes = Buffer.from(secret);
  const base64 = bytes.toString('base64').replace(/=*$/, '');
  // All but the last character, which depends on what would follow.
  const forms = [bytes.toString('latin1'), base64.slice(0, -1), bytes.toString('base64url').slice(0, -1)];
  const texts = [...forms, bytes.toString('hex'), bytes.toString('hex').toUpperCase()];
  return traced.calls.filter((call) => texts.some((text) => decode(call).includes(text))).map(nameOf);
}

test('a secret is found in what strace writes', () => {
  const secret = Buffer.from([1, 0x31, 0, 10, 0x22, 0x5c, 0xff, 0x41]);
  const calls = (text: string): Trace => ({
    outcome: {} as Trace['outcome'],
    calls: [`1 write(1, "${text}", 8)`],
  });
  for (const text of ['\\0011\\0\\n\\"\\\\\\377A', secret.toString('base64'), `x${secret.toString('hex')}`]) {
    expect(telling(calls(text), secret)).toEqual(['write']);
  }
  expect(telling(calls('another'), secret)).toEqual([]);
});

describeReal('strace', 'system calls with a sealed file', () => {
  let clouds: Clouds;
  beforeAll(async () => {
    clouds = await startClouds();
  });
  afterAll(() => clouds?.stop());
  beforeEach(() => clouds.reset());

  async function run(
    row: Row,
    { change = (bytes: Uint8Array) => bytes, flags = [] as readonly string[] } = {},
  ) {
    const { bytes, secrets } = await row.seal(clouds);
    expect(secrets.length).toBeGreaterThan(0);
    const changed = change(bytes);
    const uri = await put(clouds, row.scheme, NAME, changed);
    const words = [...envsealWords, ...(row.flags ?? []), ...flags, '-s', uri, '--', 'true'];
    // The store's credentials, too.
    const ofStore: readonly Need[] = row.scheme === 's3' ? ['aws'] : row.scheme === 'gs' ? ['google'] : [];
    const traced = await trace(words, { env: envFor(clouds, [...ofStore, ...row.needs]) });
    // The first call is the start of envseal, which is given the identity and the keys.
    const [start = '', ...calls] = traced.calls;
    expect(nameOf(start)).toBe('execve');
    return { traced: { ...traced, calls }, secrets };
  }

  describe.each(Object.entries(ROWS))('%s', (_, row) => {
    test('a success: the value is in the execve of the command', async () => {
      const { traced, secrets } = await run(row);
      expect(traced.outcome).toMatchObject({ status: 0, stdout: '', stderr: '' });
      const calls = callsWith(traced, CANARY);
      expect(calls.map(nameOf)).toEqual(['execve']);
      expect(calls[0]).toContain(`"A=${CANARY}"`);
      for (const secret of secrets) expect(telling(traced, secret)).toEqual([]);
      // It is in the environment that the command inherits.
      const inherited = row.needs.includes('age') ? ['execve'] : [];
      expect(callsWith(traced, IDENTITY).map(nameOf)).toEqual(inherited);
      expect(openedForWriting(traced)).toEqual([]);
    });

    test('a success that does not pass the credentials on', async () => {
      const { traced } = await run(row, { flags: ['--scrub-credentials'] });
      expect(callsWith(traced, CANARY).map(nameOf)).toEqual(['execve']);
      for (const text of [IDENTITY, SECRET_ACCESS_KEY]) expect(callsWith(traced, text)).toEqual([]);
      const started = callsWith(traced, CANARY)[0];
      expect(started).not.toMatch(/SOPS_AGE_KEY|AWS_ACCESS_KEY|GOOGLE_OAUTH_ACCESS_TOKEN/);
    });

    test('a failure: no call has the value, the data key or the identity', async () => {
      const { traced, secrets } = await run(row, row.failure);
      expect(traced.outcome).toMatchObject({ status: row.failure.status, stdout: '' });
      expect(callsWith(traced, CANARY)).toEqual([]);
      for (const secret of secrets) expect(telling(traced, secret)).toEqual([]);
      for (const text of [IDENTITY, SECRET_ACCESS_KEY]) expect(callsWith(traced, text)).toEqual([]);
      expect(openedForWriting(traced)).toEqual([]);
    });
  });
});
