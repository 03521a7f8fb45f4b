/** Takes envseal's webhooks, checks their signatures, and prints who was not let in and what was changed. Needs ENVSEAL_WEBHOOK_SECRET. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';

const TOLERANCE_SECONDS = 300;
const MAX_BYTES = 512 * 1024;
const secret = process.env.ENVSEAL_WEBHOOK_SECRET ?? '';
if (secret === '') throw new Error('set ENVSEAL_WEBHOOK_SECRET, the same as envseal has');
const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
const seen = new Set();

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#verifying-signatures */
function isGenuine({ headers }, body) {
  const { 'webhook-id': id = '', 'webhook-timestamp': time = '', 'webhook-signature': given = '' } = headers;
  if (!(Math.abs(Date.now() / 1000 - Number(time)) <= TOLERANCE_SECONDS)) return false;
  const right = `v1,${createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest('base64')}`;
  return given.split(' ').some((each) => each.length === right.length && isSame(each, right));
}
const isSame = (a, b) => timingSafeEqual(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'));

async function answer(request) {
  if (!(Number(request.headers['content-length']) <= MAX_BYTES)) return 413;
  const body = await buffer(request);
  if (request.method !== 'POST' || !isGenuine(request, body)) return 401;
  const { id, time, type, subject, data } = JSON.parse(body.toString());
  // A repetition is answered as the first time, and told once.
  if (!seen.has(id) && data.outcome !== 'granted') console.log(time, type, data.reason, subject);
  seen.add(id);
  setTimeout(() => seen.delete(id), 2 * TOLERANCE_SECONDS * 1000).unref();
  return 204;
}

const server = createServer((request, response) => {
  answer(request).then(
    (status) => response.writeHead(status).end(),
    () => response.writeHead(400).end(),
  );
});
server.listen(process.env.PORT ?? 8080, () => console.log(`listening on port ${server.address().port}`));
