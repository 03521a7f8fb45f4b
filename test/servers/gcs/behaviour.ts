/** From a request to Cloud Storage's answer. */

import { randomBytes } from 'node:crypto';
import type { Answer, Received } from '../http/exchange.ts';
import type { Behaviour } from '../http/service.ts';
import { identify } from './access.ts';
import { locate, type Place } from './addressing.ts';
import { type Api, errorAnswer, GcsError, madeUpAnswer } from './errors.ts';
import { answerJson } from './json-api.ts';
import type { GcsState } from './state.ts';
import { answerXml } from './xml-api.ts';

/** `state` is asked for on every request, because a reset replaces it. */
export function gcsBehaviour(state: () => GcsState): Behaviour {
  return {
    subject,
    answer: (request) => complete(attempt(request, state()), request),
    refuse: (request, status, code) => complete(madeUpAnswer(status, code, apiOf(request)), request),
  };
}

/** `bucket/object`, and `metadata:bucket/object` where the JSON API is asked for an object without its bytes. */
function subject(request: Received): string {
  try {
    const place = locate(request);
    const named = place.prefix === 'upload' ? (request.query.get('name') ?? '') : place.object;
    return `${isMetadata(place, request) ? 'metadata:' : ''}${place.bucket}/${named}`;
  } catch {
    return request.path;
  }
}

function isMetadata({ api, prefix, object }: Place, { query }: Received): boolean {
  return api === 'json' && prefix === undefined && object !== '' && query.get('alt') !== 'media';
}

function apiOf(request: Received): Api {
  try {
    return locate(request).api;
  } catch {
    return 'xml';
  }
}

function attempt(request: Received, state: GcsState): Answer {
  try {
    return respond(request, state);
  } catch (error) {
    if (error instanceof GcsError) return errorAnswer(error, apiOf(request));
    throw error;
  }
}

function respond(request: Received, state: GcsState): Answer {
  const place = locate(request);
  const call = { request, place, state, caller: identify(request, state.clock.now()) };
  if (state.perimeter) throw outsidePerimeter();
  return place.api === 'xml' ? answerXml(call) : answerJson(call);
}

/** https://docs.cloud.google.com/vpc-service-controls/docs/troubleshooting */
function outsidePerimeter(): GcsError {
  const id = randomBytes(24).toString('base64url');
  const details = `Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: ${id}`;
  return new GcsError('SecurityPolicyViolated', { details });
}

function complete(answer: Answer, request: Received): Answer {
  const headers = {
    'x-guploader-uploadid': randomBytes(48).toString('base64url'),
    server: 'UploadServer',
    ...answer.headers,
  };
  const body = request.method === 'HEAD' ? Buffer.alloc(0) : answer.body;
  return { status: answer.status, headers, body };
}
