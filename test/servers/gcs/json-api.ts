/** The JSON API. https://docs.cloud.google.com/storage/docs/json_api/v1 */

import { type Answer, json } from '../http/exchange.ts';
import { type Call, findBucket, findObject, generationOf, permit } from './call.ts';
import { openBytes } from './cmek.ts';
import { checkMatch, jsonTag } from './conditions.ts';
import { GcsError } from './errors.ts';
import { insertObject } from './insert-object.ts';
import { mediaAnswer } from './media.ts';
import { bucketResource, listedObject, objectResource, policyResource } from './resource.ts';
import { upload } from './uploads.ts';

const EMPTY = Buffer.alloc(0);
/** https://docs.cloud.google.com/storage/docs/json_api/v1/objects/list#parameters */
const MAX_RESULTS = 1000;

export function answerJson(call: Call): Answer {
  const { place } = call;
  if (place.prefix === 'upload') return upload(call);
  if (place.action !== undefined) return copyObject(call);
  if (place.object !== '') return objectMethod(call);
  if (place.objects) return listObjects(call);
  if (place.policy) return getPolicy(call);
  return bucketMethod(call);
}

function bucketMethod(call: Call): Answer {
  const { request, place, state } = call;
  if (request.method === 'POST' && place.bucket === '') return insertBucket(call);
  if (request.method !== 'GET' || place.bucket === '') throw new GcsError('NotFound');
  return json(200, bucketResource(findBucket(call, 'storage.buckets.get')), {
    etag: jsonTag(state.clock.now()),
  });
}

function getPolicy(call: Call): Answer {
  if (call.request.method !== 'GET') throw new GcsError('NotImplemented');
  return json(200, policyResource(findBucket(call, 'storage.buckets.getIamPolicy')));
}

function insertBucket(call: Call): Answer {
  const { request, state } = call;
  const { name, versioning, encryption } = JSON.parse(request.body.toString());
  permit(call, 'storage.buckets.create', name);
  if (state.buckets.has(name)) throw new GcsError('BucketAlreadyOwnedByYou');
  const defaultKmsKeyName: string | undefined = encryption?.defaultKmsKeyName;
  const bucket = state.configureBucket(name, {
    versioning: versioning?.enabled ?? false,
    ...(defaultKmsKeyName && { defaultKmsKeyName }),
  });
  return json(200, bucketResource(bucket));
}

function listObjects(call: Call): Answer {
  const { query, method } = call.request;
  if (method !== 'GET') throw new GcsError('MethodNotAllowed');
  const { objects } = findBucket(call, 'storage.objects.list');
  const prefix = query.get('prefix') ?? '';
  const found = objects.list(query.get('versions') === 'true').filter(({ name }) => name.startsWith(prefix));
  const start = Number(Buffer.from(query.get('pageToken') ?? '', 'base64url').toString());
  const end = start + Math.min(Number(query.get('maxResults') ?? MAX_RESULTS), MAX_RESULTS);
  const items = found
    .slice(start, end)
    .map((object) => listedObject(object, objects.live(object.name) === object));
  const next = end < found.length ? Buffer.from(String(end)).toString('base64url') : undefined;
  return json(200, {
    kind: 'storage#objects',
    ...(next !== undefined && { nextPageToken: next }),
    ...(items.length > 0 && { items }),
  });
}

function objectMethod(call: Call): Answer {
  switch (call.request.method) {
    case 'GET':
    case 'HEAD':
      return getObject(call);
    case 'PATCH':
      return patchObject(call);
    case 'DELETE':
      return deleteObject(call);
    default:
      throw new GcsError('MethodNotAllowed');
  }
}

/** The bytes come without the key's name: that is in the metadata only. */
function getObject(call: Call): Answer {
  const { request, state } = call;
  const object = findObject(call);
  checkMatch(request, object);
  const etag = jsonTag(object.generation);
  if (request.query.get('alt') === 'media') return mediaAnswer(request, object, state, { etag });
  return json(200, objectResource(object), { etag });
}

function patchObject(call: Call): Answer {
  const { request, state, place } = call;
  const object = findObject(call, 'storage.objects.update');
  checkMatch(request, object);
  const { metadata = {}, contentType = object.contentType } = JSON.parse(request.body.toString());
  const merged = Object.entries({ ...object.metadata, ...metadata }).filter(([, value]) => value !== null);
  const changed = {
    ...object,
    contentType,
    metadata: Object.fromEntries(merged) as Record<string, string>,
    metageneration: object.metageneration + 1,
    updatedMs: state.clock.now(),
  };
  state.buckets.get(place.bucket)?.objects.replace(changed);
  return json(200, objectResource(changed));
}

function deleteObject(call: Call): Answer {
  const { request, place } = call;
  checkMatch(request, findObject(call, 'storage.objects.delete'));
  const bucket = findBucket(call, 'storage.objects.delete');
  bucket.objects.remove(place.object, generationOf(request), bucket.versioning);
  return { status: 204, headers: {}, body: EMPTY };
}

/** In one piece, whichever of the two methods. https://docs.cloud.google.com/storage/docs/json_api/v1/objects/rewrite */
function copyObject(call: Call): Answer {
  const { request, place, state } = call;
  const { name: method, bucket, object } = place.action ?? { name: '', bucket: '', object: '' };
  if (request.method !== 'POST' || (method !== 'rewriteTo' && method !== 'copyTo'))
    throw new GcsError('NotFound');
  const source = findObject({ ...call, request: { ...request, query: sourceQuery(request.query) } });
  const target = findBucket(call, 'storage.objects.create', bucket);
  checkMatch(request, target.objects.live(object));
  const kmsKeyName = request.query.get('destinationKmsKeyName') ?? undefined;
  const { contentType, contentEncoding, metadata } = source;
  const copy = insertObject(state, {
    bucket,
    name: object,
    bytes: openBytes(source.sealed, source.kmsKeyName, source.name, state.kmsKeys),
    contentType,
    metadata,
    ...(contentEncoding && { contentEncoding }),
    ...(kmsKeyName && { kmsKeyName }),
  });
  const resource = objectResource(copy);
  if (method === 'copyTo') return json(200, resource);
  const sizes = { totalBytesRewritten: resource.size, objectSize: resource.size };
  return json(200, { kind: 'storage#rewriteResponse', ...sizes, done: true, resource });
}

function sourceQuery(query: URLSearchParams): URLSearchParams {
  const generation = query.get('sourceGeneration');
  return new URLSearchParams(generation === null ? {} : { generation });
}
