/**
 * Google's errors explained for the user: which permission on which resource, which key, which policy.
 * https://docs.cloud.google.com/storage/docs/json_api/v1/status-codes
 * https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto
 */

import { EnvsealError, type ErrorCode } from '../errors.ts';
import { retryAfterMs } from '../net/retry-after.ts';
import { requestIdsOf } from './request-ids.ts';

export interface GoogleRefusal {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON of the answer; empty where there is none. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The permission that was needed, such as `storage.objects.get`. */
  readonly permission: string;
  /** What it was needed on, as IAM names it. */
  readonly resource: string;
  /** What was asked for, for people. */
  readonly subject: string;
}

/** What an error body says, whichever of Google's two forms it has. Only words of a known form are taken from it. */
interface Reading extends GoogleRefusal {
  /** `notFound`, `forbidden`… of Cloud Storage, `SERVICE_DISABLED`… of an ErrorInfo, `KEY_DISABLED`… of a violation. */
  readonly reasons: readonly string[];
  readonly message: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

interface Meaning {
  readonly code: ErrorCode;
  readonly says: (reading: Reading) => string;
  readonly hint: (reading: Reading) => string;
  readonly retryable?: true;
}

const CREDENTIALS: Pick<Meaning, 'code'> = { code: 'credentials' };
const KEY: Pick<Meaning, 'code'> = { code: 'key_unavailable' };

const THROTTLED: Meaning = {
  code: 'throttled',
  says: ({ subject }) => `throttled on ${subject}`,
  hint: () => 'start fewer containers at once, ask for a higher quota, or raise --timeout',
  retryable: true,
};

const NO_SCOPE: Meaning = {
  code: 'denied',
  says: ({ subject }) => `the access token lacks the OAuth scope for ${subject}`,
  hint: () =>
    'give the instance or node pool the scope https://www.googleapis.com/auth/cloud-platform; IAM decides the rest',
};

const PERIMETER: Meaning = {
  code: 'denied',
  says: ({ subject }) => `VPC Service Controls keeps ${subject} inside its perimeter`,
  hint({ metadata, message }) {
    const id = [metadata.uid, /vpcServiceControlsUniqueIdentifier: ([\w-]+)/.exec(message)?.[1]].find(isWord);
    return `request an ingress rule for the perimeter${id === undefined ? '' : `; the denial's identifier is ${id}`}`;
  },
};

const KEY_DISABLED: Meaning = {
  ...KEY,
  says: ({ subject }) =>
    `the KMS key version of ${subject} is disabled, destroyed or scheduled for destruction`,
  hint: () =>
    'enable or restore it (gcloud kms keys versions enable, restore), or seal the file with another key',
};

const NO_KEY: Meaning = {
  ...KEY,
  says: ({ subject }) => `the KMS key of ${subject} does not exist`,
  hint: () => 'check its name and location; seal the file again with a key that exists',
};

/** By the most telling of the reasons in an answer: the rows' order decides. */
const BY_REASON: Readonly<Record<string, Meaning>> = {
  SECURITY_POLICY_VIOLATED: PERIMETER,
  vpcServiceControls: PERIMETER,
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: NO_SCOPE,
  insufficientPermissions: NO_SCOPE,
  insufficient_scope: NO_SCOPE,
  ACCESS_TOKEN_EXPIRED: {
    ...CREDENTIALS,
    says: () => 'the Google access token has expired',
    hint: () => 'renew it; a service account of the workload (workload identity) renews automatically',
  },
  SERVICE_DISABLED: {
    code: 'configuration',
    says: ({ subject }) => `the API is disabled in the project used to access ${subject}`,
    hint: ({ metadata }) =>
      `gcloud services enable ${isWord(metadata.service) ? metadata.service : 'cloudkms.googleapis.com storage.googleapis.com'}`,
  },
  RATE_LIMIT_EXCEEDED: THROTTLED,
  rateLimitExceeded: THROTTLED,
  userRateLimitExceeded: THROTTLED,
  quotaExceeded: THROTTLED,
  userProjectMissing: {
    code: 'configuration',
    says: ({ subject }) => `the requester pays for ${subject}, and no project is set`,
    hint: () => 'set GOOGLE_CLOUD_QUOTA_PROJECT',
  },
  accountDisabled: {
    code: 'denied',
    says: ({ subject }) => `the project of ${subject} has no active billing account`,
    hint: () => 'gcloud billing projects link PROJECT --billing-account ACCOUNT',
  },
  cloudKmsDisabledKey: KEY_DISABLED,
  KEY_DISABLED,
  cloudKmsDecryptionKeyNotFound: NO_KEY,
  cloudKmsBadKey: NO_KEY,
};

/** The error to throw for an unsuccessful answer. */
export function explainGoogleRefusal(refusal: GoogleRefusal): EnvsealError {
  const reading = read(refusal);
  const meaning =
    Object.entries(BY_REASON).find(([reason]) => reading.reasons.includes(reason))?.[1] ?? byStatus(reading);
  return new EnvsealError(meaning.code, meaning.says(reading), {
    hint: meaning.hint(reading),
    retryable: meaning.retryable ?? false,
    retryAfterMs: retryAfterMs(reading.headers),
    requestIds: requestIdsOf(reading.headers),
  });
}

/** What Cloud Storage says in bare text, where an object's bytes were asked for. */
const TEXTS: readonly (readonly [text: RegExp, reason: string])[] = [
  [/^No such object: |^The specified bucket does not exist|^Not Found$/, 'notFound'],
  [/vpcServiceControlsUniqueIdentifier/, 'vpcServiceControls'],
  [/^Cloud KMS key is disabled, destroyed/, 'cloudKmsDisabledKey'],
  [/Cloud KMS decryption key not found/, 'cloudKmsDecryptionKeyNotFound'],
];

/** Both forms: `errors[].reason` of the older APIs, `status` and `details` of the newer ones. */
function read(refusal: GoogleRefusal): Reading {
  const error = object(refusal.body.error);
  const details = list(error.details).map(object);
  const challenge = /\berror="?(\w+)/.exec(refusal.headers.get('www-authenticate') ?? '')?.[1];
  const reasons = [
    ...list(error.errors).map((one) => object(one).reason),
    ...details.map(({ reason }) => reason),
    ...details.flatMap(({ violations }) => list(violations).map((one) => object(one).type)),
    challenge,
    error.status,
  ].filter(isWord);
  const metadata = Object.assign({}, ...details.map((detail) => object(detail.metadata)));
  const message = typeof error.message === 'string' ? error.message : '';
  if (reasons.length === 0)
    reasons.push(...TEXTS.flatMap(([text, reason]) => (text.test(message) ? [reason] : [])));
  return { ...refusal, reasons, metadata, message };
}

function byStatus({ status, reasons, permission }: Reading): Meaning {
  const isKms = permission.startsWith('cloudkms.');
  if (status === 401) return NO_CREDENTIALS;
  if (status === 403) return DENIED;
  if (status === 404) {
    if (isKms) return NO_KEY;
    return reasons.some((reason) => /^(notFound|NOT_FOUND)$/.test(reason)) ? NOT_FOUND : NOT_GOOGLE;
  }
  if (status === 412) return PRECONDITION;
  if (status === 429) return THROTTLED;
  if (status >= 500 || status === 408) return SERVER_ERROR;
  if (isKms && reasons.includes('FAILED_PRECONDITION')) return KEY_DISABLED;
  return UNKNOWN;
}

const NO_CREDENTIALS: Meaning = {
  ...CREDENTIALS,
  says: () => 'Google rejected the access token',
  hint: () =>
    'it has expired or was revoked: renew it (gcloud auth application-default login), or use a service account of the workload',
};

/**
 * Cloud Storage says who lacks which permission, newer services which on what.
 * https://docs.cloud.google.com/iam/docs/permission-error-messages
 */
const DENIED: Meaning = {
  code: 'denied',
  says(reading) {
    const { permission, resource, principal } = deniedAccess(reading);
    if (isKeyOfStorage(reading)) return `Cloud Storage may not use the KMS key of ${reading.subject}`;
    return `${principal ?? 'this account'} lacks ${permission} on ${resource}`;
  },
  hint(reading) {
    const { permission, resource } = deniedAccess(reading);
    if (isKeyOfStorage(reading)) {
      return "grant roles/cloudkms.cryptoKeyEncrypterDecrypter on the key to Cloud Storage's service agent (gcloud storage service-agent --authorize-cmek KEY)";
    }
    if (permission === 'storage.objects.list') {
      return 'the object does not exist, and only storage.objects.list on its bucket would let Cloud Storage say so; check the name in the URI';
    }
    const role = ROLES[permission];
    const isAboutObjects = permission === 'storage.objects.get';
    const unlisted =
      '; without storage.objects.list, Cloud Storage also answers this for an object that does not exist';
    return `grant ${permission} on ${resource}${role === undefined ? '' : ` (${role})`}${isAboutObjects ? unlisted : ''}`;
  },
};

/** The smallest predefined role of each. https://docs.cloud.google.com/iam/docs/roles-permissions */
const ROLES: Readonly<Record<string, string>> = {
  'storage.objects.get': 'roles/storage.objectViewer',
  'cloudkms.cryptoKeyVersions.useToDecrypt': 'roles/cloudkms.cryptoKeyDecrypter',
  'logging.logEntries.create': 'roles/logging.logWriter',
};

/**
 * Cloud Storage uses the key for its callers, with an account of its own. No code distinguishes this from a
 * missing permission.
 */
function isKeyOfStorage({ permission, message }: Reading): boolean {
  return permission.startsWith('storage.') && /Cloud KMS key/.test(message);
}

function deniedAccess({ message, metadata, ...refusal }: Reading) {
  const named = /[Pp]ermission '?([a-z]+(?:\.[a-zA-Z]+){2})'? denied/.exec(message)?.[1];
  const resource = metadata.resource;
  return {
    permission: isWord(metadata.permission) ? metadata.permission : (named ?? refusal.permission),
    resource: isWord(resource) ? resource : refusal.resource,
    principal: /^([\w.+-]+@[\w.-]+) does not have /.exec(message)?.[1],
  };
}

const NOT_FOUND: Meaning = {
  code: 'not_found',
  says: ({ subject, message }) =>
    /bucket does not exist/.test(message) ? `no such bucket: ${subject}` : `no such object: ${subject}`,
  hint: ({ message }) =>
    /bucket does not exist/.test(message)
      ? 'check the bucket in the URI'
      : 'check the name and the generation in the URI; optional=true tolerates a missing source',
};

/** A gateway's 404 says nothing about the object. */
const NOT_GOOGLE: Meaning = {
  code: 'configuration',
  says: ({ subject }) => `the server for ${subject} is not Cloud Storage: 404`,
  hint: () => 'check the endpoint, and any proxy or gateway in between',
};

/** A read has no condition of ours, so the condition is an organization's. */
const PRECONDITION: Meaning = {
  code: 'denied',
  says: ({ subject }) => `a constraint of the organization or of the bucket forbids ${subject}`,
  hint: () => 'check its organization policies and the IP filter of the bucket',
};

const SERVER_ERROR: Meaning = {
  code: 'unreachable',
  says: ({ status, subject }) => `the service failed with ${status} on ${subject}`,
  hint: () => 'retried with backoff; see https://status.cloud.google.com',
  retryable: true,
};

const UNKNOWN: Meaning = {
  code: 'configuration',
  says: ({ status, reasons, subject }) =>
    `the service refused ${subject} with ${status}${reasons[0] === undefined ? '' : ` ${reasons[0]}`}`,
  hint: () => "look up the reason in the service's documentation",
};

function isWord(value: unknown): value is string {
  return typeof value === 'string' && /^[\w./:@-]{1,300}$/.test(value);
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
