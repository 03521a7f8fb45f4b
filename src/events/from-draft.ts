import type { Secret } from '../secret.ts';
import type { System } from '../system/system.ts';
import { VERSION } from '../version.ts';
import type { Draft, KnownCredentials } from './draft.ts';
import {
  accessEvent,
  type EnvsealEvent,
  type Outcome,
  type Place,
  type Principal,
  type Reason,
} from './event.ts';
import { outcomeOf } from './outcome.ts';
import { principalOfAws, principalOfGoogle } from './principal.ts';
import { describeNames, type NamesMode } from './variable-names.ts';

export interface FromDraftOptions {
  readonly place: Place;
  readonly names: NamesMode;
  readonly namesKey: Secret | undefined;
  readonly system: System;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** The event that a source's end becomes. */
export function fromDraft(draft: Draft, options: FromDraftOptions): EnvsealEvent {
  const { subject, reason, sealing, kmsKeys, version, names, requestIds, attempts } = draft;
  const { place, system } = options;
  const data = {
    outcome: outcomeFor(reason),
    reason,
    sealing,
    kmsKeys,
    version,
    variables: names === null ? null : describeNames(names, options.names, options.namesKey, system),
    principal: draft.credentials === null ? null : principalOf(draft.credentials, options),
    place,
    command: draft.command,
    requestIds,
    durationMs: draft.durationMs,
    attempts,
    envseal: VERSION,
  };
  return accessEvent(subject, data, draft.nowMs);
}

function principalOf(known: KnownCredentials, { variables }: FromDraftOptions): Principal {
  return known.cloud === 'google' ? principalOfGoogle(known) : principalOfAws(known, variables);
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
