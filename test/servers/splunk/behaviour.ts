/** From a request to the HTTP Event Collector's answer. */

import type { Clock } from '../http/clock.ts';
import { type Answer, json, type Received, text } from '../http/exchange.ts';
import type { Behaviour } from '../http/service.ts';
import type { Inbox } from '../inbox.ts';
import { codeAnswer, codeOf, errorAnswer, type HecCode, HecError, isHecCode } from './errors.ts';
import { type Envelope, parseEvents } from './events.ts';
import type { Acknowledgements, HecToken } from './tokens.ts';

export interface ReceivedSplunkEvent {
  readonly token: string;
  readonly channel: string | null;
  /** That of the request it came in. */
  readonly ackId: number | null;
  /** The one it named, or else the token's. */
  readonly index: string;
  readonly envelope: Envelope;
  /** The envelope as it was sent. */
  readonly body: string;
}

export interface SplunkState {
  readonly clock: Clock;
  readonly tokens: Map<string, HecToken>;
  readonly acknowledgements: Acknowledgements;
  readonly inbox: Inbox<ReceivedSplunkEvent>;
  /** Takes nothing and answers with this code and status 200. */
  lie: HecCode | null;
}

const EVENT_PATHS = ['/services/collector', '/services/collector/event', '/services/collector/event/1.0'];
const ACK_PATHS = ['/services/collector/ack', '/services/collector/ack/1.0'];
const HEALTH_PATHS = ['/services/collector/health', '/services/collector/health/1.0'];

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** `state` is asked for on every request, because a reset replaces it. */
export function splunkBehaviour(state: () => SplunkState): Behaviour {
  return {
    subject: ({ path }) => path,
    answer: (request) => {
      try {
        return respond(request, state());
      } catch (error) {
        if (error instanceof HecError) return errorAnswer(error);
        throw error;
      }
    },
    refuse: (_, status, code) => {
      const number = Number(code);
      return codeAnswer(isHecCode(number) ? number : codeOf(status), {}, status);
    },
  };
}

function respond(request: Received, state: SplunkState): Answer {
  const { method, path } = request;
  if (HEALTH_PATHS.includes(path) && method === 'GET') return codeAnswer(17);
  const isEvent = EVENT_PATHS.includes(path);
  if (!isEvent && !ACK_PATHS.includes(path)) return notFound();
  if (method !== 'POST') return text(405, 'The requested method is not allowed');
  if (state.lie !== null) return codeAnswer(state.lie, {}, 200);
  const token = authorize(request, state);
  return isEvent ? takeEvents(request, token, state) : sayAcks(request, token, state);
}

function authorize({ headers, query }: Received, { tokens }: SplunkState): HecToken {
  const { authorization } = headers;
  if (authorization === undefined) throw new HecError(query.has('token') ? 16 : 2);
  const [, given] = /^Splunk +(\S+)$/.exec(authorization) ?? [];
  if (given === undefined) throw new HecError(3);
  const token = tokens.get(given.toLowerCase());
  if (token === undefined) throw new HecError(4);
  if (token.disabled) throw new HecError(1);
  return token;
}

function takeEvents(request: Received, token: HecToken, state: SplunkState): Answer {
  const channel = channelOf(request);
  if (token.ack && channel === null) throw new HecError(10);
  if (channel !== null && !GUID.test(channel)) throw new HecError(11);
  const events = parseEvents(request.body);
  events.forEach(({ envelope }, at) => {
    if (!isAllowed(envelope.index, token)) throw new HecError(7, at);
  });
  const ackId =
    token.ack && channel !== null ? state.acknowledgements.open(channelKey(token, channel)) : null;
  state.inbox.put(
    ...events.map(({ source, envelope }) => ({
      token: token.token,
      channel,
      ackId,
      index: envelope.index ?? token.index ?? 'main',
      envelope,
      body: source,
    })),
  );
  return codeAnswer(0, ackId === null ? {} : { ackId });
}

function isAllowed(index: string | undefined, { indexes = [], index: own }: HecToken): boolean {
  return index === undefined || indexes.length === 0 || index === own || indexes.includes(index);
}

function sayAcks(request: Received, token: HecToken, { acknowledgements }: SplunkState): Answer {
  if (!token.ack) throw new HecError(14);
  const channel = channelOf(request);
  if (channel === null) throw new HecError(10);
  if (!GUID.test(channel)) throw new HecError(11);
  const ids = acksOf(request.body);
  const key = channelKey(token, channel);
  return json(200, { acks: Object.fromEntries(ids.map((id) => [id, acknowledgements.poll(key, id)])) });
}

function acksOf(body: Buffer): number[] {
  let acks: unknown;
  try {
    acks = JSON.parse(body.toString()).acks;
  } catch {
    throw new HecError(6);
  }
  if (Array.isArray(acks) && acks.every((id) => Number.isSafeInteger(id) && id >= 0)) return acks;
  throw new HecError(6);
}

function channelOf({ headers, query }: Received): string | null {
  return headers['x-splunk-request-channel'] ?? query.get('channel');
}

function channelKey({ token }: HecToken, channel: string): string {
  return `${token} ${channel}`.toLowerCase();
}

function notFound(): Answer {
  return json(404, { text: 'The requested URL was not found on this server.', code: 404 });
}
