/** Mutable record of one change, completed on the way and turned into an event at the end. */
import type { Source } from '../source-uri.ts';
import type { ChangedNames } from './change-draft.ts';
import type { Change, SealingName } from './event.ts';

export interface ChangeAttempt {
  readonly source: Source;
  readonly change: Change;
  /** As it is sealed from now on. */
  sealing: SealingName | null;
  kmsKeys: readonly string[];
  version: string | null;
  previousVersion: string | null;
  /** `null`: not compared. */
  differences: ChangedNames | null;
  requestIds: readonly string[];
}

export function newChangeAttempt(source: Source, change: Change): ChangeAttempt {
  return {
    source,
    change,
    sealing: null,
    kmsKeys: [],
    version: null,
    previousVersion: null,
    differences: null,
    requestIds: [],
  };
}
