/** Mutable record of one access, completed on the way and turned into an event at the end. */
import type { EnvsealError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { Source } from '../source-uri.ts';
import type { SealingName } from './event.ts';

export interface Attempt {
  readonly source: Source;
  sealing: SealingName | null;
  kmsKeys: readonly string[];
  version: string | null;
  requestIds: readonly string[];
  attempts: number;
  /** `undefined`: not opened. */
  variables: ReadonlyMap<string, Secret> | undefined;
  /** The source is optional, and absent. */
  isAbsent: boolean;
  /** Its own failure; where another source or a later step fails, it has none. */
  error: EnvsealError | undefined;
}

export function newAttempt(source: Source): Attempt {
  return {
    source,
    sealing: null,
    kmsKeys: [],
    version: null,
    requestIds: [],
    attempts: 0,
    variables: undefined,
    isAbsent: false,
    error: undefined,
  };
}
