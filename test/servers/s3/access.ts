/** Permissions, in S3's words. */

import { type AccessKey, refusal } from '../aws/access-keys.ts';
import type { Received } from '../http/exchange.ts';
import { type Authenticated, authenticate, type Failure } from '../sigv4/authentication.ts';
import { S3Error } from './errors.ts';
import type { S3State } from './state.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, RequestTimeTooSkewed */
const MAX_SKEW_MS = 15 * 60 * 1000;

/** Throws what S3 answers for an unknown caller. `region` is the endpoint's, `bucketRegion` the bucket's. */
export function identify(
  request: Received,
  region: string,
  state: S3State,
  bucketRegion: string,
): Authenticated {
  const payloadHash = request.headers['x-amz-content-sha256'];
  if (request.headers.authorization !== undefined && payloadHash === undefined)
    throw new S3Error('InvalidRequest', {}, 'Missing required header for this request: x-amz-content-sha256');
  const result = authenticate(request, {
    accessKeys: state.accessKeys,
    nowMs: state.clock.now(),
    maxSkewMs: MAX_SKEW_MS,
    region,
    service: 's3',
    payloadHash: payloadHash ?? '',
  });
  if ('reason' in result) throw explain(result, region, state.clock.now(), bucketRegion);
  return result;
}

/** Throws AccessDenied. No caller is the test itself, which may do everything. */
export function demand(caller: AccessKey | undefined, action: string, resource: string): void {
  const message = caller && refusal(caller, action, resource);
  if (message) throw new S3Error('AccessDenied', {}, message);
}

export function bucketArn(bucket: string): string {
  return `arn:aws:s3:::${bucket}`;
}

export function objectArn(bucket: string, key: string): string {
  return `${bucketArn(bucket)}/${key}`;
}

export function wrongRegion(given: string, expected: string, bucketRegion: string): S3Error {
  const message = `The authorization header is malformed; the region '${given}' is wrong; expecting '${expected}'`;
  const headers = { 'x-amz-bucket-region': bucketRegion };
  return new S3Error('AuthorizationHeaderMalformed', { Region: expected }, message, headers);
}

function explain(failure: Failure, region: string, nowMs: number, bucketRegion: string): S3Error {
  switch (failure.reason) {
    case 'missing':
      return new S3Error('AccessDenied');
    case 'malformed':
      return malformed(failure.detail);
    case 'wrong_service':
      return malformed(`incorrect service "${failure.given}". This endpoint belongs to "s3".`);
    case 'wrong_region':
      return wrongRegion(failure.given, region, bucketRegion);
    case 'unknown_key':
      return new S3Error('InvalidAccessKeyId', { AWSAccessKeyId: failure.accessKeyId });
    case 'skewed':
      return new S3Error('RequestTimeTooSkewed', {
        RequestTime: failure.amzDate,
        ServerTime: new Date(nowMs).toISOString().replace(/\.\d+/, ''),
        MaxAllowedSkewMilliseconds: MAX_SKEW_MS,
      });
    case 'unsigned_headers': {
      const message = 'There were headers present in the request which were not signed';
      return new S3Error('AccessDenied', { HeadersNotSigned: failure.names.join(', ') }, message);
    }
    case 'wrong_token':
      return new S3Error('InvalidToken');
    case 'expired_token':
      return new S3Error('ExpiredToken');
    case 'wrong_signature':
      return new S3Error('SignatureDoesNotMatch', {
        StringToSign: failure.stringToSign,
        CanonicalRequest: failure.canonical,
      });
  }
}

function malformed(detail: string): S3Error {
  return new S3Error('AuthorizationHeaderMalformed', {}, `The authorization header is malformed; ${detail}`);
}
