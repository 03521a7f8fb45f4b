/** The JSON protocol of CloudWatch Logs: who calls, and what goes back. */

import { randomUUID } from 'node:crypto';
import type { AccessKey, AccessKeys } from '../aws/access-keys.ts';
import type { Clock } from '../http/clock.ts';
import { type Answer, json, type Received } from '../http/exchange.ts';
import type { Behaviour } from '../http/service.ts';
import type { Inbox } from '../inbox.ts';
import { explain, ProtocolError } from '../kms/errors.ts';
import { authenticate } from '../sigv4/authentication.ts';
import { sha256Hex } from '../sigv4/signature.ts';
import type { LogGroups, RejectedLogEventsInfo } from './logs.ts';
import { OPERATIONS, type PutLogEvents } from './operations.ts';

export interface CloudWatchState {
  readonly clock: Clock;
  readonly accessKeys: AccessKeys;
  readonly groups: LogGroups;
  readonly puts: Inbox<PutLogEvents>;
  rejects: RejectedLogEventsInfo | null;
}

const SERVICE = 'logs';
const MAX_SKEW_MS = 5 * 60 * 1000;
const TARGET = /^Logs_20140328\.(\w+)$/;
const CONTENT_TYPE = 'application/x-amz-json-1.1';

/** `state` is asked for on every request, because a reset replaces it. */
export function cloudWatchBehaviour(state: () => CloudWatchState): Behaviour {
  return {
    subject: actionOf,
    answer: (request) => {
      try {
        return perform(request, state());
      } catch (error) {
        if (error instanceof ProtocolError) return failed(400, error.code, error.message);
        throw error;
      }
    },
    refuse: (_, status, code) =>
      failed(status, code, code === 'ThrottlingException' ? 'Rate exceeded' : code),
  };
}

function actionOf({ headers }: Received): string {
  return TARGET.exec(headers['x-amz-target'] ?? '')?.[1] ?? '';
}

function perform(request: Received, { clock, accessKeys, groups, puts, rejects }: CloudWatchState): Answer {
  const caller = identify(request, accessKeys, clock.now());
  const name = actionOf(request);
  const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
  if (
    operation === undefined ||
    request.method !== 'POST' ||
    request.headers['content-type'] !== CONTENT_TYPE
  )
    throw new ProtocolError('UnknownOperationException', '');
  const { region } = request;
  const context = { groups, puts, rejects, region, caller, nowMs: clock.now() };
  const output = operation(parse(request.body), context);
  return Object.keys(output).length > 0 ? reply(200, JSON.stringify(output)) : reply(200, '');
}

function parse(body: Buffer): Record<string, unknown> {
  try {
    const input = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input;
  } catch {
    // Said below.
  }
  throw new ProtocolError('SerializationException', 'the body is not a JSON object in UTF-8');
}

function identify(request: Received, accessKeys: AccessKeys, nowMs: number): AccessKey {
  const result = authenticate(request, {
    accessKeys,
    nowMs,
    maxSkewMs: MAX_SKEW_MS,
    region: request.region,
    service: SERVICE,
    payloadHash: sha256Hex(request.body),
  });
  if (!('reason' in result)) return result.caller;
  if (result.reason !== 'wrong_service') throw explain(result);
  const message = `Credential should be scoped to correct service: '${SERVICE}'.`;
  throw new ProtocolError('InvalidSignatureException', message);
}

function failed(status: number, code: string, message: string): Answer {
  return reply(status, JSON.stringify({ __type: code, message }));
}

/** The operations that have nothing to say answer with nothing. */
function reply(status: number, body: string): Answer {
  const headers = { 'content-type': CONTENT_TYPE, 'x-amzn-requestid': randomUUID() };
  return { ...json(status, null, headers), body: Buffer.from(body) };
}
