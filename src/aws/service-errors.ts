/** AWS's error codes explained for the user: which permission on which resource, which key, which clock. */

import { EnvsealError, type ErrorCode } from '../errors.ts';
import { retryAfterMs } from '../net/retry-after.ts';
import { requestIdsOf } from './request-ids.ts';

export interface Refusal {
  readonly status: number;
  /** S3's `<Code>`, KMS's `__type`; empty where there is no readable body. */
  readonly code: string;
  /** S3's `<Message>`. Only ARNs and an action are taken from it. */
  readonly message: string;
  readonly headers: Headers;
  /** The permission that was needed, such as `s3:GetObject`. */
  readonly action: string;
  /** The ARN that it was needed on. */
  readonly resource: string;
  /** What was asked for, for people. */
  readonly subject: string;
}

interface Meaning {
  readonly code: ErrorCode;
  readonly says: (refusal: Refusal) => string;
  readonly hint: (refusal: Refusal) => string;
  readonly retryable?: true;
}

const MISSING: Pick<Meaning, 'code'> = { code: 'not_found' };
const CREDENTIALS: Pick<Meaning, 'code'> = { code: 'credentials' };
const KEY: Pick<Meaning, 'code'> = { code: 'key_unavailable' };

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 * S3 passes KMS's refusals on as `KMS.` and the exception's name.
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#API_Decrypt_Errors
 */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  NoSuchBucket: {
    ...MISSING,
    says: ({ subject }) => `no such bucket: ${subject}`,
    hint: () =>
      'check the bucket in the URI, and that the credentials belong to the right account and partition',
  },
  NoSuchKey: {
    ...MISSING,
    says: ({ subject }) => `no such object: ${subject}`,
    hint: ({ headers }) =>
      headers.get('x-amz-delete-marker') === 'true'
        ? 'it was deleted; an older version can be opened with ?versionId='
        : 'check the key in the URI; optional=true tolerates a missing source',
  },
  NoSuchVersion: {
    ...MISSING,
    says: ({ subject }) => `no such version: ${subject}`,
    hint: () => 'check versionId in the URI',
  },
  NoSuchAccessPoint: {
    ...MISSING,
    says: ({ subject }) => `no such access point: ${subject}`,
    hint: () => 'check name, account and region in the ARN',
  },
  MethodNotAllowed: {
    ...MISSING,
    says: ({ subject }) => `the version is a delete marker: ${subject}`,
    hint: () => 'set versionId to the version before it',
  },
  InvalidObjectState: {
    code: 'denied',
    says: ({ subject }) => `the object is archived: ${subject}`,
    hint: () => 'restore it from Glacier, and keep env files in the Standard class',
  },
  ExpiredToken: {
    ...CREDENTIALS,
    says: () => 'the AWS credentials have expired',
    hint: () => 'renew them; a role (IRSA, Pod Identity, task role) renews automatically',
  },
  InvalidToken: {
    ...CREDENTIALS,
    says: () => 'the AWS session token is not valid',
    hint: () => 'AWS_SESSION_TOKEN belongs to one pair of keys: set all three together, or remove the token',
  },
  InvalidAccessKeyId: {
    ...CREDENTIALS,
    says: () => 'the AWS access key does not exist',
    hint: () => 'check AWS_ACCESS_KEY_ID; a temporary key needs AWS_SESSION_TOKEN too',
  },
  SignatureDoesNotMatch: {
    ...CREDENTIALS,
    says: () => 'the AWS secret key does not match the access key',
    hint: () => 'check AWS_SECRET_ACCESS_KEY, and that no proxy changes the request',
  },
  WrongRegion: {
    code: 'configuration',
    says: ({ subject }) => `the endpoint used for ${subject} is in another region`,
    hint: () =>
      "set AWS_ENDPOINT_URL_KMS or AWS_ENDPOINT_URL_STS to the endpoint of the key's region, or remove it",
  },
  RequestTimeTooSkewed: {
    ...CREDENTIALS,
    says: () => 'the clock of this machine is wrong',
    hint: () => 'set the clock (NTP): AWS refuses signatures that are 15 minutes off',
  },
  'KMS.DisabledException': {
    ...KEY,
    says: ({ subject }) => `the KMS key of ${subject} is disabled`,
    hint: () => 'enable it (aws kms enable-key), or seal the file with another key',
  },
  'KMS.KMSInvalidStateException': {
    ...KEY,
    says: ({ subject }) => `the KMS key of ${subject} is pending deletion or not usable`,
    hint: () => 'cancel its deletion (aws kms cancel-key-deletion, then enable-key)',
  },
  'KMS.NotFoundException': {
    ...KEY,
    says: ({ subject }) => `the KMS key of ${subject} does not exist`,
    hint: () => 'it was deleted, or is in another region; seal the file again with a key that exists',
  },
  'KMS.InvalidKeyUsageException': {
    ...KEY,
    says: ({ subject, action }) =>
      `the KMS key of ${subject} cannot ${action === 's3:PutObject' ? 'encrypt' : 'decrypt'}`,
    hint: () => 'seal the file with a symmetric key (SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT)',
  },
  BadDigest: {
    code: 'corrupt',
    says: ({ subject }) => `the data for ${subject} was changed in transit`,
    hint: () => 'retried; look for a proxy or gateway that changes requests',
    retryable: true,
  },
  'KMS.ThrottlingException': throttled(),
  Throttling: throttled(),
  ThrottlingException: throttled(),
  SlowDown: throttled(),
  TooManyRequests: throttled(),
  RequestLimitExceeded: throttled(),
};

/** The error to throw for an unsuccessful answer. */
export function explainRefusal(refusal: Refusal): EnvsealError {
  const meaning = MEANINGS[canonicalCode(refusal)] ?? byStatus(refusal);
  return new EnvsealError(meaning.code, meaning.says(refusal), {
    hint: meaning.hint(refusal),
    retryable: meaning.retryable ?? false,
    retryAfterMs: retryAfterMs(refusal.headers),
    requestIds: requestIdsOf(refusal.headers),
  });
}

/** The same refusal has several names, by service and by age. */
function canonicalCode({ code, message }: Refusal): string {
  const kms =
    /^(?:KMS\.)?(DisabledException|KMSInvalidStateException|NotFoundException|InvalidKeyUsageException)$/.exec(
      code,
    )?.[1];
  if (kms !== undefined) return `KMS.${kms}`;
  if (code === 'ExpiredTokenException' || code === 'TokenRefreshRequired') return 'ExpiredToken';
  if (/^Credential should be scoped to a valid region/.test(message)) return 'WrongRegion';
  if (code === 'InvalidSignatureException') return 'SignatureDoesNotMatch';
  if (code === 'UnrecognizedClientException' || code === 'InvalidClientTokenId') return 'InvalidAccessKeyId';
  return code;
}

function byStatus({ status, code, action }: Refusal): Meaning {
  // A version id of another form than S3's own.
  if (code === 'InvalidArgument' && action === 's3:GetObjectVersion')
    return MEANINGS.NoSuchVersion as Meaning;
  // KMS says 400 AccessDeniedException.
  if (status === 403 || code.startsWith('AccessDenied')) return DENIED;
  if (status === 404 && code === '') return NOT_AWS;
  if (status === 429) return throttled();
  if (status >= 500 || code === 'RequestTimeout') return SERVER_ERROR;
  if ((status >= 300 && status < 400) || code === 'AuthorizationHeaderMalformed') return REDIRECTED;
  return UNKNOWN;
}

/**
 * Since 2023 S3's AccessDenied names the action, the resource and the principal.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
 */
const DENIED: Meaning = {
  code: 'denied',
  says(refusal) {
    const { action, resource, principal } = deniedAccess(refusal);
    return `${principal ?? 'these credentials'} may not perform ${action} on ${resource}`;
  },
  hint(refusal) {
    const { action, resource } = deniedAccess(refusal);
    if (action === 's3:ListBucket') {
      return `the object does not exist, and only s3:ListBucket on ${resource} would let S3 say so; check the key in the URI`;
    }
    if (action === 's3:GetObject' && !isDetailed(refusal)) {
      return `allow s3:GetObject on ${resource} and kms:Decrypt on its key; without s3:ListBucket, S3 also answers this for an object that does not exist`;
    }
    if (action === 's3:PutObject' && !isDetailed(refusal)) {
      return `allow s3:PutObject on ${resource} and kms:GenerateDataKey on the key to seal it with; the bucket's policy may require another one`;
    }
    const explicit = /with an explicit deny/.test(refusal.message) ? 'an explicit Deny forbids it; ' : '';
    return `${explicit}allow ${action} on ${resource}${action.startsWith('kms:') ? ', in the key policy or by IAM' : ''}`;
  },
};

const SERVER_ERROR: Meaning = {
  code: 'unreachable',
  says: ({ status, subject }) => `the service failed with ${status} on ${subject}`,
  hint: () => 'retried with backoff; check the status of the service',
  retryable: true,
};

const REDIRECTED: Meaning = {
  code: 'configuration',
  says: ({ subject, headers }) => `${subject} is in ${bucketRegion(headers) ?? 'another region'}`,
  hint: ({ headers }) =>
    `set AWS_REGION or ?region= to ${bucketRegion(headers) ?? 'the region of the bucket'}, and a custom endpoint to that region's`,
};

function bucketRegion(headers: Headers): string | undefined {
  return /^[a-z0-9-]+$/.exec(headers.get('x-amz-bucket-region') ?? '')?.[0];
}

/** A gateway's 404 says nothing about the object. */
const NOT_AWS: Meaning = {
  code: 'configuration',
  says: ({ subject }) => `the server for ${subject} is not S3: 404 without an error code`,
  hint: () => 'check the endpoint, and any proxy or gateway in between',
};

const UNKNOWN: Meaning = {
  code: 'configuration',
  says: ({ status, code, subject }) =>
    `the service refused ${subject} with ${status}${/^[\w.]+$/.test(code) ? ` ${code}` : ''}`,
  hint: () => "look up the code in the service's documentation",
};

function throttled(): Meaning {
  return {
    code: 'throttled',
    says: ({ subject }) => `throttled on ${subject}`,
    hint: () => 'start fewer containers at once, ask for a higher quota, or raise --timeout',
    retryable: true,
  };
}

function isDetailed({ message }: Refusal): boolean {
  return /not authorized to perform/.test(message);
}

function deniedAccess(refusal: Refusal): { action: string; resource: string; principal: string | undefined } {
  const { message } = refusal;
  const action = /not authorized to perform: ([a-z0-9-]+:\w+)/.exec(message)?.[1] ?? refusal.action;
  // KMS does not name a key that it does not find.
  const isUnnamed = action.startsWith('kms:') && refusal.action.startsWith('s3:');
  const unnamed = isUnnamed ? `the KMS key of ${refusal.subject}` : refusal.resource;
  const resource = /on resource: "?(arn:[^\s"]+)/.exec(message)?.[1] ?? unnamed;
  const principal = /User: (arn:[^\s"]+) is not/.exec(message)?.[1];
  return { action, resource, principal };
}
