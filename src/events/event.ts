/**
 * What happened to one source, as a CloudEvent. No field can hold a value: values are `Secret`s until the hand-over, and
 * none of these types takes one. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
import type { ErrorCode } from '../errors.ts';
import { uuidV7 } from './uuid.ts';

/**
 * - `granted`: the command gets the source's variables.
 * - `refused`: policy or content: unsealed, a key that is not pinned, forged, malformed, a name that loads code…
 * - `denied`: credentials are missing, or may not do it.
 * - `failed`: network, not found, out of time, stopped by a signal, no such command.
 */
export type Outcome = 'granted' | 'refused' | 'denied' | 'failed';

/** `opened`, or why not: the code of the error, or the signal that ended the start. */
export type Reason = 'opened' | 'absent' | 'signal' | ErrorCode;

export type SealingName = 'sse-kms' | 'cmek' | 'kms' | 'sops' | 'berglas' | 'none';

/** Names of the variables: all, hashed, or their number alone. */
export interface VariableNames {
  /** In the source, before `--only` and its like choose. */
  readonly count: number;
  readonly names?: readonly string[];
  /** HMAC-SHA-256 of each name in hexadecimal: they can be joined, and not guessed without the key. */
  readonly hashes?: readonly string[];
}

/** Where it happened, as far as that is known without asking anyone. */
export interface Place {
  readonly host: string | null;
  readonly containerId: string | null;
  readonly pod: string | null;
  readonly namespace: string | null;
  readonly node: string | null;
  readonly image: string | null;
}

/** Who opened it, as far as that is known without another call. */
export interface Principal {
  /** Which provider the credentials are from: `environment`, `profile`, `web identity`, `metadata server`… */
  readonly origin: string;
  /** An ARN, an access key's id, an email address. */
  readonly name: string | null;
}

export interface AccessData {
  readonly outcome: Outcome;
  readonly reason: Reason;
  /** `null` where it did not come so far. */
  readonly sealing: SealingName | null;
  /** The keys that opened it, or that it is sealed with: ARNs, names, recipients. */
  readonly kmsKeys: readonly string[];
  /** Version id or generation. */
  readonly version: string | null;
  readonly variables: VariableNames | null;
  readonly principal: Principal | null;
  readonly place: Place;
  /** argv[0] of the command. */
  readonly command: string | null;
  /** `x-amz-request-id`, `x-amz-id-2`, `x-guploader-uploadid`: join CloudTrail and Cloud Audit Logs. */
  readonly requestIds: readonly string[];
  /** From the start of envseal until this was decided. */
  readonly durationMs: number;
  /** Tries of the request that took most. */
  readonly attempts: number;
  /** envseal's version. */
  readonly envseal: string;
}

export interface EnvsealEvent {
  readonly specversion: '1.0';
  /** UUIDv7. */
  readonly id: string;
  /** `urn:envseal:HOST`: with `id`, unique. */
  readonly source: string;
  readonly type: `envseal.access.${Outcome}`;
  /** RFC 3339, UTC, with milliseconds. */
  readonly time: string;
  /** The source's URI. */
  readonly subject: string;
  readonly datacontenttype: 'application/json';
  readonly dataschema: typeof SCHEMA;
  readonly data: AccessData;
}

/** The `$id` of event.schema.json. */
export const SCHEMA = 'urn:envseal:event:1';

export function accessEvent(subject: string, data: AccessData, nowMs: number): EnvsealEvent {
  return {
    specversion: '1.0',
    id: uuidV7(nowMs),
    source: `urn:envseal:${encodeURIComponent(data.place.host ?? 'unknown')}`,
    type: `envseal.access.${data.outcome}`,
    time: new Date(nowMs).toISOString(),
    subject,
    datacontenttype: 'application/json',
    dataschema: SCHEMA,
    data,
  };
}
