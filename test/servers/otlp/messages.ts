/**
 * Logs in OTLP's own JSON: what it allows and nothing else. Where the mapping lets a receiver take several forms, only
 * the one that a sender is to write is taken: 64-bit numbers are strings, enumerations numbers, bytes base64, trace and
 * span ids hexadecimal, names in lowerCamelCase; and a name that there is not is refused, though a receiver in
 * production must ignore it.
 * https://github.com/open-telemetry/opentelemetry-proto/blob/main/docs/specification.md#json-protobuf-encoding
 * https://github.com/open-telemetry/opentelemetry-proto/blob/v1.7.0/opentelemetry/proto/logs/v1/logs.proto
 */

/** Undefined for what is right, otherwise where and what is wrong. */
type Check = (value: unknown, path: string) => string | undefined;

interface Fields {
  readonly [name: string]: Check;
}

const MAX_UINT32 = 0xffff_ffff;
const MAX_SEVERITY = 24;

const text: Check = (value, path) => (typeof value === 'string' ? undefined : `${path}: not a string`);
const flag: Check = (value, path) => (typeof value === 'boolean' ? undefined : `${path}: not a boolean`);
const uint32 = wholeNumber(MAX_UINT32);
const severity = wholeNumber(MAX_SEVERITY);
const fixed64 = decimal(/^(0|[1-9]\d{0,19})$/, 0n, 2n ** 64n - 1n);
const int64 = decimal(/^(0|-?[1-9]\d{0,18})$/, -(2n ** 63n), 2n ** 63n - 1n);
const base64 = matching(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, 'base64');
const double: Check = (value, path) =>
  typeof value === 'number' || ['NaN', 'Infinity', '-Infinity'].includes(String(value))
    ? undefined
    : `${path}: not a double`;

const ANY_VALUE: Fields = {
  stringValue: text,
  boolValue: flag,
  intValue: int64,
  doubleValue: double,
  bytesValue: base64,
  arrayValue: message({ values: (value, path) => list(anyValue)(value, path) }),
  kvlistValue: message({ values: (value, path) => attributes(value, path) }),
};

function anyValue(value: unknown, path: string): string | undefined {
  const problem = message(ANY_VALUE)(value, path);
  if (problem !== undefined) return problem;
  return Object.keys(value as object).length > 1 ? `${path}: more than one value` : undefined;
}

/** Keys are not empty, and unique: https://opentelemetry.io/docs/specs/otel/common/#attribute-collections */
function attributes(value: unknown, path: string): string | undefined {
  const problem = list(message({ key: text, value: anyValue }))(value, path);
  if (problem !== undefined) return problem;
  const keys = (value as { key?: string }[]).map(({ key = '' }) => key);
  if (keys.includes('')) return `${path}: a key is empty`;
  return new Set(keys).size === keys.length ? undefined : `${path}: a key comes twice`;
}

const LOG_RECORD: Fields = {
  timeUnixNano: fixed64,
  observedTimeUnixNano: fixed64,
  severityNumber: severity,
  severityText: text,
  body: anyValue,
  attributes,
  droppedAttributesCount: uint32,
  flags: uint32,
  traceId: matching(/^(?!0{32})[0-9a-fA-F]{32}$/, '16 bytes in hexadecimal'),
  spanId: matching(/^(?!0{16})[0-9a-fA-F]{16}$/, '8 bytes in hexadecimal'),
  eventName: text,
};

const REQUEST = message({
  resourceLogs: list(
    message({
      resource: message({
        attributes,
        droppedAttributesCount: uint32,
        entityRefs: list(
          message({ schemaUrl: text, type: text, idKeys: list(text), descriptionKeys: list(text) }),
        ),
      }),
      scopeLogs: list(
        message({
          scope: message({ name: text, version: text, attributes, droppedAttributesCount: uint32 }),
          logRecords: list(message(LOG_RECORD)),
          schemaUrl: text,
        }),
      ),
      schemaUrl: text,
    }),
  ),
});

export interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export interface LogRecord {
  readonly timeUnixNano?: string;
  readonly observedTimeUnixNano?: string;
  readonly severityNumber?: number;
  readonly severityText?: string;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly attributes?: readonly KeyValue[];
  readonly flags?: number;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly eventName?: string;
}

export interface ExportLogsRequest {
  readonly resourceLogs?: readonly {
    readonly resource?: { readonly attributes?: readonly KeyValue[] };
    readonly schemaUrl?: string;
    readonly scopeLogs?: readonly {
      readonly scope?: { readonly name?: string; readonly version?: string };
      readonly logRecords?: readonly LogRecord[];
    }[];
  }[];
}

/** Undefined for an ExportLogsServiceRequest. */
export function problemOfRequest(value: unknown): string | undefined {
  return REQUEST(value, '$');
}

export function recordsOf(request: ExportLogsRequest): LogRecord[] {
  return (request.resourceLogs ?? [])
    .flatMap(({ scopeLogs = [] }) => scopeLogs)
    .flatMap(({ logRecords = [] }) => logRecords);
}

function message(fields: Fields): Check {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${path}: not an object`;
    for (const [name, content] of Object.entries(value)) {
      const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
      const problem =
        check === undefined ? `${path}.${name}: no such field` : check(content, `${path}.${name}`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

function list(item: Check): Check {
  return (value, path) => {
    if (!Array.isArray(value)) return `${path}: not an array`;
    return value.map((one, at) => item(one, `${path}[${at}]`)).find((problem) => problem !== undefined);
  };
}

function wholeNumber(largest: number): Check {
  return (value, path) =>
    Number.isInteger(value) && Number(value) >= 0 && Number(value) <= largest
      ? undefined
      : `${path}: not a number from 0 to ${largest}`;
}

function decimal(pattern: RegExp, least: bigint, most: bigint): Check {
  return (value, path) => {
    const isNumber = typeof value === 'string' && pattern.test(value);
    const isInRange = isNumber && BigInt(value) >= least && BigInt(value) <= most;
    return isInRange ? undefined : `${path}: not a 64-bit number in a string`;
  };
}

function matching(pattern: RegExp, what: string): Check {
  return (value, path) =>
    typeof value === 'string' && pattern.test(value) ? undefined : `${path}: not ${what}`;
}
