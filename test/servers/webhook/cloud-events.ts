/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md */

/** The media type of one event, and of an array of them, with what the body must then be. */
const MEDIA_TYPES: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  'application/cloudevents+json': problemOfEvent,
  'application/cloudevents-batch+json': problemOfBatch,
};

const REQUIRED = ['id', 'source', 'type'];
/** Lower-case letters and digits, and nothing else: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#naming-conventions */
const ATTRIBUTE = /^[a-z0-9]+$/;
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

export function isMediaType(contentType: string | undefined): boolean {
  return essenceOf(contentType) in MEDIA_TYPES;
}

/** Undefined for what its media type promises. */
export function problemOf(contentType: string | undefined, body: Buffer): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    return 'the body is not JSON in UTF-8';
  }
  return MEDIA_TYPES[essenceOf(contentType)]?.(value);
}

function essenceOf(contentType = ''): string {
  return contentType.replace(/;.*/s, '').trim().toLowerCase();
}

function problemOfBatch(value: unknown): string | undefined {
  if (!Array.isArray(value)) return 'a batch is an array';
  return value.map(problemOfEvent).find((problem) => problem !== undefined);
}

function problemOfEvent(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'an event is an object';
  const event = value as Readonly<Record<string, unknown>>;
  if (event.specversion !== '1.0') return 'specversion is not 1.0';
  const missing = REQUIRED.find((name) => typeof event[name] !== 'string' || event[name] === '');
  if (missing !== undefined) return `${missing} is missing`;
  const odd = Object.keys(event).find((name) => name !== 'data_base64' && !ATTRIBUTE.test(name));
  if (odd !== undefined) return `${odd} is no attribute's name`;
  if ('time' in event && !(typeof event.time === 'string' && DATE.test(event.time)))
    return 'time is not of RFC 3339';
  if ('data' in event && 'data_base64' in event) return 'data and data_base64 exclude each other';
  return undefined;
}
