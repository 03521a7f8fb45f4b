/**
 * The events of one request: JSON objects one after the other, with or without white space between them.
 * https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/format-events-for-http-event-collector
 */

import { HecError } from './errors.ts';

export interface Envelope {
  readonly time?: number | string;
  readonly host?: string;
  readonly source?: string;
  readonly sourcetype?: string;
  readonly index?: string;
  readonly event: unknown;
  readonly fields?: Readonly<Record<string, unknown>>;
}

export interface SentEvent {
  /** The object as it was sent. */
  readonly source: string;
  readonly envelope: Envelope;
}

const TEXTS = ['host', 'source', 'sourcetype', 'index'];
const KEYS = [...TEXTS, 'time', 'event', 'fields'];
/** Seconds since 1970, with or without a fraction: an exponent is error 15. */
const EPOCH = /^\d+(\.\d+)?$/;

/** Throws at the first that is not valid. */
export function parseEvents(body: Buffer): SentEvent[] {
  const text = decode(body);
  if (text.trim() === '') throw new HecError(5);
  const events: SentEvent[] = [];
  for (let at = skipSpace(text, 0); at < text.length; ) {
    const number = events.length;
    const end = endOfObject(text, at);
    if (end === undefined) throw new HecError(6, number);
    const source = text.slice(at, end);
    events.push({ source, envelope: parseEnvelope(source, number) });
    at = skipSpace(text, end);
  }
  return events;
}

function decode(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw new HecError(6, 0);
  }
}

function skipSpace(text: string, from: number): number {
  const rest = /\S/.exec(text.slice(from));
  return rest === null ? text.length : from + rest.index;
}

/** After the brace that closes the one at `from`; undefined when there is none. */
function endOfObject(text: string, from: number): number | undefined {
  if (text[from] !== '{') return undefined;
  const token = /"(?:[^"\\]|\\.)*"|[{}]/gs;
  token.lastIndex = from;
  let depth = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    if (match[0] === '{') depth += 1;
    if (match[0] === '}') depth -= 1;
    if (depth === 0) return token.lastIndex;
  }
  return undefined;
}

function parseEnvelope(source: string, number: number): Envelope {
  const { envelope, timeSource } = parseJson(source, number);
  // Splunk ignores what it does not know; here it would hide a misspelt name.
  const isWrong = (name: string) =>
    !KEYS.includes(name) || (TEXTS.includes(name) && typeof envelope[name] !== 'string');
  if (Object.keys(envelope).some(isWrong)) throw new HecError(6, number);
  if (!('event' in envelope)) throw new HecError(12, number);
  if (isBlank(envelope.event)) throw new HecError(13, number);
  if ('time' in envelope && !EPOCH.test(timeSource)) throw new HecError(15, number);
  if ('fields' in envelope && !isFlat(envelope.fields)) throw new HecError(15, number);
  return envelope as unknown as Envelope;
}

function parseJson(source: string, number: number) {
  let timeSource = '';
  try {
    const envelope: Record<string, unknown> = JSON.parse(source);
    if ('time' in envelope) timeSource = typeof envelope.time === 'string' ? envelope.time : timeOf(source);
    return { envelope, timeSource };
  } catch {
    throw new HecError(6, number);
  }
}

/** The number as it was written: of the envelope itself, and not of the event in it. */
function timeOf(source: string): string {
  const written = new WeakMap<object, string>();
  const note = function (this: object, key: string, value: unknown, context?: { source?: string }) {
    if (key === 'time' && context?.source !== undefined) written.set(this, context.source);
    return value;
  };
  return written.get(JSON.parse(source, note)) ?? '';
}

function isBlank(event: unknown): boolean {
  if (typeof event === 'string') return event.trim() === '';
  return event === null || (typeof event === 'object' && Object.keys(event).length === 0);
}

/** An object whose values are not objects: https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/automate-indexed-field-extractions-with-http-event-collector */
function isFlat(fields: unknown): boolean {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return false;
  const values = Object.values(fields).flat();
  return values.every((value) => ['string', 'number', 'boolean'].includes(typeof value));
}
