/** One request of a known caller, as both APIs see it. */

import type { AccessToken } from '../google/access-tokens.ts';
import type { Received } from '../http/exchange.ts';
import { demand, refusal } from './access.ts';
import type { Place } from './addressing.ts';
import { GcsError } from './errors.ts';
import type { StoredObject } from './objects.ts';
import type { Bucket, GcsState } from './state.ts';

export interface Call {
  readonly request: Received;
  readonly place: Place;
  readonly caller: AccessToken | undefined;
  readonly state: GcsState;
}

export function permit({ caller, place, state }: Call, permission: string, bucket = place.bucket): void {
  demand(caller, permission, bucket, state.permissions, place.api);
}

/** Without permission on a bucket, a caller does not learn whether it exists. */
export function findBucket(call: Call, permission: string, name = call.place.bucket): Bucket {
  permit(call, permission, name);
  const bucket = call.state.buckets.get(name);
  if (bucket === undefined) throw new GcsError('NoSuchBucket');
  return bucket;
}

/** Undefined when the request names none. */
export function generationOf({ query }: Received, name = 'generation'): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d+$/.test(text)) throw new GcsError('InvalidArgument', { details: `Invalid ${name}: ${text}` });
  return Number(text);
}

/** Without `storage.objects.list`, absent must look like denied. */
export function findObject(call: Call, permission = 'storage.objects.get'): StoredObject {
  const { place, request, state, caller } = call;
  const bucket = findBucket(call, permission);
  const generation = generationOf(request);
  const object =
    generation === undefined
      ? bucket.objects.live(place.object)
      : bucket.objects.find(place.object, generation);
  if (object !== undefined) return object;
  if (!state.permissions.has(caller?.principal ?? '', 'storage.objects.list', place.bucket))
    throw new GcsError('AccessDenied', { details: refusal(caller?.principal ?? '', permission) });
  throw noSuchObject(place.bucket, place.object);
}

function noSuchObject(bucket: string, object: string): GcsError {
  return new GcsError('NoSuchKey', { details: `No such object: ${bucket}/${object}` });
}
