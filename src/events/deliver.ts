/** Gives the events to all sinks at the same time, and waits no longer than it may. */
import { EnvsealError } from '../errors.ts';
import { Deadline, withDeadline } from '../net/deadline.ts';
import type { AuditEvent } from './event.ts';
import type { Sink } from './sink.ts';

export interface DeliverOptions {
  /** `required`: a sink that does not take the events is an error. */
  readonly policy: 'required' | 'best-effort';
  readonly timeoutSeconds: number;
}

/**
 * Why sinks did not take the events, each naming its sink; with `required` it throws `undelivered` instead. Every sink
 * has its chance also where another one has failed.
 */
export async function deliver(
  events: readonly AuditEvent[],
  sinks: readonly Sink[],
  { policy, timeoutSeconds }: DeliverOptions,
): Promise<readonly EnvsealError[]> {
  if (events.length === 0 || sinks.length === 0) return [];
  const deadline = new Deadline(timeoutSeconds);
  const outcomes = sinks.map((sink) =>
    deliverTo(sink, events, deadline).then(
      () => [],
      (error: unknown) => [explain(error, sink, timeoutSeconds)],
    ),
  );
  const failures = (await Promise.all(outcomes)).flat();
  deadline.clear();
  if (policy === 'required' && failures.length > 0) {
    throw undelivered(
      'the access event was not delivered',
      failures,
      'use --event-policy best-effort to start the command without it',
    );
  }
  return failures;
}

/** A sink that forgets the deadline is left behind. */
async function deliverTo(sink: Sink, events: readonly AuditEvent[], deadline: Deadline): Promise<void> {
  await withDeadline(sink.deliver(events, deadline), deadline);
}

function explain(error: unknown, { name }: Sink, seconds: number): EnvsealError {
  if (!(error instanceof EnvsealError)) {
    return new EnvsealError('internal', `${name}: internal error`, {
      hint: 'this is a bug: report it with the version and the kind of the sink',
      cause: error,
    });
  }
  if (error.code !== 'timeout') return error.about(name);
  return new EnvsealError('timeout', `${name}: no answer within ${seconds} s`, {
    hint: 'check that it is reachable from here, or raise --event-timeout',
    cause: error,
  });
}

/** `problem`, with the causes and their hints. */
export function undelivered(
  problem: string,
  failures: readonly EnvsealError[],
  remedy: string,
): EnvsealError {
  const reasons = failures.map(({ message }) => message).join('; ');
  const hint = failures.find((failure) => failure.hint !== undefined)?.hint;
  return new EnvsealError('undelivered', `${problem}: ${reasons}`, {
    hint: `${hint === undefined ? '' : `${hint}; `}${remedy}`,
    cause: failures[0],
  });
}
