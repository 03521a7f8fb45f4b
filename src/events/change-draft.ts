/** How the change of one file ended, before it is an event: what the commands know of it. */
import { VERSION } from '../version.ts';
import type { Cloud, KnownCredentials } from './access-draft.ts';
import {
  type Change,
  type ChangedVariables,
  type ChangeEvent,
  type ChangeOutcome,
  type ChangeReason,
  changeEvent,
  type SealingName,
} from './event.ts';
import { type EventOptions, principalOf } from './from-draft.ts';
import { outcomeOf } from './outcome.ts';
import { LIMITS } from './text.ts';
import { describeNames } from './variable-names.ts';

/** Names of variables. */
export interface ChangedNames {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export interface ChangeDraft {
  /** URI of the file. */
  readonly subject: string;
  readonly change: Change;
  readonly reason: ChangeReason;
  /** As the file is sealed from now on; `null` if it did not get that far. */
  readonly sealing: SealingName | null;
  readonly kmsKeys: readonly string[];
  readonly version: string | null;
  readonly previousVersion: string | null;
  /** `null`: not compared. */
  readonly differences: ChangedNames | null;
  readonly requestIds: readonly string[];
  /** Whose credentials were used; `null`: of whichever is known. */
  readonly cloud: Cloud | null;
}

export interface Decided {
  readonly credentials: KnownCredentials | null;
  readonly durationMs: number;
  /** In ms since the epoch. */
  readonly nowMs: number;
}

export function fromChangeDraft(
  draft: ChangeDraft,
  { credentials, durationMs, nowMs }: Decided,
  options: EventOptions,
): ChangeEvent {
  const { subject, change, reason, sealing, kmsKeys, version, previousVersion, requestIds } = draft;
  const data = {
    outcome: outcomeFor(reason),
    reason,
    sealing,
    kmsKeys,
    version,
    previousVersion,
    variables: draft.differences === null ? null : describeChanges(draft.differences, options),
    principal: principalOf(credentials),
    place: options.place,
    requestIds,
    durationMs,
    envseal: VERSION,
  };
  return changeEvent(subject, change, data, nowMs);
}

/** Only the numbers if the three lists together are longer than the one of an access may be. */
function describeChanges({ added, changed, removed }: ChangedNames, options: EventOptions): ChangedVariables {
  const { names, namesKey, system } = options;
  const isLong = added.length + changed.length + removed.length > LIMITS.names;
  const describe = (list: readonly string[]) =>
    describeNames(list, isLong ? 'count' : names, namesKey, system);
  return { added: describe(added), changed: describe(changed), removed: describe(removed) };
}

function outcomeFor(reason: ChangeReason): ChangeOutcome {
  if (reason === 'done') return 'done';
  return reason === 'signal' ? 'failed' : outcomeOf(reason);
}
