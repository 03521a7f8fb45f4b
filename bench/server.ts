/**
 * The clouds of the benchmark: they answer at once, so that what is measured is the client. Run by Bun; prints its URL,
 * and the number of requests when its stdin has a line. `one` has a variable, `many` has 5,000, `sops` 100 under AWS KMS.
 */
import { crc32c } from '../src/system/crc.ts';
import { sealVariables } from './sealed.ts';

const KEY = 'arn:aws:kms:us-east-1:111122223333:key/bench';
const SSE_KMS = {
  'x-amz-server-side-encryption': 'aws:kms',
  'x-amz-server-side-encryption-aws-kms-key-id': KEY,
};
const ONE = 'VARIABLE=value\n';
const MANY = Array.from({ length: 5000 }, (_, i) => `VARIABLE_${i}=${'v'.repeat(100)}`).join('\n');

let dataKey = '';
const sops = await sealVariables(100, { kind: 'aws-kms', key: KEY, context: {} }, async (bytes) => {
  dataKey = Buffer.from(bytes).toString('base64');
  const wrapped = Buffer.from('wrapped');
  return { kind: 'aws-kms', key: KEY, wrapped, context: {}, role: undefined, profile: undefined };
});
const S3: Readonly<Record<string, string>> = {
  '/snacks/one': ONE,
  '/snacks/many': MANY,
  '/snacks/sops': Buffer.from(sops).toString(),
};

const CRC32C = Buffer.alloc(4);
CRC32C.writeUInt32BE(crc32c(Buffer.from(ONE)));
const RESOURCE = {
  generation: '1',
  kmsKeyName: 'projects/p/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1',
  crc32c: CRC32C.toString('base64'),
};

/** Receivers of events: a webhook, Splunk, OpenTelemetry, and one that never answers. */
const SINKS = {
  '/hook': () => new Response(null, { status: 204 }),
  '/services/collector/event': () => Response.json({ text: 'Success', code: 0 }),
  '/v1/logs': () => Response.json({}),
  '/hang': () => new Promise<Response>(() => {}),
};

let requests = 0;

declare const Bun: { serve(options: object): { readonly url: URL; stop(force: boolean): void } };
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request: Request): Response | Promise<Response> {
    requests++;
    const { pathname, searchParams } = new URL(request.url);
    const authorization = request.headers.get('authorization') ?? '';
    if (pathname in SINKS) return SINKS[pathname as keyof typeof SINKS]();
    if (pathname.startsWith('/computeMetadata/'))
      return Response.json(
        { access_token: 'token', expires_in: 3599, token_type: 'Bearer' },
        { headers: { 'metadata-flavor': 'Google' } },
      );
    if (pathname.startsWith('/storage/')) {
      if (authorization !== 'Bearer token') return new Response('', { status: 401 });
      if (searchParams.get('alt') !== 'media') return Response.json(RESOURCE);
      const headers = { 'x-goog-generation': '1', 'x-goog-hash': `crc32c=${RESOURCE.crc32c}` };
      return new Response(ONE, { headers });
    }
    if (!authorization.startsWith('AWS4-HMAC-SHA256 ')) return new Response('', { status: 403 });
    if (request.method === 'POST') return Response.json({ Plaintext: dataKey, KeyId: KEY });
    return new Response(S3[pathname] ?? '', { headers: SSE_KMS });
  },
});
console.log(server.url.origin);
for await (const _ of process.stdin) console.log(requests);
server.stop(true);
