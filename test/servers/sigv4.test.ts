import { describe, expect, test } from 'vitest';
import { decodeChunks } from './sigv4/aws-chunked.ts';
import { canonicalRequest, sha256Hex, sign, signingKey, stringToSign } from './sigv4/signature.ts';

/**
 * AWS's own examples.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const AMZ_DATE = '20130524T000000Z';
const SCOPE = { date: '20130524', region: 'us-east-1', service: 's3' };
const KEY = signingKey(SECRET, SCOPE);
const HOST = 'examplebucket.s3.amazonaws.com';

function signatureOf(
  method: string,
  target: string,
  headers: Record<string, string>,
  payloadHash = sha256Hex(''),
): string {
  const all = { host: HOST, 'x-amz-content-sha256': payloadHash, 'x-amz-date': AMZ_DATE, ...headers };
  const canonical = canonicalRequest(
    { method, target, headers: all },
    Object.keys(all).sort(),
    payloadHash,
    's3',
  );
  return sign(KEY, stringToSign(AMZ_DATE, SCOPE, canonical));
}

describe('a signature is the one AWS publishes for', () => {
  test('GET of a range', () => {
    expect(signatureOf('GET', '/test.txt', { range: 'bytes=0-9' })).toBe(
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    );
  });

  test('PUT of a key with a character that has to be encoded', () => {
    const headers = { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' };
    expect(signatureOf('PUT', '/test$file.text', headers, sha256Hex('Welcome to Amazon S3.'))).toBe(
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    );
  });

  test('GET of a subresource', () => {
    expect(signatureOf('GET', '/?lifecycle', {})).toBe(
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    );
  });

  test('GET of a list', () => {
    expect(signatureOf('GET', '/?max-keys=2&prefix=J', {})).toBe(
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    );
  });
});

describe('a canonical path', () => {
  test.each([
    ['s3', '/a%20b//c/../d', '/a%20b//c/../d'],
    ['s3', '/a b$', '/a%20b%24'],
    ['s3', '/%7Euser', '/~user'],
    ['sts', '/a%20b//c/../d/', '/a%2520b/d/'],
    ['sts', '/', '/'],
  ])('of %s for %s is %s', (service, target, path) => {
    expect(canonicalRequest({ method: 'GET', target, headers: {} }, [], '', service).split('\n')[1]).toBe(
      path,
    );
  });
});

describe('a canonical query', () => {
  test.each([
    ['b=2&a=1', 'a=1&b=2'],
    ['a-b=1&a=2', 'a=2&a-b=1'],
    ['versions', 'versions='],
    ['prefix=a/b c', 'prefix=a%2Fb%20c'],
    ['versionId=a%3Db', 'versionId=a%3Db'],
  ])('for %s is %s', (query, canonical) => {
    const lines = canonicalRequest({ method: 'GET', target: `/?${query}`, headers: {} }, [], '', 's3').split(
      '\n',
    );
    expect(lines[2]).toBe(canonical);
  });
});

describe('an aws-chunked body', () => {
  const chunk = (data: string, signature: string) =>
    `${data.length.toString(16)};chunk-signature=${signature}\r\n${data}${data === '' ? '' : '\r\n'}`;
  const DATA = ['a'.repeat(65_536), 'a'.repeat(1024), ''] as const;
  const SEED = {
    key: KEY,
    amzDate: AMZ_DATE,
    scope: SCOPE,
    signature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  };
  const SIGNATURES = [
    'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
  ] as const;
  const SIGNED = DATA.map((data, at) => chunk(data, SIGNATURES[at] ?? '')).join('');

  test('with the signatures AWS publishes decodes', () => {
    const decoded = decodeChunks(Buffer.from(`${SIGNED}\r\n`), SEED);
    expect(decoded).toEqual({ bytes: Buffer.from(DATA.join('')), trailers: {} });
  });

  test('with a changed byte is refused', () => {
    expect(decodeChunks(Buffer.from(SIGNED.replace('aaa', 'aab')), SEED)).toBe('signature');
  });

  test('with the trailer signature AWS publishes decodes', () => {
    const seed = { ...SEED, signature: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e' };
    const signatures = [
      'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
      '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
      '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
    ];
    const body = `${DATA.map((data, at) => chunk(data, signatures[at] ?? '')).join('')}x-amz-checksum-crc32c:sOO8/Q==
x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n`;
    expect(decodeChunks(Buffer.from(body), seed)).toMatchObject({
      trailers: { 'x-amz-checksum-crc32c': 'sOO8/Q==' },
    });
    expect(decodeChunks(Buffer.from(body.replace('sOO8', 'sOO9')), seed)).toBe('signature');
  });

  test('without signatures decodes with its trailers', () => {
    const body = Buffer.from('3\r\nabc\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n');
    const trailers = { 'x-amz-checksum-crc32': 'NSRBwg==' };
    expect(decodeChunks(body, undefined)).toEqual({ bytes: Buffer.from('abc'), trailers });
  });

  test.each(['', 'abc', '3\r\nabc', '5\r\nabc\r\n0\r\n', 'zz\r\nabc\r\n', '3\r\nabc\r\n'])(
    '%j is malformed',
    (body) => {
      expect(decodeChunks(Buffer.from(body), undefined)).toBe('malformed');
    },
  );
});
