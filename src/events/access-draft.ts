/** How each source of a run ended, before it is an event: plain data, which another process can make the event of. */
import type { AwsCredentials } from '../aws/identity.ts';
import { EnvsealError } from '../errors.ts';
import type { GoogleToken } from '../gcp/credentials/token.ts';
import type { Source } from '../source-uri.ts';
import type { Attempt } from './attempt.ts';
import type { Reason, SealingName } from './event.ts';

/** What is known of the credentials without their secrets. */
export type KnownCredentials =
  | ({ readonly cloud: 'aws' } & Pick<AwsCredentials, 'origin' | 'principal' | 'accessKeyId'>)
  | ({ readonly cloud: 'google' } & Pick<GoogleToken, 'origin' | 'principal'>);

export type Cloud = KnownCredentials['cloud'];

export interface Draft {
  readonly subject: string;
  readonly reason: Reason;
  readonly sealing: SealingName | null;
  readonly kmsKeys: readonly string[];
  readonly version: string | null;
  /** Names of the variables; `null`: not opened. */
  readonly names: readonly string[] | null;
  readonly requestIds: readonly string[];
  readonly attempts: number;
  readonly credentials: KnownCredentials | null;
  /** argv[0] of the command. */
  readonly command: string;
  readonly durationMs: number;
  /** When it was decided, in ms since the epoch. */
  readonly nowMs: number;
}

/** How the run ended: the command starts, or why it does not. */
export type Ending = { readonly error?: unknown; readonly isSignal?: boolean };

/**
 * Those of a cloud, or without one those of whichever is known. `null`: not known by now; no request is made
 * for it.
 */
export type CredentialsOf = (cloud: Cloud | null) => Promise<KnownCredentials | null>;

/** `null` for a local file: whichever cloud opens its keys. */
export const CLOUD_OF: Readonly<Record<Source['scheme'], Cloud | null>> = {
  s3: 'aws',
  gs: 'google',
  file: null,
};

export async function draftAll(
  all: readonly Attempt[],
  ending: Ending,
  command: string,
  credentialsOf: CredentialsOf,
): Promise<Draft[]> {
  const { nowMs, durationMs } = decidedNow();
  return await Promise.all(
    all.map(async (attempt) => {
      const { source, sealing, kmsKeys, version, requestIds, attempts, variables } = attempt;
      return {
        subject: source.uri,
        reason: reasonOf(attempt, ending, all),
        sealing,
        kmsKeys,
        version,
        names: variables === undefined ? null : [...variables.keys()],
        requestIds,
        attempts,
        credentials: await credentialsOf(CLOUD_OF[source.scheme]).catch(() => null),
        command,
        durationMs,
        nowMs,
      };
    }),
  );
}

/** The time, and how long envseal has run. */
export function decidedNow(): Pick<Draft, 'nowMs' | 'durationMs'> {
  return { nowMs: Date.now(), durationMs: Math.round(performance.now() * 10) / 10 };
}

/** A source's own failure, then how the run ended: only a command that starts gets variables. */
function reasonOf(
  { error, isAbsent }: Attempt,
  { error: end, isSignal }: Ending,
  all: readonly Attempt[],
): Reason {
  if (error !== undefined) return error.code;
  if (isSignal) return 'signal';
  for (const other of all) if (other.error !== undefined) return 'aborted';
  if (end !== undefined) return end instanceof EnvsealError ? end.code : 'internal';
  return isAbsent ? 'absent' : 'opened';
}
