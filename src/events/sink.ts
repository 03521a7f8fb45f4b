/** The sink contract: one destination of events. */
import type { AwsClient } from '../aws/client.ts';
import type { GoogleClient } from '../gcp/client.ts';
import type { Deadline } from '../net/deadline.ts';
import type { Http } from '../net/http.ts';
import type { SecretVariable } from '../own-variables.ts';
import type { Secret } from '../secret.ts';
import type { System } from '../system/system.ts';
import type { AuditEvent } from './event.ts';

export interface Sink {
  /** Its name in error messages: the URI without user, password and query. */
  readonly name: string;
  /**
   * Resolves when the receiver has taken all of them. It retries what can be retried until the deadline.
   *
   * Unreachable is an EnvsealError `unreachable`, a wrong token `credentials`, not allowed `denied`, throttled
   * `throttled`, an answer that reports a failure despite a status of success `undelivered`. `timeout` is the
   * deadline's.
   */
  deliver(events: readonly AuditEvent[], deadline: Deadline): Promise<void>;
}

export interface SinkContext {
  readonly http: Http;
  readonly system: System;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The value of `ENVSEAL_…`, or of the file that `ENVSEAL_…_FILE` names. Throws `configuration` without either. */
  secret(variable: SecretVariable): Secret;
  /** With the credentials of the sources. */
  aws(): Promise<AwsClient>;
  google(): Promise<GoogleClient>;
}

/** `url` is the URI of `--event-sink`, parsed. Throws `configuration` for what this sink does not take. */
export type MakeSink = (url: URL, context: SinkContext) => Sink;
