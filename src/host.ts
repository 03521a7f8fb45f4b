import type { ByteString } from './system/byte-string.ts';
import { textOf } from './system/bytes.ts';
import type { StopSignal, System } from './system/system.ts';

/** Decoded environment variables; `undefined` for those that are absent. */
export type Variables = Readonly<Record<string, string | undefined>>;

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
  /**
   * What is done first when a stop signal comes, the latest before those that were there; a second signal does not wait
   * for it. Gives what takes it back.
   */
  onStop(action: () => Promise<void>): () => void;
}

/** As `getenv` does, the first of two entries with the same name is taken. */
export function decodeEnviron(environ: readonly ByteString[]): Variables {
  const variables: Record<string, string> = Object.create(null);
  for (const entry of environ) {
    const equals = entry.indexOf('=');
    const name = textOf(entry.slice(0, Math.max(0, equals)));
    if (equals > 0) variables[name] ??= textOf(entry.slice(equals + 1));
  }
  return variables;
}
