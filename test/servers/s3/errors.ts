/** S3's errors: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */

import { document, element, elements } from '../aws/xml.ts';
import type { Answer } from '../http/exchange.ts';

const ERRORS = {
  AccessDenied: [403, 'Access Denied'],
  AuthorizationHeaderMalformed: [400, 'The authorization header is malformed.'],
  BadDigest: [400, 'The Content-MD5 you specified did not match what we received.'],
  BucketAlreadyOwnedByYou: [
    409,
    'Your previous request to create the named bucket succeeded and you already own it.',
  ],
  ExpiredToken: [400, 'The provided token has expired.'],
  IncompleteBody: [
    400,
    'You did not provide the number of bytes specified by the Content-Length HTTP header',
  ],
  InvalidAccessKeyId: [403, 'The AWS Access Key Id you provided does not exist in our records.'],
  InvalidArgument: [400, 'Invalid Argument'],
  InvalidDigest: [400, 'The Content-MD5 you specified was invalid.'],
  InvalidRange: [416, 'The requested range is not satisfiable'],
  InvalidRequest: [400, 'Invalid Request'],
  InvalidToken: [400, 'The provided token is malformed or otherwise invalid.'],
  InvalidURI: [400, "Couldn't parse the specified URI."],
  'KMS.DisabledException': [400, ''],
  'KMS.IncorrectKeyException': [400, ''],
  'KMS.InvalidCiphertextException': [400, ''],
  'KMS.KMSInvalidStateException': [400, ''],
  'KMS.NotFoundException': [400, ''],
  KeyTooLongError: [400, 'Your key is too long'],
  MethodNotAllowed: [405, 'The specified method is not allowed against this resource.'],
  MissingContentLength: [411, 'You must provide the Content-Length HTTP header.'],
  NoSuchBucket: [404, 'The specified bucket does not exist'],
  NoSuchBucketPolicy: [404, 'The bucket policy does not exist'],
  NoSuchPublicAccessBlockConfiguration: [404, 'The public access block configuration was not found'],
  NoSuchKey: [404, 'The specified key does not exist.'],
  NoSuchVersion: [404, 'The specified version does not exist.'],
  NotImplemented: [501, 'A header you provided implies functionality that is not implemented'],
  PermanentRedirect: [
    301,
    'The bucket you are attempting to access must be addressed using the specified endpoint. ' +
      'Please send all future requests to this endpoint.',
  ],
  PreconditionFailed: [412, 'At least one of the pre-conditions you specified did not hold'],
  RequestTimeTooSkewed: [403, 'The difference between the request time and the current time is too large.'],
  SignatureDoesNotMatch: [
    403,
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  ],
  TemporaryRedirect: [307, 'Please re-send this request to the specified temporary endpoint.'],
  XAmzContentSHA256Mismatch: [
    400,
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  ],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type S3ErrorCode = keyof typeof ERRORS;
type Fields = Readonly<Record<string, string | number | undefined>>;

export class S3Error extends Error {
  readonly code: S3ErrorCode;
  /** Further elements of the body. */
  readonly fields: Fields;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: S3ErrorCode,
    fields: Fields = {},
    message?: string,
    headers: Record<string, string> = {},
  ) {
    super(message ?? ERRORS[code][1]);
    this.code = code;
    this.fields = fields;
    this.headers = headers;
  }

  get status(): number {
    return ERRORS[this.code][0];
  }
}

/** The id of this response in S3's own logs. */
export interface ResponseIds {
  readonly requestId: string;
  readonly hostId: string;
}

export function errorAnswer(error: S3Error, resource: string, ids: ResponseIds): Answer {
  return errorBody(
    error.status,
    error.code,
    error.message,
    { ...error.fields, Resource: resource },
    ids,
    error.headers,
  );
}

/** An error that a fault made up; its code need not be one of ours. */
export function madeUpAnswer(status: number, code: string, resource: string, ids: ResponseIds): Answer {
  const message = MADE_UP[code] ?? code;
  return errorBody(status, code, message, { Resource: resource }, ids, {});
}

const MADE_UP: Readonly<Record<string, string>> = {
  SlowDown: 'Please reduce your request rate.',
  ServiceUnavailable: 'Service is unable to handle request.',
  InternalError: 'We encountered an internal error. Please try again.',
  RequestTimeout:
    'Your socket connection to the server was not read from or written to within the timeout period.',
  ConditionalRequestConflict:
    'The conditional request cannot succeed due to a conflicting operation against this resource.',
};

function errorBody(
  status: number,
  code: string,
  message: string,
  fields: Fields,
  { requestId, hostId }: ResponseIds,
  headers: Readonly<Record<string, string>>,
): Answer {
  const all = { Code: code, Message: message, ...fields, RequestId: requestId, HostId: hostId };
  return {
    status,
    headers: { 'content-type': 'application/xml', ...headers },
    body: document(element('Error', elements(all))),
  };
}
