import type { Secret } from '../secret.ts';
import type { System } from '../system/system.ts';
import { VERSION } from '../version.ts';
import type { Draft, KnownCredentials } from './access-draft.ts';
import {
  type AccessEvent,
  accessEvent,
  type Outcome,
  type Principal,
  type Reason,
  type Workload,
} from './event.ts';
import { outcomeOf } from './outcome.ts';
import { principalOfAws, principalOfGoogle } from './principal.ts';
import { describeNames, type NamesMode } from './variable-names.ts';

/** Options that the events of one process share. */
export interface EventOptions {
  readonly place: Workload;
  readonly names: NamesMode;
  readonly namesKey: Secret | undefined;
  readonly system: System;
}

/** The event that a source's end becomes. */
export function fromDraft(draft: Draft, options: EventOptions): AccessEvent {
  const { subject, reason, sealing, kmsKeys, version, names, requestIds, attempts } = draft;
  const { place, system } = options;
  const data = {
    outcome: outcomeFor(reason),
    reason,
    sealing,
    kmsKeys,
    version,
    variables: names === null ? null : describeNames(names, options.names, options.namesKey, system),
    principal: principalOf(draft.credentials),
    place,
    command: draft.command,
    requestIds,
    durationMs: draft.durationMs,
    attempts,
    envseal: VERSION,
  };
  return accessEvent(subject, data, draft.nowMs);
}

export function principalOf(known: KnownCredentials | null): Principal | null {
  if (known === null) return null;
  return known.cloud === 'google' ? principalOfGoogle(known) : principalOfAws(known);
}

function outcomeFor(reason: Reason): Outcome {
  switch (reason) {
    case 'opened':
      return 'granted';
    case 'absent':
    case 'aborted':
    case 'signal':
      return 'failed';
    default:
      return outcomeOf(reason);
  }
}
