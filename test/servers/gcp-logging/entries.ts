/**
 * What `entries:write` takes, in protobuf's JSON. Google takes the names in snake case and enumerations as numbers, too;
 * here, there is one way to write a thing.
 * https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry
 * https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/entries/write
 */

import { StatusError } from '../google/status.ts';

export interface MonitoredResource {
  readonly type: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface LogEntry {
  readonly logName?: string;
  readonly resource?: MonitoredResource;
  readonly timestamp?: string;
  readonly severity?: string;
  readonly insertId?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly trace?: string;
  readonly textPayload?: string;
  readonly jsonPayload?: Readonly<Record<string, unknown>>;
}

export interface WriteRequest {
  readonly logName?: string;
  readonly resource?: MonitoredResource;
  readonly labels?: Readonly<Record<string, string>>;
  readonly entries?: readonly LogEntry[];
  readonly partialSuccess?: boolean;
  readonly dryRun?: boolean;
}

/** Throws at a value that is not of its type. */
type Check = (value: unknown, path: string) => void;

interface Fields {
  readonly [name: string]: Check;
}

const SEVERITIES = [
  'DEFAULT',
  'DEBUG',
  'INFO',
  'NOTICE',
  'WARNING',
  'ERROR',
  'CRITICAL',
  'ALERT',
  'EMERGENCY',
];
const TIMESTAMP = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
const DURATION = /^-?\d+(\.\d{1,9})?s$/;

const text = plain('string', 'TYPE_STRING');
const flag = plain('boolean', 'TYPE_BOOL');
const severity: Check = (value, path) => {
  if (!SEVERITIES.includes(String(value)))
    throw wrong(path, 'type.googleapis.com/google.logging.type.LogSeverity', value);
};
const timestamp: Check = (value, path) => {
  if (typeof value !== 'string' || !TIMESTAMP.test(value) || Number.isNaN(Date.parse(value)))
    throw wrong(path, 'type.googleapis.com/google.protobuf.Timestamp', value);
};
const duration: Check = (value, path) => {
  if (typeof value !== 'string' || !DURATION.test(value))
    throw wrong(path, 'type.googleapis.com/google.protobuf.Duration', value);
};
/** In a string, or as a number that has no fraction. */
const int64: Check = (value, path) => {
  if (!/^-?\d{1,19}$/.test(String(value))) throw wrong(path, 'TYPE_INT64', value);
};
const int32: Check = (value, path) => {
  if (!Number.isInteger(value)) throw wrong(path, 'TYPE_INT32', value);
};
const labels: Check = (value, path) => {
  for (const [name, label] of entriesOf(value, path)) text(label, `${path}[${name}]`);
};
const struct: Check = (value, path) => void entriesOf(value, path);

const RESOURCE = message({ type: text, labels });

const ENTRY: Fields = {
  logName: text,
  resource: RESOURCE,
  timestamp,
  receiveTimestamp: timestamp,
  severity,
  insertId: text,
  labels,
  trace: text,
  spanId: text,
  traceSampled: flag,
  textPayload: text,
  jsonPayload: struct,
  protoPayload: struct,
  httpRequest: message({
    requestMethod: text,
    requestUrl: text,
    requestSize: int64,
    status: int32,
    responseSize: int64,
    userAgent: text,
    remoteIp: text,
    serverIp: text,
    referer: text,
    latency: duration,
    cacheLookup: flag,
    cacheHit: flag,
    cacheValidatedWithOriginServer: flag,
    cacheFillBytes: int64,
    protocol: text,
  }),
  operation: message({ id: text, producer: text, first: flag, last: flag }),
  sourceLocation: message({ file: text, line: int64, function: text }),
  split: message({ uid: text, index: int32, totalSplits: int32 }),
};

const REQUEST = message({
  logName: text,
  resource: RESOURCE,
  labels,
  entries: list(message(ENTRY)),
  partialSuccess: flag,
  dryRun: flag,
});

/** Throws INVALID_ARGUMENT for what is not a WriteLogEntriesRequest. It ignores what the entries say. */
export function parseRequest(body: Buffer): WriteRequest {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw invalid('Invalid JSON payload received. Unexpected token.');
  }
  REQUEST(value, '');
  return value as WriteRequest;
}

export function invalid(text: string): StatusError {
  return new StatusError('INVALID_ARGUMENT', text);
}

function message(fields: Fields): Check {
  return (value, path) => {
    for (const [name, content] of entriesOf(value, path)) {
      const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
      const at = path === '' ? '' : ` at '${path}'`;
      if (check === undefined)
        throw invalid(`Invalid JSON payload received. Unknown name "${name}"${at}: Cannot find field.`);
      check(content, path === '' ? name : `${path}.${name}`);
    }
  };
}

function list(item: Check): Check {
  return (value, path) => {
    if (!Array.isArray(value)) throw wrong(path, 'TYPE_MESSAGE', value);
    for (const [at, one] of value.entries()) item(one, `${path}[${at}]`);
  };
}

function plain(type: 'string' | 'boolean', name: string): Check {
  return (value, path) => {
    if (typeof value !== type) throw wrong(path, name, value);
  };
}

function entriesOf(value: unknown, path: string): [string, unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw wrong(path, 'TYPE_MESSAGE', value);
}

function wrong(path: string, type: string, value: unknown): StatusError {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return invalid(`Invalid value at '${path}' (${type}), ${shown}`);
}
