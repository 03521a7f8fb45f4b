/**
 * Errors as every Google Cloud API writes them: a `google.rpc.Status`, in JSON over HTTP and in a trailer over gRPC.
 * https://docs.cloud.google.com/apis/design/errors
 */

import { type Answer, json } from '../http/exchange.ts';
import { bytesField, varintField } from './protobuf.ts';

/** https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const CODES = {
  INVALID_ARGUMENT: { http: 400, grpc: 3 },
  FAILED_PRECONDITION: { http: 400, grpc: 9 },
  UNAUTHENTICATED: { http: 401, grpc: 16 },
  PERMISSION_DENIED: { http: 403, grpc: 7 },
  NOT_FOUND: { http: 404, grpc: 5 },
  ABORTED: { http: 409, grpc: 10 },
  RESOURCE_EXHAUSTED: { http: 429, grpc: 8 },
  INTERNAL: { http: 500, grpc: 13 },
  UNIMPLEMENTED: { http: 501, grpc: 12 },
  UNAVAILABLE: { http: 503, grpc: 14 },
  DEADLINE_EXCEEDED: { http: 504, grpc: 4 },
} as const;

export type Code = keyof typeof CODES;

export interface ErrorInfo {
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface Violation {
  readonly type: string;
  readonly subject?: string;
  readonly description?: string;
}

export type Detail = ErrorInfo | { readonly violations: readonly Violation[] };

const TYPE_URL = 'type.googleapis.com/google.rpc.';

export class StatusError extends Error {
  readonly code: Code;
  readonly details: readonly Detail[];

  constructor(code: Code, message: string, details: readonly Detail[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }

  get http(): number {
    return CODES[this.code].http;
  }

  get grpc(): number {
    return CODES[this.code].grpc;
  }

  /** What `grpc-status-details-bin` carries: https://grpc.io/docs/guides/error/#richer-error-model */
  toProtobuf(): Buffer {
    const details = this.details.map((detail) => {
      const type = bytesField(1, TYPE_URL + nameOf(detail));
      return bytesField(3, Buffer.concat([type, bytesField(2, encode(detail))]));
    });
    return Buffer.concat([varintField(1, this.grpc), bytesField(2, this.message), ...details]);
  }
}

/** Spread over lines, as Google's are unless a client asks for `$prettyPrint=0`. */
export function errorAnswer(error: StatusError): Answer {
  const details = error.details.map((detail) => ({ '@type': TYPE_URL + nameOf(detail), ...detail }));
  const status = { code: error.http, message: error.message, status: error.code };
  const body = { error: { ...status, ...(details.length > 0 && { details }) } };
  const answer = json(error.http, body, { 'content-type': 'application/json; charset=UTF-8' });
  return { ...answer, body: Buffer.from(`${JSON.stringify(body, null, 2)}\n`) };
}

/** The error that goes with an HTTP status when nothing else is known about it. */
export function statusOf(http: number, message: string): StatusError {
  const [code = http < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL'] = (Object.keys(CODES) as Code[]).filter(
    (name) => CODES[name].http === http,
  );
  return new StatusError(code, message);
}

function nameOf(detail: Detail): string {
  return 'violations' in detail ? 'PreconditionFailure' : 'ErrorInfo';
}

/** https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto */
function encode(detail: Detail): Buffer {
  if ('violations' in detail)
    return Buffer.concat(
      detail.violations.map(({ type, subject = '', description = '' }) =>
        bytesField(
          1,
          Buffer.concat([type, subject, description].map((text, at) => bytesField(at + 1, text))),
        ),
      ),
    );
  const metadata = Object.entries(detail.metadata).map(([name, value]) =>
    bytesField(3, Buffer.concat([bytesField(1, name), bytesField(2, value)])),
  );
  return Buffer.concat([bytesField(1, detail.reason), bytesField(2, detail.domain), ...metadata]);
}
