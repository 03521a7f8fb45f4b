/**
 * Cloud Storage's errors, each as the XML API and as the JSON API says it.
 * https://docs.cloud.google.com/storage/docs/xml-api/reference-status
 * https://docs.cloud.google.com/storage/docs/json_api/v1/status-codes
 */

import { element, elements } from '../aws/xml.ts';
import { type Answer, json } from '../http/exchange.ts';

export type Api = 'xml' | 'json';

/** Status, message, the `reason` of the JSON API, and the message of the JSON API where that is another. */
type Row = readonly [status: number, message: string, reason: string, jsonMessage?: string];

const ERRORS = {
  AccessDenied: [403, 'Access denied.', 'forbidden'],
  AuthenticationRequired: [401, 'Authentication required.', 'authError', 'Invalid Credentials'],
  BadDigest: [400, 'The Content-MD5 you specified did not match what we received.', 'invalid'],
  BucketAlreadyOwnedByYou: [409, 'You already own this bucket. Please select another name.', 'conflict'],
  CloudKmsBadKey: [400, 'Bad Cloud KMS crypto key.', 'cloudKmsBadKey'],
  CloudKmsDecryptionKeyNotFound: [
    400,
    "Resource's Cloud KMS decryption key not found.",
    'cloudKmsDecryptionKeyNotFound',
  ],
  CloudKmsDisabledKey: [
    400,
    'Cloud KMS key is disabled, destroyed, or scheduled to be destroyed.',
    'cloudKmsDisabledKey',
  ],
  CloudKmsEncryptionKeyNotFound: [
    400,
    'Cloud KMS encryption key not found.',
    'cloudKmsEncryptionKeyNotFound',
  ],
  InternalError: [500, 'We encountered an internal error. Please try again.', 'internalError'],
  InvalidArgument: [400, 'Invalid argument.', 'invalid'],
  InvalidRange: [416, 'The requested range cannot be satisfied.', 'requestedRangeNotSatisfiable'],
  InvalidURI: [400, "Couldn't parse the specified URI.", 'invalid'],
  MethodNotAllowed: [405, 'The specified method is not allowed against this resource.', 'methodNotAllowed'],
  NoSuchBucket: [404, 'The specified bucket does not exist.', 'notFound'],
  NoSuchKey: [404, 'The specified key does not exist.', 'notFound'],
  NotFound: [404, 'Not Found', 'notFound'],
  NotImplemented: [501, 'The requested feature is not implemented.', 'notImplemented'],
  PreconditionFailed: [
    412,
    'At least one of the pre-conditions you specified did not hold.',
    'conditionNotMet',
  ],
  SecurityPolicyViolated: [403, 'Request violates VPC Service Controls.', 'vpcServiceControls'],
  ServiceUnavailable: [503, 'We encountered an internal error. Please try again.', 'backendError'],
  // https://docs.cloud.google.com/storage/docs/gcs429
  SlowDown: [429, 'The rate of requests is too high. Please reduce your request rate.', 'rateLimitExceeded'],
} as const satisfies Record<string, Row>;

export type GcsErrorCode = keyof typeof ERRORS;

export interface ErrorOptions {
  /** The XML API's `Details`, which is the whole message of the JSON API. */
  readonly details?: string;
  /** Instead of the code's, in the JSON API. */
  readonly reason?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** In the JSON API, `locationType` and `location`. */
  readonly location?: readonly [type: string, name: string];
  /** Google's error model: https://docs.cloud.google.com/apis/design/errors */
  readonly model?: { readonly status: string; readonly details: readonly unknown[] };
}

export class GcsError extends Error {
  readonly code: GcsErrorCode;
  readonly options: ErrorOptions;

  constructor(code: GcsErrorCode, options: ErrorOptions = {}) {
    super(options.details ?? ERRORS[code][1]);
    this.code = code;
    this.options = options;
  }
}

export function errorAnswer({ code, options }: GcsError, api: Api): Answer {
  const [status, message, reason, jsonMessage = message]: Row = ERRORS[code];
  const headers = options.headers ?? {};
  if (api === 'xml') return xmlError(status, code, message, options.details, headers);
  return jsonError(status, options.details ?? jsonMessage, { reason, ...options }, headers);
}

/** An error that a fault made up; its code need not be one of ours. `InternalError` of another status: that one's. */
export function madeUpAnswer(status: number, code: string, api: Api): Answer {
  const named = code === 'InternalError' ? (USUAL[status] ?? code) : code;
  const [, message, reason, jsonMessage = message]: Row = rowOf(named) ?? [status, named, named];
  return api === 'xml' ? xmlError(status, named, message) : jsonError(status, jsonMessage, { reason });
}

const USUAL: Readonly<Record<number, GcsErrorCode>> = {
  401: 'AuthenticationRequired',
  403: 'AccessDenied',
  404: 'NoSuchKey',
  412: 'PreconditionFailed',
  429: 'SlowDown',
  503: 'ServiceUnavailable',
};

function rowOf(code: string): Row | undefined {
  const table: Readonly<Record<string, Row>> = ERRORS;
  return Object.hasOwn(table, code) ? table[code] : undefined;
}

function xmlError(
  status: number,
  code: string,
  message: string,
  details?: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const body = element('Error', elements({ Code: code, Message: message, Details: details }));
  return xml(status, body, headers);
}

export function xml(status: number, root: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/xml; charset=UTF-8', ...headers },
    body: Buffer.from(`<?xml version='1.0' encoding='UTF-8'?>${root}`),
  };
}

function jsonError(
  status: number,
  message: string,
  { reason = 'invalid', location, model }: ErrorOptions,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const [locationType, name] = location ?? [];
  const first = { message, domain: 'global', reason, ...(location && { locationType, location: name }) };
  return json(status, { error: { code: status, message, errors: [first], ...model } }, { ...headers });
}
