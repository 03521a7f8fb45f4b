import type { Variables } from './cli/arguments.ts';
import type { ByteString, StopSignal, System } from './system/system.ts';

/** The process as `main.ts` found it; nothing else reads it. */
export interface Host {
  readonly system: System;
  /** Without the program's own name. */
  readonly argv: readonly ByteString[];
  /** Inherited entries `NAME=value`, in order. */
  readonly environ: readonly ByteString[];
  /** The same, decoded. */
  readonly variables: Variables;
  /** Signals that end us with 128+n until the hand-over; those that were ignored from the start stay ignored. */
  readonly stopSignals: readonly StopSignal[];
}
