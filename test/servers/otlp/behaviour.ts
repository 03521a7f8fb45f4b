/** OTLP over HTTP: https://github.com/open-telemetry/opentelemetry-proto/blob/main/docs/specification.md#otlphttp */

import { gunzipSync } from 'node:zlib';
import { statusOf } from '../google/status.ts';
import type { Clock } from '../http/clock.ts';
import { type Answer, json, type Received, text } from '../http/exchange.ts';
import type { Behaviour } from '../http/service.ts';
import type { Inbox } from '../inbox.ts';
import { type ExportLogsRequest, type LogRecord, problemOfRequest, recordsOf } from './messages.ts';

export interface ReceivedLogs {
  readonly headers: Readonly<Record<string, string>>;
  /** As it was sent, or what was compressed. */
  readonly body: string;
  readonly request: ExportLogsRequest;
  /** Those of all resources and scopes. */
  readonly records: readonly LogRecord[];
}

export interface PartialSuccess {
  readonly rejectedLogRecords: number;
  readonly errorMessage: string;
}

export interface OtlpState {
  readonly clock: Clock;
  readonly inbox: Inbox<ReceivedLogs>;
  readonly refused: { readonly status: number; readonly reason: string; readonly body: string }[];
  /** Lower-case names to values that a request must have. */
  required: Readonly<Record<string, string>>;
  partialSuccess: PartialSuccess | null;
}

const PATH = '/v1/logs';

/** `state` is asked for on every request, because a reset replaces it. */
export function otlpBehaviour(state: () => OtlpState): Behaviour {
  return {
    subject: ({ path }) => path,
    answer: (request) => respond(request, state()),
    refuse: (_, status, code) => failure(status, code),
  };
}

function respond(request: Received, state: OtlpState): Answer {
  const { method, path, headers } = request;
  if (path !== PATH) return text(404, '404 page not found\n');
  if (method !== 'POST') return text(405, '405 method not allowed, supported: [POST]');
  const refuse = (status: number, reason: string, body = ''): Answer => {
    state.refused.push({ status, reason, body });
    return failure(status, reason);
  };
  const missing = Object.entries(state.required).find(([name, value]) => headers[name] !== value)?.[0];
  if (missing !== undefined) return refuse(401, `${missing} is missing or wrong`);
  const type = (headers['content-type'] ?? '').replace(/;.*/s, '').trim().toLowerCase();
  if (type !== 'application/json')
    return refuse(415, 'unsupported media type, supported: [application/json]');
  const body = decode(request);
  if (body === undefined) return refuse(400, 'the body is not UTF-8, or not compressed as it says');
  return take(body, headers, state, refuse);
}

function take(
  body: string,
  headers: Received['headers'],
  state: OtlpState,
  refuse: (status: number, reason: string, body: string) => Answer,
): Answer {
  let request: unknown;
  try {
    request = JSON.parse(body);
  } catch {
    return refuse(400, 'the body is not JSON', body);
  }
  const problem = problemOfRequest(request);
  if (problem !== undefined) return refuse(400, problem, body);
  const records = recordsOf(request as ExportLogsRequest);
  state.inbox.put({ headers, body, request: request as ExportLogsRequest, records });
  if (state.partialSuccess === null) return json(200, {});
  const { rejectedLogRecords, errorMessage } = state.partialSuccess;
  return json(200, { partialSuccess: { rejectedLogRecords: String(rejectedLogRecords), errorMessage } });
}

function decode({ headers, body }: Received): string | undefined {
  try {
    const bytes = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A `google.rpc.Status`, whose code is a number here. */
function failure(status: number, message: string): Answer {
  return json(status, { code: statusOf(status, message).grpc, message });
}
