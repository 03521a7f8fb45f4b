/**
 * The XML API, for reading.
 * https://docs.cloud.google.com/storage/docs/xml-api/get-object-download
 * https://docs.cloud.google.com/storage/docs/xml-api/head-object
 */

import { element } from '../aws/xml.ts';
import type { Answer } from '../http/exchange.ts';
import { type Call, findBucket, findObject } from './call.ts';
import { checkMatch, entityTag } from './conditions.ts';
import { GcsError, xml } from './errors.ts';
import { mediaAnswer } from './media.ts';
import type { StoredObject } from './objects.ts';

export function answerXml(call: Call): Answer {
  const { request, place, state } = call;
  if (place.bucket === '') throw new GcsError('NotImplemented');
  if (request.method !== 'GET' && request.method !== 'HEAD') throw new GcsError('MethodNotAllowed');
  if (place.object === '') {
    findBucket(call, 'storage.objects.list');
    throw new GcsError('NotImplemented');
  }
  const object = findObject(call);
  checkMatch(request, object);
  if (request.query.has('encryption')) return encryptionAnswer(object);
  return mediaAnswer(request, object, state, { etag: entityTag(object), ...keyHeader(object) });
}

/**
 * The name of the key's version, as in the metadata of the JSON API. Clients read it from answers; Google's reference
 * describes it for requests, and documents `?encryption` for reading it:
 * https://docs.cloud.google.com/storage/docs/xml-api/reference-headers
 */
function keyHeader({ kmsKeyName, hideKeyHeader }: StoredObject): Record<string, string> {
  return kmsKeyName === undefined || hideKeyHeader ? {} : { 'x-goog-encryption-kms-key-name': kmsKeyName };
}

/** https://docs.cloud.google.com/storage/docs/xml-api/get-object-encryption */
function encryptionAnswer({ kmsKeyName }: StoredObject): Answer {
  return xml(200, element('Encryption', kmsKeyName === undefined ? [] : [element('KmsKeyName', kmsKeyName)]));
}
