/** From a delivery to the receiver's answer. */

import type { Clock } from '../http/clock.ts';
import { type Answer, type Received, text } from '../http/exchange.ts';
import type { Behaviour } from '../http/service.ts';
import type { Inbox } from '../inbox.ts';
import { isMediaType, problemOf } from './cloud-events.ts';
import { isSigned } from './signature.ts';

export interface ReceivedWebhook {
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** Path and query as sent. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** There was one with this id before. */
  readonly duplicate: boolean;
}

export interface RefusedWebhook {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface WebhookState {
  readonly clock: Clock;
  readonly inbox: Inbox<ReceivedWebhook>;
  readonly refused: RefusedWebhook[];
  /** None: no signature is required. */
  secrets: readonly string[];
  /** Status and body of success. */
  success: readonly [status: number, body: string];
}

type Refusal = readonly [status: number, reason: string];

const TOLERANCE_SECONDS = 5 * 60;

/** `state` is asked for on every request, because a reset replaces it. */
export function webhookBehaviour(state: () => WebhookState): Behaviour {
  return {
    subject: ({ path }) => path,
    answer: (request) => take(request, state()),
    refuse: (_, status, code) => text(status, code),
  };
}

function take(request: Received, state: WebhookState): Answer {
  const refusal = examine(request, state);
  const { headers, body, target } = request;
  if (refusal !== undefined) {
    const [status, reason] = refusal;
    state.refused.push({ status, reason, headers, body: body.toString() });
    return text(status, reason);
  }
  const id = headers['webhook-id'] ?? '';
  const duplicate = state.inbox.list().some((before) => before.id === id);
  const timestamp = Number(headers['webhook-timestamp']);
  state.inbox.put({ id, timestamp, target, headers, body: body.toString(), duplicate });
  return text(...state.success);
}

function examine(request: Received, state: WebhookState): Refusal | undefined {
  const { method, headers, body } = request;
  if (method !== 'POST') return [405, 'a webhook is a POST'];
  if (!isMediaType(headers['content-type'])) return [415, 'the content type is not that of a CloudEvent'];
  const refusal = state.secrets.length > 0 ? examineSignature(request, state) : undefined;
  if (refusal !== undefined) return refusal;
  const problem = problemOf(headers['content-type'], body);
  return problem === undefined ? undefined : [400, problem];
}

function examineSignature(
  { headers, body }: Received,
  { secrets, clock }: WebhookState,
): Refusal | undefined {
  const {
    'webhook-id': id = '',
    'webhook-timestamp': timestamp = '',
    'webhook-signature': signatures = '',
  } = headers;
  if (id === '' || timestamp === '' || signatures === '') return [400, 'Missing required headers'];
  // It separates the parts of what is signed.
  if (id.includes('.')) return [400, 'an id has no full stop'];
  if (!/^\d+$/.test(timestamp)) return [400, 'Invalid Signature Headers'];
  const age = Math.floor(clock.now() / 1000) - Number(timestamp);
  if (age > TOLERANCE_SECONDS) return [400, 'Message timestamp too old'];
  if (age < -TOLERANCE_SECONDS) return [400, 'Message timestamp too new'];
  return isSigned(signatures, secrets, id, timestamp, body)
    ? undefined
    : [401, 'No matching signature found'];
}
