/**
 * Uploads through the JSON API, in one request or in a session of two.
 * https://docs.cloud.google.com/storage/docs/uploads-downloads
 */

import { randomBytes } from 'node:crypto';
import { type Answer, json } from '../http/exchange.ts';
import { checksum } from '../s3/checksums.ts';
import { type Call, findBucket, permit } from './call.ts';
import { checkMatch } from './conditions.ts';
import { GcsError } from './errors.ts';
import { insertObject } from './insert-object.ts';
import type { NewObject } from './objects.ts';
import { objectResource } from './resource.ts';

/** What a writer may say of an object in JSON. */
interface Description {
  readonly name?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly metadata?: Record<string, string>;
  /** What the bytes have to have. */
  readonly crc32c?: string;
}

const EMPTY = Buffer.alloc(0);
const BLANK_LINE = '\r\n\r\n';

export function upload(call: Call): Answer {
  const { request } = call;
  findBucket(call, 'storage.objects.create');
  if (request.method === 'PUT') return receiveSession(call);
  if (request.method !== 'POST') throw new GcsError('MethodNotAllowed');
  switch (request.query.get('uploadType')) {
    case 'media':
      return insert(call, describe(call, {}, request.headers['content-type']), request.body);
    case 'multipart':
      return insertMultipart(call);
    case 'resumable':
      return beginSession(call);
    default:
      throw new GcsError('InvalidArgument', { details: 'Invalid upload type.' });
  }
}

/** https://docs.cloud.google.com/storage/docs/json_api/v1/objects/insert */
function insertMultipart(call: Call): Answer {
  const { headers, body } = call.request;
  const [, boundary] = /boundary="?([^";]+)"?/.exec(headers['content-type'] ?? '') ?? [];
  const [first, second] = boundary === undefined ? [] : splitParts(body, boundary);
  if (first === undefined || second === undefined)
    throw new GcsError('InvalidArgument', { details: 'Malformed multipart body.' });
  const description = parse(first.bytes);
  checkChecksum(description, second.bytes);
  return insert(call, describe(call, description, second.contentType), second.bytes);
}

/** https://docs.cloud.google.com/storage/docs/data-validation */
function checkChecksum({ crc32c }: Description, bytes: Buffer): void {
  const computed = checksum('crc32c', bytes).base64;
  if (crc32c === undefined || crc32c === computed) return;
  const details = `Provided CRC32C "${crc32c}" doesn't match calculated CRC32C "${computed}".`;
  throw new GcsError('InvalidArgument', { details });
}

/** https://docs.cloud.google.com/storage/docs/performing-resumable-uploads */
function beginSession(call: Call): Answer {
  const { request, state, place } = call;
  const given = describe(call, parse(request.body), request.headers['x-upload-content-type']);
  checkMatch(request, state.buckets.get(place.bucket)?.objects.live(given.name));
  const id = randomBytes(24).toString('base64url');
  state.uploads.set(id, given);
  const target = new URL(request.target, `${request.secure ? 'https' : 'http'}://${request.host}`);
  target.searchParams.set('upload_id', id);
  return { status: 200, headers: { location: target.href, 'x-guploader-uploadid': id }, body: EMPTY };
}

/** The whole object comes at once; a request without bytes asks how many have come. */
function receiveSession(call: Call): Answer {
  const { request, state } = call;
  const id = request.query.get('upload_id') ?? '';
  const given = state.uploads.get(id);
  if (given === undefined) throw new GcsError('NotFound');
  if (/^bytes \*\/(\*|[1-9])/.test(request.headers['content-range'] ?? ''))
    return { status: 308, headers: {}, body: EMPTY };
  state.uploads.delete(id);
  return insert(call, given, request.body);
}

function insert(call: Call, given: Omit<NewObject, 'bytes'>, bytes: Buffer): Answer {
  const { request, state, place } = call;
  const live = state.buckets.get(place.bucket)?.objects.live(given.name);
  checkMatch(request, live);
  // https://docs.cloud.google.com/storage/docs/access-control/iam-json
  if (live !== undefined) permit(call, 'storage.objects.delete');
  return json(200, objectResource(insertObject(state, { ...given, bytes })));
}

function describe(
  { request: { query }, place }: Call,
  given: Description,
  contentType: string | undefined,
): Omit<NewObject, 'bytes'> {
  const name = query.get('name') ?? given.name;
  if (!name)
    throw new GcsError('InvalidArgument', { details: 'Required parameter: name', reason: 'required' });
  const kmsKeyName = query.get('kmsKeyName') ?? undefined;
  const contentEncoding = query.get('contentEncoding') ?? given.contentEncoding;
  const type = given.contentType ?? contentType;
  return {
    bucket: place.bucket,
    name,
    ...(type && { contentType: type }),
    ...(contentEncoding && { contentEncoding }),
    ...(given.metadata && { metadata: given.metadata }),
    ...(kmsKeyName && { kmsKeyName }),
  };
}

function parse(bytes: Buffer): Description {
  if (bytes.length === 0) return {};
  try {
    return JSON.parse(bytes.toString());
  } catch {
    throw new GcsError('InvalidArgument', { details: 'Parse Error', reason: 'parseError' });
  }
}

/** The parts of a multipart/related body. https://www.rfc-editor.org/rfc/rfc2387 */
function splitParts(body: Buffer, boundary: string): { contentType: string | undefined; bytes: Buffer }[] {
  const parts: { contentType: string | undefined; bytes: Buffer }[] = [];
  const delimiter = `--${boundary}`;
  let from = body.indexOf(delimiter);
  for (let to = next(from); from >= 0 && to > from; to = next(from)) {
    const part = body.subarray(from + delimiter.length + 2, to - 2);
    const head = part.indexOf(BLANK_LINE);
    const [, contentType] = /^content-type: *(.+?)\r?$/im.exec(part.subarray(0, head).toString()) ?? [];
    parts.push({ contentType, bytes: part.subarray(head + BLANK_LINE.length) });
    from = to;
  }
  return parts;

  function next(after: number): number {
    return body.indexOf(delimiter, after + delimiter.length);
  }
}
