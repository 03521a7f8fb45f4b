/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */

import type { Answer } from '../http/exchange.ts';
import { demand, objectArn } from './access.ts';
import { type Call, versionHeader, versionIdOf } from './call.ts';
import { checkWrite } from './conditions.ts';
import { newVersionId } from './objects.ts';

export function deleteObject(call: Call): Answer {
  const versionId = versionIdOf(call.query);
  const action = versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion';
  demand(call.caller, action, objectArn(call.bucket.name, call.key));
  checkWrite(call.headers, call.key, call.bucket.objects.current(call.key));
  const headers = versionId === undefined ? hide(call) : erase(call, versionId);
  return { status: 204, headers, body: Buffer.alloc(0) };
}

/** With versions nothing is lost: a marker goes on top. */
function hide({ state, bucket, key }: Call): Record<string, string> {
  const versionId = newVersionId(bucket.versioning);
  if (bucket.versioning === 'Off') {
    bucket.objects.remove(key, versionId);
    return {};
  }
  bucket.objects.add(key, { kind: 'marker', versionId, modifiedMs: state.clock.now() });
  return { 'x-amz-delete-marker': 'true', 'x-amz-version-id': versionId };
}

function erase({ bucket, key }: Call, versionId: string): Record<string, string> {
  const version = bucket.objects.find(key, versionId);
  bucket.objects.remove(key, versionId);
  const marker = version?.kind === 'marker' ? { 'x-amz-delete-marker': 'true' } : {};
  return { ...versionHeader(bucket, versionId), ...marker };
}
