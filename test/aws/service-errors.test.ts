/** What is not met end to end: test/e2e/refusals.test.ts has the rest. */
import { describe, expect, test } from 'vitest';
import { explainRefusal, type Refusal } from '../../src/aws/service-errors.ts';
import type { ErrorCode } from '../../src/errors.ts';

const REFUSAL: Refusal = {
  status: 400,
  code: '',
  message: '',
  headers: new Headers(),
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::snacks/env',
  subject: 's3://snacks/env',
};

describe('a code and a status', () => {
  test.for<[status: number, code: string, expected: ErrorCode, isRetryable: boolean]>([
    [404, 'NoSuchKey', 'not_found', false],
    [404, 'NoSuchBucket', 'not_found', false],
    [404, 'NoSuchVersion', 'not_found', false],
    [404, 'NoSuchAccessPoint', 'not_found', false],
    [404, '', 'configuration', false],
    [404, 'NoSuchUpload', 'configuration', false],
    [405, 'MethodNotAllowed', 'not_found', false],
    [403, 'AccessDenied', 'denied', false],
    [400, 'AccessDeniedException', 'denied', false],
    [403, 'AllAccessDisabled', 'denied', false],
    [403, '', 'denied', false],
    [403, 'InvalidObjectState', 'denied', false],
    [400, 'ExpiredToken', 'credentials', false],
    [400, 'ExpiredTokenException', 'credentials', false],
    [400, 'TokenRefreshRequired', 'credentials', false],
    [400, 'InvalidToken', 'credentials', false],
    [403, 'InvalidAccessKeyId', 'credentials', false],
    [400, 'UnrecognizedClientException', 'credentials', false],
    [403, 'SignatureDoesNotMatch', 'credentials', false],
    [400, 'InvalidSignatureException', 'credentials', false],
    [403, 'RequestTimeTooSkewed', 'credentials', false],
    [400, 'KMS.DisabledException', 'key_unavailable', false],
    [400, 'DisabledException', 'key_unavailable', false],
    [400, 'KMS.KMSInvalidStateException', 'key_unavailable', false],
    [400, 'KMSInvalidStateException', 'key_unavailable', false],
    [400, 'KMS.NotFoundException', 'key_unavailable', false],
    [400, 'KMS.InvalidKeyUsageException', 'key_unavailable', false],
    [400, 'KMS.ThrottlingException', 'throttled', true],
    [400, 'ThrottlingException', 'throttled', true],
    [400, 'Throttling', 'throttled', true],
    [503, 'SlowDown', 'throttled', true],
    [503, 'RequestLimitExceeded', 'throttled', true],
    [429, 'TooManyRequests', 'throttled', true],
    [429, '', 'throttled', true],
    [500, 'InternalError', 'unreachable', true],
    [502, '', 'unreachable', true],
    [503, 'ServiceUnavailable', 'unreachable', true],
    [599, 'Strange', 'unreachable', true],
    [400, 'RequestTimeout', 'unreachable', true],
    [301, 'PermanentRedirect', 'configuration', false],
    [307, 'TemporaryRedirect', 'configuration', false],
    [304, '', 'configuration', false],
    [400, 'AuthorizationHeaderMalformed', 'configuration', false],
    [400, 'InvalidArgument', 'configuration', false],
    [418, '', 'configuration', false],
  ])('%i %s means %s', ([status, code, expected, isRetryable]) => {
    const error = explainRefusal({ ...REFUSAL, status, code });
    expect([error.code, error.retryable]).toEqual([expected, isRetryable]);
    expect(error.hint).toMatch(/^[^\n]{10,}[^.\n]$/);
    expect(error.message).toMatch(/^[^\n]{10,}[^.\n]$/);
  });
});

describe('an AccessDenied of many words', () => {
  const denied = (message: string) => {
    const { message: says, hint } = explainRefusal({
      ...REFUSAL,
      status: 403,
      code: 'AccessDenied',
      message,
    });
    return [says, hint];
  };

  test.for([
    [
      'User: arn:aws:sts::1:assumed-role/app/x is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:us-east-1:1:key/k because no resource-based policy allows the kms:Decrypt action',
      'arn:aws:sts::1:assumed-role/app/x may not perform kms:Decrypt on arn:aws:kms:us-east-1:1:key/k',
      'allow kms:Decrypt on arn:aws:kms:us-east-1:1:key/k, in the key policy or by IAM',
    ],
    [
      'User: arn:aws:iam::1:user/u is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::snacks/env" with an explicit deny in a resource-based policy',
      'arn:aws:iam::1:user/u may not perform s3:GetObject on arn:aws:s3:::snacks/env',
      'an explicit Deny forbids it; allow s3:GetObject on arn:aws:s3:::snacks/env',
    ],
    [
      'User: arn:aws:iam::1:user/u is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access',
      'arn:aws:iam::1:user/u may not perform kms:Decrypt on the KMS key of s3://snacks/env',
      'allow kms:Decrypt on the KMS key of s3://snacks/env, in the key policy or by IAM',
    ],
    [
      'Access Denied',
      'these credentials may not perform s3:GetObject on arn:aws:s3:::snacks/env',
      'allow s3:GetObject on arn:aws:s3:::snacks/env and kms:Decrypt on its key; without s3:ListBucket, S3 also answers this for an object that does not exist',
    ],
  ] as const)('%s', ([message, says, hint]) => {
    expect(denied(message)).toEqual([says, hint]);
  });

  test('is not quoted beyond action, resource and principal', () => {
    expect(
      denied('canary User: canary is not authorized to perform: canary on resource: canary').join(),
    ).not.toContain('canary');
  });
});

describe('Retry-After', () => {
  const waitAfter = (text: string) =>
    explainRefusal({ ...REFUSAL, status: 503, headers: new Headers({ 'retry-after': text }) }).retryAfterMs;

  test.for([
    ['0', 0],
    ['2', 2000],
    ['3600', 3_600_000],
    ['-1', 0],
    ['1.5', 0],
    ['', 0],
    ['soon', 0],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ] as const)('%j is %i ms', ([text, ms]) => {
    expect(waitAfter(text)).toBe(ms);
  });

  test('a date is the time until then', () => {
    const ms = waitAfter(new Date(Date.now() + 60_000).toUTCString());
    expect(ms).toBeGreaterThan(50_000);
    expect(ms).toBeLessThanOrEqual(60_000);
  });
});
