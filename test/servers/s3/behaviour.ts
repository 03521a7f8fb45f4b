/** From a request to S3's answer. */

import { randomBytes } from 'node:crypto';
import { ACCOUNT_ID } from '../aws/defaults.ts';
import type { Answer, Received } from '../http/exchange.ts';
import type { Behaviour } from '../http/service.ts';
import { bucketArn, demand, identify, wrongRegion } from './access.ts';
import { locate, type Place } from './addressing.ts';
import { parseLocationConstraint } from './buckets.ts';
import { errorAnswer, madeUpAnswer, type ResponseIds, S3Error } from './errors.ts';
import { isPlain, perform } from './operations.ts';
import { readPayload } from './payload.ts';
import type { Bucket, S3State } from './state.ts';

/** `state` is asked for on every request, because a reset replaces it. */
export function s3Behaviour(state: () => S3State): Behaviour {
  return {
    subject: (request) => subject(request, state()),
    answer: (request) => {
      const ids = newIds();
      return complete(attempt(request, state(), ids), request, state(), ids);
    },
    refuse: (request, status, code) => {
      const ids = newIds();
      return complete(madeUpAnswer(status, code, request.path, ids), request, state(), ids);
    },
  };
}

function subject(request: Received, state: S3State): string {
  try {
    const { bucket, key } = locate(request, state.accessPoints);
    return `${bucket}/${key}`;
  } catch {
    return request.path;
  }
}

function attempt(request: Received, state: S3State, ids: ResponseIds): Answer {
  try {
    return respond(request, state);
  } catch (error) {
    if (error instanceof S3Error) return errorAnswer(error, request.path, ids);
    throw error;
  }
}

function respond(request: Received, state: S3State): Answer {
  const place = locate(request, state.accessPoints);
  const known = state.buckets.get(place.bucket);
  const authenticated = identify(request, place.region, state, known?.region ?? place.region);
  const { caller } = authenticated;
  const { bytes, headers } = readPayload(request, authenticated);
  if (place.bucket === '') throw new S3Error('NotImplemented');
  if (known === undefined && request.method === 'PUT' && place.key === '' && isPlain(request.query)) {
    demand(caller, 's3:CreateBucket', bucketArn(place.bucket));
    state.configureBucket(place.bucket, {}, parseLocationConstraint(bytes) ?? place.region);
    return { status: 200, headers: { location: `/${place.bucket}` }, body: Buffer.alloc(0) };
  }
  if (known === undefined) throw new S3Error('NoSuchBucket', { BucketName: place.bucket });
  if (known.region !== place.region) throw elsewhere(request, state, place, known);
  checkOwner(headers['x-amz-expected-bucket-owner']);
  return perform(request.method, {
    state,
    bucket: known,
    key: place.key,
    caller,
    query: request.query,
    headers,
    body: bytes,
  });
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/RESTRedirect.html */
function elsewhere(request: Received, state: S3State, place: Place, { name, region }: Bucket): S3Error {
  if (state.wrongRegionAnswer === 'AuthorizationHeaderMalformed')
    return wrongRegion(place.region, region, region);
  const host = endpointHost(state, place, region);
  const endpoint = place.style === 'virtual' ? `${name}.${host}` : host;
  const fields = { Endpoint: endpoint, Bucket: name };
  const location = `${request.secure ? 'https' : 'http'}://${endpoint}${request.target}`;
  return new S3Error(state.wrongRegionAnswer, fields, undefined, {
    'x-amz-bucket-region': region,
    ...(state.wrongRegionAnswer === 'TemporaryRedirect' && { location }),
  });
}

/** A host of Amazon's answers with another of Amazon's; loopback with the port of the other region. */
function endpointHost(state: S3State, place: Place, region: string): string {
  if (place.endpointHost.includes('amazonaws.com')) return `s3.${region}.amazonaws.com`;
  const url = new URL(state.endpoints[region] ?? 'http://127.0.0.1:9');
  return place.style === 'virtual' ? `localhost:${url.port}` : url.host;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html */
function checkOwner(expected: string | undefined): void {
  if (expected !== undefined && expected !== ACCOUNT_ID) throw new S3Error('AccessDenied');
}

function complete(
  answer: Answer,
  request: Received,
  state: S3State,
  { requestId, hostId }: ResponseIds,
): Answer {
  const headers = {
    'x-amz-request-id': requestId,
    'x-amz-id-2': hostId,
    date: state.clock.httpDate(),
    server: 'AmazonS3',
    ...answer.headers,
  };
  const body = request.method === 'HEAD' ? Buffer.alloc(0) : answer.body;
  return { status: answer.status, headers, body };
}

function newIds(): ResponseIds {
  return {
    requestId: randomBytes(8).toString('hex').toUpperCase(),
    hostId: randomBytes(56).toString('base64'),
  };
}
