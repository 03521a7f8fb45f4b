/** `entries:write`: https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/entries/write */

import { CLOUD_PLATFORM_SCOPE, SERVICE_ACCOUNT } from '../google/access-tokens.ts';
import { identify } from '../google/bearer.ts';
import { PROJECT, PROJECT_NUMBER } from '../google/defaults.ts';
import { faultError, type Method, permissionDenied } from '../google/refusals.ts';
import { errorAnswer, StatusError } from '../google/status.ts';
import type { Clock } from '../http/clock.ts';
import { type Answer, json, type Received } from '../http/exchange.ts';
import type { Behaviour } from '../http/service.ts';
import type { Inbox } from '../inbox.ts';
import { invalid, type LogEntry, parseRequest, type WriteRequest } from './entries.ts';
import { type CompleteEntry, checkEntry, projectOf } from './rules.ts';

/** An entry as it is written, with what the request says for all of its entries. */
export interface WrittenEntry extends CompleteEntry {
  readonly principal: string;
  /** There was one with the same log, time and insertId before: Logging shows one of them. */
  readonly duplicate: boolean;
}

export interface GcpLoggingState {
  readonly clock: Clock;
  /** Project to principal to permissions. */
  readonly projects: Map<string, Map<string, readonly string[]>>;
  readonly inbox: Inbox<WrittenEntry>;
  /** Bodies that were taken, wholly or in part. */
  readonly bodies: string[];
}

const PATH = '/v2/entries:write';
const SERVICE = 'logging.googleapis.com';
const METHOD: Method = { service: SERVICE, method: 'google.logging.v2.LoggingServiceV2.WriteLogEntries' };
const PERMISSION = 'logging.logEntries.create';
const SCOPE_PREFIX = 'https://www.googleapis.com/auth/';
const SCOPES = [CLOUD_PLATFORM_SCOPE, `${SCOPE_PREFIX}logging.admin`, `${SCOPE_PREFIX}logging.write`];
const MAX_BYTES = 10 * 1024 * 1024;
const HEADERS = { 'content-type': 'application/json; charset=UTF-8' };

export function freshProjects(): GcpLoggingState['projects'] {
  return new Map([[PROJECT, new Map([[SERVICE_ACCOUNT, [PERMISSION]]])]]);
}

/** `state` is asked for on every request, because a reset replaces it. */
export function gcpLoggingBehaviour(state: () => GcpLoggingState): Behaviour {
  return {
    subject: ({ path }) => path,
    answer: (request) => {
      try {
        return respond(request, state());
      } catch (error) {
        if (error instanceof StatusError) return errorAnswer(error);
        throw error;
      }
    },
    refuse: (_, status, code) => errorAnswer(made(status, code)),
  };
}

function made(status: number, code: string): StatusError {
  if (code !== 'RATE_LIMIT_EXCEEDED') return faultError(METHOD, status, code);
  const message = `Quota exceeded for quota metric 'Log ingestion requests' and limit 'Log ingestion requests per minute' of service '${SERVICE}' for consumer 'project_number:${PROJECT_NUMBER}'.`;
  const metadata = { service: SERVICE, consumer: `projects/${PROJECT_NUMBER}` };
  return new StatusError('RESOURCE_EXHAUSTED', message, [
    { reason: code, domain: 'googleapis.com', metadata },
  ]);
}

function respond(request: Received, state: GcpLoggingState): Answer {
  const { method, headers, body } = request;
  if (method !== 'POST' || decodeURIComponent(request.path) !== PATH)
    return { status: 404, headers: { 'content-type': 'text/html; charset=UTF-8' }, body: Buffer.alloc(0) };
  const { principal } = identify(headers.authorization, METHOD, SCOPES, state.clock.now());
  if (body.length > MAX_BYTES) throw invalid(`Request payload size exceeds the limit: ${MAX_BYTES} bytes.`);
  const write = parseRequest(body);
  return writeEntries(write, principal, body.toString(), state);
}

function writeEntries(write: WriteRequest, principal: string, body: string, state: GcpLoggingState): Answer {
  const { entries = [], partialSuccess = false, dryRun = false } = write;
  if (entries.length === 0) throw invalid('No log entries were given');
  const results = entries.map((entry) => examine(write, entry, principal, state));
  const good = results.flatMap((result) => (result instanceof StatusError ? [] : [result]));
  const failure = results.find((result) => result instanceof StatusError);
  if (failure !== undefined && (!partialSuccess || good.length === 0)) throw failure;
  if (!dryRun) {
    state.bodies.push(body);
    for (const entry of good) state.inbox.put(written(entry, principal, state));
  }
  return failure === undefined ? json(200, {}, HEADERS) : partialFailure(failure, results);
}

/** Complete, or why it cannot be written. */
function examine(
  write: WriteRequest,
  entry: LogEntry,
  principal: string,
  { projects, clock }: GcpLoggingState,
): CompleteEntry | StatusError {
  try {
    const { logName = write.logName, resource = write.resource } = entry;
    if (logName === undefined) throw invalid('Log entry has no log name');
    if (resource === undefined) throw invalid('Log entry has no monitored resource');
    const project = projectOf(logName);
    const allowed = projects.get(project);
    if (allowed === undefined) throw new StatusError('NOT_FOUND', `Project does not exist: ${project}`);
    if (!allowed.get(principal)?.includes(PERMISSION))
      throw permissionDenied(SERVICE, PERMISSION, `projects/${project}`);
    const complete = { ...entry, logName, resource, labels: { ...write.labels, ...entry.labels } };
    checkEntry(complete, clock.now());
    return complete;
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
}

function written(entry: CompleteEntry, principal: string, { inbox }: GcpLoggingState): WrittenEntry {
  const isSame = (other: WrittenEntry) =>
    entry.insertId !== undefined &&
    other.insertId === entry.insertId &&
    other.logName === entry.logName &&
    other.timestamp === entry.timestamp;
  return { ...entry, principal, duplicate: inbox.list().some(isSame) };
}

/** https://docs.cloud.google.com/logging/docs/reference/v2/rpc/google.logging.v2#google.logging.v2.WriteLogEntriesPartialErrors */
function partialFailure(failure: StatusError, results: readonly (CompleteEntry | StatusError)[]): Answer {
  const logEntryErrors = Object.fromEntries(
    results.flatMap((result, at) =>
      result instanceof StatusError ? [[at, { code: result.grpc, message: result.message }]] : [],
    ),
  );
  const details = [
    { '@type': 'type.googleapis.com/google.logging.v2.WriteLogEntriesPartialErrors', logEntryErrors },
  ];
  const { http: code, message, code: status } = failure;
  return json(code, { error: { code, message, status, details } }, HEADERS);
}
