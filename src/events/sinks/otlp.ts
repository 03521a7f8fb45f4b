/**
 * Log records as OTLP over HTTP, in JSON. https://opentelemetry.io/docs/specs/otlp/#otlphttp
 * Names are OpenTelemetry's where it has one: https://opentelemetry.io/docs/specs/semconv/registry/attributes/
 */
import { EnvsealError } from '../../errors.ts';
import { VERSION } from '../../version.ts';
import { type AuditEvent, lastWord, type Workload } from '../event.ts';
import { SEVERITIES } from '../severity.ts';
import type { MakeSink, SinkContext } from '../sink.ts';
import { type Answer, isSet, post } from './http-post.ts';
import { httpUrl, readQuery, sinkName } from './sink-uri.ts';

const HEADERS = 'ENVSEAL_OTLP_HEADERS';

export const otlp: MakeSink = (url, context) => {
  const query = readQuery(url, ['path']);
  const target = httpUrl(url, query.path ?? '/v1/logs');
  context.http.refuseInsecure(target);
  const headers = { ...readHeaders(context), 'content-type': 'application/json' };
  return {
    name: sinkName(url),
    async deliver(events, deadline) {
      const body = JSON.stringify(logsRequest(events));
      const request = { url: target, headers: () => headers, body, secret: HEADERS, explain };
      await post(request, context, deadline);
    },
  };
};

/** `NAME=VALUE,…`, values percent-encoded. https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables */
function readHeaders(context: SinkContext): Record<string, string> {
  if (!isSet(HEADERS, context)) return {};
  const headers: Record<string, string> = Object.create(null);
  for (const pair of context.secret(HEADERS).reveal().split(',')) {
    if (pair.trim() === '') continue;
    const [, name = '', text = ''] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    const value = tryDecode(text);
    if (name === '' || value === undefined || !/^[\x20-\x7e]+$/.test(value)) {
      throw new EnvsealError('configuration', `${HEADERS} is not a valid list of headers`, {
        hint: `${HEADERS}=NAME=VALUE,NAME=VALUE, with %2C for a comma in a value`,
      });
    }
    headers[name.toLowerCase()] = value;
  }
  return headers;
}

function tryDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** https://opentelemetry.io/docs/specs/otlp/#partial-success-1 */
function explain({ status, body }: Answer): EnvsealError | undefined {
  if (status < 200 || status >= 300) return undefined;
  if (body === undefined) {
    return new EnvsealError('undelivered', 'it does not respond like an OTLP receiver', {
      hint: 'check host, port and ?path= in --event-sink, and that the receiver speaks OTLP/HTTP',
    });
  }
  const { rejectedLogRecords } = (body.partialSuccess ?? {}) as { rejectedLogRecords?: string | number };
  if (Number(rejectedLogRecords ?? 0) === 0) return undefined;
  return new EnvsealError('undelivered', 'the receiver rejected the log record', {
    hint: 'look at the log of the receiver',
  });
}

type AnyValue = Readonly<Record<string, unknown>>;
type Attributes = { readonly key: string; readonly value: AnyValue }[];

/** An event is of one run, and all events of a run are of one place. */
function logsRequest(events: readonly AuditEvent[]): object {
  const place = events[0]?.data.place;
  const scope = { name: 'envseal', version: VERSION };
  return {
    resourceLogs: [
      {
        resource: { attributes: attributes(resourceFields(place)) },
        scopeLogs: [{ scope, logRecords: events.map(toLogRecord) }],
      },
    ],
  };
}

function resourceFields(place: Workload | undefined): Record<string, unknown> {
  // A digest or a tag is not part of the name.
  const [, image, tag] = /^(.*?)(?::([\w.-]+))?(?:@.*)?$/.exec(place?.image ?? '') ?? [];
  return {
    'service.name': 'envseal',
    'service.version': VERSION,
    'host.name': place?.host,
    'container.id': place?.containerId,
    'container.image.name': image || undefined,
    'container.image.tags': tag === undefined ? undefined : [tag],
    'k8s.pod.name': place?.pod,
    'k8s.namespace.name': place?.namespace,
    'k8s.node.name': place?.node,
  };
}

function toLogRecord(event: AuditEvent): object {
  const { place: _, ...data } = event.data;
  const { outcome, reason } = data;
  const word = lastWord(event.type);
  const what = word === outcome ? outcome : `${word} ${outcome}`;
  const nanoseconds = `${Date.parse(event.time)}000000`;
  return {
    timeUnixNano: nanoseconds,
    observedTimeUnixNano: nanoseconds,
    severityNumber: SEVERITIES[outcome].otlp,
    severityText: SEVERITIES[outcome].google,
    eventName: event.type,
    body: { stringValue: `${what}: ${event.subject} (${reason})` },
    attributes: attributes({
      'cloudevents.event_id': event.id,
      'cloudevents.event_source': event.source,
      'cloudevents.event_spec_version': event.specversion,
      'cloudevents.event_subject': event.subject,
      'cloudevents.event_type': event.type,
      ...flatten('envseal', data),
    }),
  };
}

/** `{ variables: { count } }` → `envseal.variables.count`. */
function flatten(
  prefix: string,
  fields: object,
  into: Record<string, unknown> = {},
): Record<string, unknown> {
  for (const [name, value] of Object.entries(fields)) {
    const key = `${prefix}.${snakeCase(name)}`;
    const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isGroup) flatten(key, value, into);
    else into[key] = value;
  }
  return into;
}

function snakeCase(name: string): string {
  let snake = '';
  for (const letter of name) snake += letter >= 'A' && letter <= 'Z' ? `_${letter.toLowerCase()}` : letter;
  return snake;
}

/** What is not known is left out. */
function attributes(fields: Readonly<Record<string, unknown>>): Attributes {
  const known: Attributes = [];
  for (const [key, value] of Object.entries(fields))
    if (value !== null && value !== undefined) known.push({ key, value: toAnyValue(value) });
  return known;
}

/** 64-bit integers are strings in protobuf's JSON. https://protobuf.dev/programming-guides/json/ */
function toAnyValue(value: unknown): AnyValue {
  if (Array.isArray(value)) return { arrayValue: { values: value.map(toAnyValue) } };
  if (typeof value !== 'number') return { stringValue: String(value) };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
