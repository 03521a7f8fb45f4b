/**
 * What happened to one source, as a CloudEvent. No field can hold a value: values are `Secret`s until the hand-over, and
 * none of these types takes one. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
import type { ErrorCode } from '../errors.ts';
import { LIMITS, visible, visibleItems, visibleOrNull } from './text.ts';
import { uuidV7 } from './uuid.ts';

/**
 * - `granted`: the command gets the source's variables.
 * - `refused`: policy or content: unsealed, a key that is not pinned, forged, malformed, a name that loads code…
 * - `denied`: credentials are missing, or may not do it.
 * - `failed`: network, not found, out of time, stopped by a signal, no such command.
 */
export type Outcome = 'granted' | 'refused' | 'denied' | 'failed';

/**
 * `opened`, or why not: the code of the error. `absent`: an optional source that is not there. `aborted`: another source
 * failed first. `signal`: a signal ended the start.
 */
export type Reason = 'opened' | 'absent' | 'aborted' | 'signal' | ErrorCode;

export type SealingName = 'sse-kms' | 'cmek' | 'kms' | 'sops' | 'berglas' | 'none';

/** Names of the variables: all, hashed, or their number alone. */
export interface VariableNames {
  /** In the source, before `--only` and its like choose. */
  readonly count: number;
  readonly names?: readonly string[];
  /** HMAC-SHA-256 of each name in hexadecimal: they can be joined, and not guessed without the key. */
  readonly hashes?: readonly string[];
}

/** Where it happened, as far as that is known without a request. */
export interface Workload {
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
  /** `null` if it did not get that far. */
  readonly sealing: SealingName | null;
  /** The keys that opened it, or that it is sealed with: ARNs, names, recipients. */
  readonly kmsKeys: readonly string[];
  /** Version id or generation. */
  readonly version: string | null;
  readonly variables: VariableNames | null;
  readonly principal: Principal | null;
  readonly place: Workload;
  /** argv[0] of the command. */
  readonly command: string | null;
  /** `x-amz-request-id`, `x-amz-id-2`, `x-guploader-uploadid`: link to CloudTrail and Cloud Audit Logs. */
  readonly requestIds: readonly string[];
  /** From the start of envseal until this was decided. */
  readonly durationMs: number;
  /** Tries of the request that took most. */
  readonly attempts: number;
  /** envseal's version. */
  readonly envseal: string;
}

/** How a command that changes sealed files ended. */
export type ChangeOutcome = 'done' | 'refused' | 'denied' | 'failed';

/** `done`, or why not. */
export type ChangeReason = 'done' | 'signal' | ErrorCode;

export type Change =
  | 'stored'
  | 'set'
  | 'unset'
  | 'rotated'
  | 'revoked'
  | 'restored'
  | 'expired'
  | 'shared'
  | 'copied'
  | 'rolled-back';

export interface ChangedVariables {
  readonly added: VariableNames;
  readonly changed: VariableNames;
  readonly removed: VariableNames;
}

export interface ChangeData {
  readonly outcome: ChangeOutcome;
  readonly reason: ChangeReason;
  /** `null` if it did not get that far. */
  readonly sealing: SealingName | null;
  /** The keys that it is sealed with from now on: ARNs, names, recipients. */
  readonly kmsKeys: readonly string[];
  /** Version id or generation, after the change. */
  readonly version: string | null;
  /** The one that was current before. */
  readonly previousVersion: string | null;
  readonly variables: ChangedVariables | null;
  readonly principal: Principal | null;
  readonly place: Workload;
  /** As in `AccessData`. */
  readonly requestIds: readonly string[];
  /** From the start of envseal until this was decided. */
  readonly durationMs: number;
  /** envseal's version. */
  readonly envseal: string;
}

interface Envelope {
  readonly specversion: '1.0';
  /** UUIDv7. */
  readonly id: string;
  /** `urn:envseal:HOST`: with `id`, unique. */
  readonly source: string;
  /** RFC 3339, UTC, with milliseconds. */
  readonly time: string;
  /** The source's URI. */
  readonly subject: string;
  readonly datacontenttype: 'application/json';
  readonly dataschema: typeof SCHEMA;
}

/** An access: a source was opened, or there was an attempt to. */
export interface AccessEvent extends Envelope {
  readonly type: `envseal.access.${Outcome}`;
  readonly data: AccessData;
}

export interface ChangeEvent extends Envelope {
  readonly type: `envseal.change.${Change}`;
  readonly data: ChangeData;
}

/**
 * Any event that sinks take. The last word of `type` is the outcome of an access, and what a change was to
 * do.
 */
export type AuditEvent = AccessEvent | ChangeEvent;

/** The outcome of an access, and what a change was to do. */
export function lastWord(type: AuditEvent['type']): string {
  return type.slice(type.lastIndexOf('.') + 1);
}

/** The `$id` of event.schema.json. */
export const SCHEMA = 'urn:envseal:event:1';

/** Field by field, so that nothing else gets into it; every text is made visible and cut to what the schema allows. */
export function accessEvent(subject: string, data: AccessData, nowMs: number): AccessEvent {
  const { outcome, reason, sealing, durationMs, attempts, envseal } = data;
  return wrap(subject, `envseal.access.${outcome}`, nowMs, {
    outcome,
    reason,
    sealing,
    kmsKeys: visibleItems(data.kmsKeys, LIMITS.key, LIMITS.keys),
    version: visibleOrNull(data.version, LIMITS.text),
    variables: data.variables === null ? null : copyNames(data.variables),
    principal: copyPrincipal(data.principal),
    place: copyWorkload(data.place),
    command: visibleOrNull(data.command, LIMITS.text),
    requestIds: visibleItems(data.requestIds, LIMITS.name, LIMITS.requestIds),
    durationMs,
    attempts,
    envseal,
  });
}

export function changeEvent(subject: string, change: Change, data: ChangeData, nowMs: number): ChangeEvent {
  const { outcome, reason, sealing, variables, durationMs, envseal } = data;
  return wrap(subject, `envseal.change.${change}`, nowMs, {
    outcome,
    reason,
    sealing,
    kmsKeys: visibleItems(data.kmsKeys, LIMITS.key, LIMITS.keys),
    version: visibleOrNull(data.version, LIMITS.text),
    previousVersion: visibleOrNull(data.previousVersion, LIMITS.text),
    variables: variables === null ? null : copyChanged(variables),
    principal: copyPrincipal(data.principal),
    place: copyWorkload(data.place),
    requestIds: visibleItems(data.requestIds, LIMITS.name, LIMITS.requestIds),
    durationMs,
    envseal,
  });
}

function wrap<T extends string, D extends { readonly place: Workload }>(
  subject: string,
  type: T,
  nowMs: number,
  data: D,
): Envelope & { readonly type: T; readonly data: D } {
  return {
    specversion: '1.0',
    id: uuidV7(nowMs),
    source: `urn:envseal:${encodeURIComponent(data.place.host ?? 'unknown')}`,
    type,
    time: new Date(nowMs).toISOString(),
    subject: visible(subject, LIMITS.uri) || 'unknown',
    datacontenttype: 'application/json',
    dataschema: SCHEMA,
    data,
  };
}

function copyNames({ count, names, hashes }: VariableNames): VariableNames {
  if (names !== undefined) return { count, names: visibleItems(names, LIMITS.name, LIMITS.names) };
  return hashes === undefined ? { count } : { count, hashes: hashes.slice(0, LIMITS.names) };
}

function copyChanged({ added, changed, removed }: ChangedVariables): ChangedVariables {
  return { added: copyNames(added), changed: copyNames(changed), removed: copyNames(removed) };
}

function copyPrincipal(principal: Principal | null): Principal | null {
  if (principal === null) return null;
  const { origin, name } = principal;
  return { origin: visible(origin, LIMITS.name), name: visibleOrNull(name, LIMITS.text) };
}

function copyWorkload({ host, containerId, pod, namespace, node, image }: Workload): Workload {
  return {
    host: visibleOrNull(host, LIMITS.name),
    containerId: visibleOrNull(containerId, LIMITS.name),
    pod: visibleOrNull(pod, LIMITS.name),
    namespace: visibleOrNull(namespace, LIMITS.name),
    node: visibleOrNull(node, LIMITS.name),
    image: visibleOrNull(image, LIMITS.name),
  };
}
