/**
 * The S3 of the benchmark: answers at once, so that what is measured is the client. Run by Bun; prints its URL, and the
 * number of requests when its stdin closes. `one` has a variable, `many` has 5,000.
 */
const HEADERS = {
  'x-amz-server-side-encryption': 'aws:kms',
  'x-amz-server-side-encryption-aws-kms-key-id': 'arn:aws:kms:us-east-1:111122223333:key/bench',
};
const MANY = Array.from({ length: 5000 }, (_, i) => `VARIABLE_${i}=${'v'.repeat(100)}`).join('\n');
let requests = 0;

declare const Bun: { serve(options: object): { readonly url: URL; stop(force: boolean): void } };
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request: Request): Response {
    requests++;
    if (!request.headers.get('authorization')?.startsWith('AWS4-HMAC-SHA256 '))
      return new Response('', { status: 403 });
    return new Response(request.url.endsWith('/many') ? MANY : 'VARIABLE=value\n', { headers: HEADERS });
  },
});
console.log(server.url.origin);
for await (const _ of process.stdin) console.log(requests);
server.stop(true);
