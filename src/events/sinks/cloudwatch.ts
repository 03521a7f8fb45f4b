/**
 * CloudWatch Logs: all events in one call, with the credentials of the sources, each in the embedded metric format, so
 * that CloudWatch counts accesses and changes without an agent or a filter.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
 */
import type { AwsClient } from '../../aws/client.ts';
import { callJson } from '../../aws/json-call.ts';
import { partitionOf } from '../../aws/partitions.ts';
import { EnvsealError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import type { AuditEvent } from '../event.ts';
import type { MakeSink } from '../sink.ts';
import { decode, misused, readQuery, readSwitch, sinkName } from './sink-uri.ts';

interface LogStream {
  readonly name: string;
  readonly region: string;
  readonly group: string;
  readonly stream: string;
  readonly createGroup: boolean;
}

export const cloudwatch: MakeSink = (url, context) => {
  const query = readQuery(url, ['region', 'create-group']);
  const createGroup = readSwitch(url, query, 'create-group');
  const { group, stream } = readNames(url);
  const name = sinkName(url);
  return {
    name,
    async deliver(events, deadline) {
      const client = (await context.aws()).until(deadline);
      const region = query.region ?? client.settings.region ?? '';
      if (!/^[a-z0-9-]+$/.test(region)) {
        throw new EnvsealError('configuration', 'no region to send it to', {
          hint: 'add ?region= to the URI, or set AWS_REGION',
        });
      }
      const host = events[0]?.data.place.host ?? 'unknown';
      const place = { name, region, group, stream: stream ?? host.replace(/[:*]/g, '_'), createGroup };
      await put(events, place, client);
    },
  };
};

/** The last segment is the stream; a group may hold slashes, and starts with one where there is no host. */
function readNames(url: URL): { group: string; stream: string | undefined } {
  const [, path = '', last = ''] = /^(.*?)\/?([^/]*)$/.exec(url.pathname) ?? [];
  const group = decode(url, url.hostname + path);
  const stream = decode(url, last) || undefined;
  // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html and …CreateLogStream.html
  const isGroup = /^[\w./#-]{1,512}$/.test(group) && url.port === '';
  if (isGroup && (stream === undefined || /^[^:*]{1,512}$/.test(stream))) return { group, stream };
  throw misused(
    url,
    'names no log group',
    'use cloudwatch://GROUP/STREAM, or cloudwatch:///GROUP/WITH/SLASHES/STREAM',
  );
}

/**
 * Group and stream are made where they are missing: each container has a stream of its own, whose name is not
 * known in advance.
 */
async function put(events: readonly AuditEvent[], place: LogStream, client: AwsClient): Promise<void> {
  const input = { ...names(place), logEvents: [...events].sort(byTime).map(toLogEvent) };
  try {
    checkAnswer(await call('PutLogEvents', input, place, client));
  } catch (error) {
    if (!isMissing(error)) throw error;
    await createStream(place, client);
    checkAnswer(await call('PutLogEvents', input, place, client));
  }
}

async function createStream(place: LogStream, client: AwsClient): Promise<void> {
  try {
    await call('CreateLogStream', names(place), place, client);
  } catch (error) {
    if (!isMissing(error) || !place.createGroup) throw error;
    await call('CreateLogGroup', { logGroupName: place.group }, place, client);
    await call('CreateLogStream', names(place), place, client);
  }
}

function names({ group, stream }: LogStream) {
  return { logGroupName: group, logStreamName: stream };
}

function isMissing(error: unknown): boolean {
  return error instanceof EnvsealError && error.code === 'not_found';
}

type Operation = 'PutLogEvents' | 'CreateLogStream' | 'CreateLogGroup';

async function call(
  operation: Operation,
  input: Readonly<Record<string, unknown>>,
  { name, region, group, stream }: LogStream,
  client: AwsClient,
): Promise<JsonObject> {
  const arn = `arn:${partitionOf(region)}:logs:${region}:*:log-group:${group}`;
  const resource = operation === 'PutLogEvents' ? `${arn}:log-stream:${stream}` : arn;
  const target = 'Logs_20140328';
  try {
    const json = {
      service: 'logs',
      region,
      target,
      operation,
      input,
      resource,
      subject: name,
    } as const;
    return await callJson({ ...json, explain: (code) => explain(code, group) }, client);
  } catch (error) {
    if (error === EXISTS) return {};
    throw error;
  }
}

/** Another container created it first. */
const EXISTS = new EnvsealError('configuration', 'it exists already');

function explain(code: string, group: string): EnvsealError | undefined {
  switch (code) {
    case 'ResourceAlreadyExistsException':
      return EXISTS;
    case 'ResourceNotFoundException':
      return new EnvsealError('not_found', `no such log group: ${group}`, {
        hint: `aws logs create-log-group --log-group-name ${group}, or add create-group=true to the URI`,
      });
    // Two containers create the same group at the same time.
    case 'OperationAbortedException':
      return new EnvsealError('unreachable', 'CloudWatch Logs is busy with the log group', {
        hint: 'retried with backoff; try again later',
        retryable: true,
      });
    default:
      return undefined;
  }
}

/** A 200 can reject what it was sent. */
function checkAnswer({ rejectedLogEventsInfo }: JsonObject): void {
  if (rejectedLogEventsInfo === undefined || rejectedLogEventsInfo === null) return;
  throw new EnvsealError('undelivered', 'CloudWatch Logs rejected the event as too old or too new', {
    hint: "check the clock of this machine, and the log group's retention",
  });
}

function byTime(a: AuditEvent, b: AuditEvent): number {
  return Date.parse(a.time) - Date.parse(b.time);
}

/**
 * `source` is the URI of the source here, as in the metric: CloudEvents' own names the host, and each host would be a
 * metric of its own, which is paid for by number.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
function toLogEvent(event: AuditEvent): object {
  const timestamp = Date.parse(event.time);
  const change = 'previousVersion' in event.data ? { change: event.type.split('.').at(-1) } : undefined;
  const name = change === undefined ? 'Accesses' : 'Changes';
  const metrics = {
    Namespace: 'envseal',
    // A change without its file: an alarm is on any of them, and the message has which.
    Dimensions: [[change === undefined ? 'source' : 'change', 'outcome'], ['outcome']],
    Metrics: [{ Name: name, Unit: 'Count' }],
  };
  const message = {
    _aws: { Timestamp: timestamp, CloudWatchMetrics: [metrics] },
    ...event,
    source: event.subject,
    ...change,
    outcome: event.data.outcome,
    [name]: 1,
  };
  return { timestamp, message: JSON.stringify(message) };
}
