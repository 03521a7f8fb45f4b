/**
 * The one error class, its closed list of codes, and the exit status of each.
 *
 * A message is lower case, has no full stop, and never holds a value, an environment or a line of a file.
 * Code branches on `code`, never on the text.
 */

/** Exit statuses follow BSD `sysexits.h`; 126 and 127 follow POSIX `env`. */
export const EXIT_STATUS = {
  /** The command line is wrong. */
  usage: 64,
  /** The source's content cannot be read as an env file. */
  malformed: 65,
  /** The source is not sealed by a KMS key. */
  unsealed: 65,
  /** The source is sealed, but not by a key the caller pinned. */
  wrong_key: 65,
  /** The body is cut short, or its length, checksum or MAC does not match. */
  corrupt: 65,
  /** The source says that it was sealed for another place. */
  misplaced: 65,
  /** The source is past its expiry. */
  expired: 65,
  /** A source, a variable or the whole environment is over a limit. */
  too_large: 65,
  /** A `--require`d or `--strict` variable is missing or empty. */
  unmet: 65,
  /** A variable's name could make the command load code. */
  unsafe_name: 65,
  /** The object, its version or its bucket does not exist. */
  not_found: 66,
  /** DNS, connect, TLS, or the server's own fault after retries. */
  unreachable: 69,
  /** `--event-policy required`, and a sink did not take the event. */
  undelivered: 69,
  /** An internal error: a bug in envseal. */
  internal: 70,
  /** Someone else changed the file in the meantime. */
  conflict: 75,
  /** The service throttles. */
  throttled: 75,
  /** `--timeout` is over. */
  timeout: 75,
  /** No credentials, or they are expired or invalid. */
  credentials: 77,
  /** The credentials are valid but lack permission. */
  denied: 77,
  /** The KMS key is disabled, pending deletion or gone. */
  key_unavailable: 77,
  /** A setting, a profile or an endpoint is wrong. */
  configuration: 78,
  /** The store ignores conditions, so a change could be lost. */
  unconditional: 78,
  /** The store keeps no versions. */
  unversioned: 78,
  /** The bucket is public, or neither keeps versions nor encrypts. */
  exposed: 78,
  /** The command exists and cannot be executed. */
  not_executable: 126,
  /** The command does not exist. */
  command_not_found: 127,
} as const;

export type ErrorCode = keyof typeof EXIT_STATUS;

export interface ErrorDetails {
  /** What to type or change next; one line. */
  readonly hint?: string;
  /** The caught error; never printed. */
  readonly cause?: unknown;
  /** Whether the same request may succeed a little later. */
  readonly retryable?: boolean;
  /** Wait that the server asked for, in ms. */
  readonly retryAfterMs?: number;
  /** IDs that link the refusal to the cloud's own audit log. */
  readonly requestIds?: readonly string[];
}

export class EnvsealError extends Error {
  override readonly name = 'EnvsealError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number;
  readonly requestIds: readonly string[];
  /** Tries of the request that was refused at last, counted by `retry`. */
  attempts = 0;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.hint = details.hint;
    this.retryable = details.retryable ?? false;
    this.retryAfterMs = details.retryAfterMs ?? 0;
    this.requestIds = details.requestIds ?? [];
  }

  get exitStatus(): number {
    return EXIT_STATUS[this.code];
  }

  /** The same error, naming what it is about unless it does already. */
  about(subject: string): EnvsealError {
    if (this.message.includes(subject)) return this;
    return this.#copy({ message: `${subject}: ${this.message}` });
  }

  /** The same error after the last try. */
  final(): EnvsealError {
    return this.retryable ? this.#copy({ retryable: false }) : this;
  }

  #copy({ message = this.message, retryable = this.retryable }): EnvsealError {
    const { code, hint, cause, retryAfterMs, requestIds } = this;
    const details = { cause, retryable, retryAfterMs, requestIds, ...(hint === undefined ? {} : { hint }) };
    const copy = new EnvsealError(code, message, details);
    copy.attempts = this.attempts;
    return copy;
  }
}
