/**
 * How much an outcome matters, in the words of each receiver. An opening is normal and worth a note, a missing right is
 * often a slip, a failure keeps a container from its start, and what policy refuses may be a forgery.
 */
import type { ChangeOutcome, Outcome } from './event.ts';

export interface Severity {
  /** https://www.rfc-editor.org/rfc/rfc5424#section-6.2.1 */
  readonly syslog: number;
  /** https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#LogSeverity */
  readonly google: 'NOTICE' | 'WARNING' | 'ERROR' | 'CRITICAL';
  /** https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber */
  readonly otlp: number;
}

export const SEVERITIES: Readonly<Record<Outcome | ChangeOutcome, Severity>> = {
  granted: { syslog: 5, google: 'NOTICE', otlp: 10 },
  done: { syslog: 5, google: 'NOTICE', otlp: 10 },
  denied: { syslog: 4, google: 'WARNING', otlp: 13 },
  failed: { syslog: 3, google: 'ERROR', otlp: 17 },
  refused: { syslog: 2, google: 'CRITICAL', otlp: 18 },
};
