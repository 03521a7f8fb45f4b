/** The JSON protocol of KMS: who calls, and what goes back. */

import { randomUUID } from 'node:crypto';
import type { AccessKey, AccessKeys } from '../aws/access-keys.ts';
import { KmsError, type KmsKeys } from '../aws/kms-keys.ts';
import type { Clock } from '../http/clock.ts';
import { type Answer, json, type Received } from '../http/exchange.ts';
import type { Behaviour } from '../http/service.ts';
import { authenticate } from '../sigv4/authentication.ts';
import { sha256Hex } from '../sigv4/signature.ts';
import { explain, ProtocolError } from './errors.ts';
import { OPERATIONS } from './operations.ts';

export interface KmsState {
  readonly clock: Clock;
  readonly accessKeys: AccessKeys;
  readonly kmsKeys: KmsKeys;
}

const MAX_SKEW_MS = 5 * 60 * 1000;
const TARGET = /^TrentService\.(\w+)$/;

/** `state` is asked for on every request, because a reset replaces it. */
export function kmsBehaviour(state: () => KmsState): Behaviour {
  return {
    subject: actionOf,
    answer: (request) => {
      try {
        return reply(200, perform(request, state()));
      } catch (error) {
        // Denied, not found, throttled: with this protocol the client's errors are all 400.
        if (error instanceof KmsError || error instanceof ProtocolError)
          return failed(400, error.code, error.message);
        throw error;
      }
    },
    refuse: (_, status, code) => failed(status, code, code),
  };
}

function actionOf({ headers }: Received): string {
  return TARGET.exec(headers['x-amz-target'] ?? '')?.[1] ?? '';
}

function perform(request: Received, state: KmsState): object {
  const caller = identify(request, state);
  const name = actionOf(request);
  const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
  if (operation === undefined) throw new ProtocolError('UnknownOperationException', '');
  return operation(parse(request.body), { kmsKeys: state.kmsKeys, region: request.region, caller });
}

function parse(body: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new ProtocolError('SerializationException', 'the body is not JSON');
  }
}

function identify(request: Received, { accessKeys, clock }: KmsState): AccessKey {
  const result = authenticate(request, {
    accessKeys,
    nowMs: clock.now(),
    maxSkewMs: MAX_SKEW_MS,
    region: request.region,
    service: 'kms',
    payloadHash: sha256Hex(request.body),
  });
  if ('reason' in result) throw explain(result);
  return result.caller;
}

function failed(status: number, code: string, message: string): Answer {
  return reply(status, { __type: code, message });
}

function reply(status: number, value: object): Answer {
  return json(status, value, {
    'content-type': 'application/x-amz-json-1.1',
    'x-amzn-requestid': randomUUID(),
  });
}
