/** `sign` against the official signer, and against AWS's own example. */
import { createHash, createHmac } from 'node:crypto';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sign } from '../../src/aws/sign.ts';
import { Secret } from '../../src/secret.ts';
import { encodeKey, encodeRfc3986 } from '../../src/store/s3/endpoint.ts';
import { nodeSystem as system } from '../../src/system/node/system.ts';

/** As the SDK wants a hash. */
class Sha256 {
  readonly #hash;
  constructor(key?: string | Uint8Array) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key);
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

interface Given {
  readonly service: 's3' | 'kms';
  readonly region: string;
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  readonly now: number;
}

function credentialsOf(keys: Pick<Given, 'accessKeyId' | 'secretAccessKey' | 'sessionToken'>) {
  return {
    accessKeyId: keys.accessKeyId,
    secretAccessKey: new Secret(keys.secretAccessKey),
    sessionToken: keys.sessionToken === undefined ? undefined : new Secret(keys.sessionToken),
    origin: 'test',
  };
}

function signByUs(given: Given, credentials = credentialsOf(given)): Record<string, string> {
  const { service, region, url, headers, body, now } = given;
  const request = { method: body === undefined ? 'GET' : 'POST', url, headers };
  return sign(
    body === undefined ? request : { ...request, body },
    { service, region, credentials, now },
    system,
  );
}

async function signBySdk(given: Given): Promise<Record<string, string>> {
  const { service, region, url, body, accessKeyId, secretAccessKey, sessionToken } = given;
  const signer = new SignatureV4({
    service,
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
    sha256: Sha256 as never,
    uriEscapePath: service !== 's3',
    applyChecksum: service === 's3',
  });
  const request = new HttpRequest({
    method: body === undefined ? 'GET' : 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { ...given.headers, host: url.host },
    body,
  });
  const signed = await signer.sign(request, { signingDate: new Date(given.now) });
  const { host: _, ...headers } = signed.headers;
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

const keys = fc.record({
  accessKeyId: fc.stringMatching(/^[A-Z0-9]{16,20}$/),
  secretAccessKey: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 60 }),
  sessionToken: fc.option(fc.base64String({ minLength: 4 }), { nil: undefined }),
});
const region = fc.constantFrom('us-east-1', 'eu-central-1', 'cn-north-1', 'local');
const now = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2099, 11) });

describe('the same headers as the SDK', () => {
  test('for any object at S3', async () => {
    const given = fc.record({
      service: fc.constant('s3' as const),
      region,
      key: fc.string({ unit: 'grapheme', minLength: 1 }).filter((key) => !/(^|\/)\.\.?(\/|$)/.test(key)),
      versionId: fc.option(fc.string({ unit: 'grapheme-ascii', minLength: 1 }), { nil: undefined }),
      host: fc.constantFrom('https://snacks.s3.us-east-1.amazonaws.com', 'http://127.0.0.1:9000'),
      now,
      keys,
    });
    const property = fc.asyncProperty(given, async ({ host, key, versionId, keys, ...rest }) => {
      const url = new URL(`${host}/${encodeKey(key)}`);
      if (versionId !== undefined) url.search = `versionId=${encodeRfc3986(versionId)}`;
      const headers = { 'x-amz-checksum-mode': 'ENABLED' };
      const request: Given = { ...rest, ...keys, url, headers, body: undefined };
      expect(signByUs(request)).toEqual(await signBySdk(request));
    });
    await fc.assert(property, { numRuns: 300 });
  });

  test('for any question to KMS', async () => {
    const given = fc.record({
      service: fc.constant('kms' as const),
      region,
      alias: fc.string({ unit: 'grapheme' }),
      now,
      keys,
    });
    const property = fc.asyncProperty(given, async ({ alias, keys, ...rest }) => {
      const url = new URL('https://kms.us-east-1.amazonaws.com');
      const headers = {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'TrentService.DescribeKey',
      };
      const request: Given = { ...rest, ...keys, url, headers, body: JSON.stringify({ KeyId: alias }) };
      expect(signByUs(request)).toEqual(await signBySdk(request));
    });
    await fc.assert(property, { numRuns: 300 });
  });

  test('for one request after another with the same credentials, of any service, region and day', async () => {
    const day = fc.constantFrom(Date.UTC(2026, 0, 1, 23), Date.UTC(2026, 0, 2));
    const service = fc.constantFrom('s3' as const, 'kms' as const);
    const request = fc.record({ service, region: fc.constantFrom('us-east-1', 'local'), now: day });
    const url = new URL('https://snacks.s3.us-east-1.amazonaws.com/a');
    const property = fc.asyncProperty(keys, fc.array(request, { maxLength: 8 }), async (keys, requests) => {
      const credentials = credentialsOf(keys);
      for (const each of requests) {
        const given: Given = { ...each, ...keys, url, headers: {}, body: undefined };
        expect(signByUs(given, credentials)).toEqual(await signBySdk(given));
      }
    });
    await fc.assert(property);
  });
});

test('AWS’s own example: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html', () => {
  const { authorization } = signByUs({
    service: 's3',
    region: 'us-east-1',
    url: new URL('https://examplebucket.s3.amazonaws.com/test.txt'),
    headers: { Range: 'bytes=0-9' },
    body: undefined,
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    sessionToken: undefined,
    now: Date.UTC(2013, 4, 24),
  });
  expect(authorization).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  );
});
