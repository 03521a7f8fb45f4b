/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Operations.html */

import { type AccessKey, refusal } from '../aws/access-keys.ts';
import type { Inbox } from '../inbox.ts';
import { ProtocolError } from '../kms/errors.ts';
import {
  arnOf,
  type InputLogEvent,
  type LogGroup,
  type LogGroups,
  makeStream,
  type RejectedLogEventsInfo,
} from './logs.ts';

/** One PutLogEvents that was taken, with every event that it had. */
export interface PutLogEvents {
  readonly region: string;
  readonly group: string;
  readonly stream: string;
  readonly caller: string;
  readonly events: readonly InputLogEvent[];
  readonly rejected: RejectedLogEventsInfo | null;
}

export interface Context {
  readonly groups: LogGroups;
  readonly puts: Inbox<PutLogEvents>;
  /** Said of every put, instead of what its times deserve. */
  readonly rejects: RejectedLogEventsInfo | null;
  readonly region: string;
  readonly caller: AccessKey;
  readonly nowMs: number;
}

type Input = Readonly<Record<string, unknown>>;

export const OPERATIONS: Readonly<Record<string, (input: Input, context: Context) => object>> = {
  CreateLogGroup: createLogGroup,
  CreateLogStream: createLogStream,
  DescribeLogStreams: describeLogStreams,
  PutLogEvents: putLogEvents,
};

const GROUP_NAME = /^[.\-_/#A-Za-z0-9]{1,512}$/;
const STREAM_NAME = /^[^:*]{1,512}$/;

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html */
const MAX_EVENTS = 10_000;
const MAX_BATCH_BYTES = 1_048_576;
const BYTES_PER_EVENT = 26;
const DAY_MS = 24 * 3_600_000;
const MAX_AGE_MS = 14 * DAY_MS;
const MAX_AHEAD_MS = 2 * 3_600_000;
const MAX_DESCRIBED = 50;

function createLogGroup(input: Input, context: Context): object {
  const name = nameOf(input, 'logGroupName', GROUP_NAME);
  permit(context, 'logs:CreateLogGroup', name);
  if (context.groups.find(context.region, name) !== undefined)
    throw new ProtocolError('ResourceAlreadyExistsException', 'The specified log group already exists');
  context.groups.make(context.region, name);
  return {};
}

function createLogStream(input: Input, context: Context): object {
  const groupName = nameOf(input, 'logGroupName', GROUP_NAME);
  const name = nameOf(input, 'logStreamName', STREAM_NAME);
  permit(context, 'logs:CreateLogStream', groupName, name);
  const group = findGroup(groupName, context);
  if (group.streams.has(name))
    throw new ProtocolError('ResourceAlreadyExistsException', 'The specified log stream already exists');
  makeStream(group, name, context.nowMs);
  return {};
}

function describeLogStreams(input: Input, context: Context): object {
  const groupName = nameOf(input, 'logGroupName', GROUP_NAME);
  permit(context, 'logs:DescribeLogStreams', groupName);
  const { streams } = findGroup(groupName, context);
  const { logStreamNamePrefix: prefix = '', limit = MAX_DESCRIBED } = input;
  if (!(Number.isInteger(limit) && Number(limit) >= 1 && Number(limit) <= MAX_DESCRIBED))
    throw invalid('limit', limit, `Member must have value less than or equal to ${MAX_DESCRIBED}`);
  const names = [...streams.keys()].filter((name) => name.startsWith(String(prefix))).sort();
  return {
    logStreams: names.slice(0, Number(limit)).map((name) => ({
      logStreamName: name,
      creationTime: streams.get(name)?.creationTime,
      arn: arnOf(context.region, groupName, name),
      storedBytes: 0,
    })),
  };
}

function putLogEvents(input: Input, context: Context): object {
  const { region, caller, puts } = context;
  const group = nameOf(input, 'logGroupName', GROUP_NAME);
  const stream = nameOf(input, 'logStreamName', STREAM_NAME);
  const events = eventsOf(input.logEvents);
  permit(context, 'logs:PutLogEvents', group, stream);
  const found = findGroup(group, context);
  const { events: kept } = found.streams.get(stream) ?? missing('stream');
  const rejected = context.rejects ?? rejectedOf(events, found, context.nowMs);
  checkBatch(events, rejected);
  kept.push(...acceptedOf(events, rejected));
  puts.put({ region, group, stream, caller: caller.arn, events, rejected });
  return {
    nextSequenceToken: String(kept.length).padStart(56, '4'),
    ...(rejected !== null && { rejectedLogEventsInfo: rejected }),
  };
}

function permit({ caller, region }: Context, action: string, group: string, stream?: string): void {
  const message = refusal(caller, action, arnOf(region, group, stream), false);
  if (message !== null) throw new ProtocolError('AccessDeniedException', message);
}

function findGroup(name: string, { groups, region }: Context): LogGroup {
  return groups.find(region, name) ?? missing('group');
}

function missing(what: 'group' | 'stream'): never {
  throw new ProtocolError('ResourceNotFoundException', `The specified log ${what} does not exist.`);
}

function nameOf(input: Input, field: string, pattern: RegExp): string {
  const value = input[field];
  if (value === undefined || value === null) throw invalid(field, null, 'Member must not be null');
  if (typeof value !== 'string')
    throw new ProtocolError('SerializationException', `${field} is not a string`);
  if (pattern.test(value)) return value;
  const source = pattern.source.slice(1, -1).replace(/\{.*\}$/, '+');
  throw invalid(field, value, `Member must satisfy regular expression pattern: ${source}`);
}

function eventsOf(value: unknown): InputLogEvent[] {
  if (value === undefined || value === null) throw invalid('logEvents', null, 'Member must not be null');
  if (!Array.isArray(value)) throw new ProtocolError('SerializationException', 'logEvents is not a list');
  if (value.length === 0)
    throw invalid('logEvents', '[]', 'Member must have length greater than or equal to 1');
  if (value.length > MAX_EVENTS)
    throw invalid('logEvents', '[...]', `Member must have length less than or equal to ${MAX_EVENTS}`);
  return value.map(eventOf);
}

function eventOf(event: Partial<InputLogEvent> | null, index: number): InputLogEvent {
  const { timestamp, message } = event ?? {};
  const at = `logEvents.${index + 1}.member`;
  if (timestamp === undefined) throw invalid(`${at}.timestamp`, null, 'Member must not be null');
  if (message === undefined) throw invalid(`${at}.message`, null, 'Member must not be null');
  if (!Number.isInteger(timestamp) || typeof message !== 'string')
    throw new ProtocolError('SerializationException', `${at} is not an event`);
  if (timestamp < 0)
    throw invalid(`${at}.timestamp`, timestamp, 'Member must have value greater than or equal to 0');
  if (message === '')
    throw invalid(`${at}.message`, message, 'Member must have length greater than or equal to 1');
  return { timestamp, message };
}

/** What makes the whole batch fail. */
function checkBatch(events: readonly InputLogEvent[], rejected: RejectedLogEventsInfo | null): void {
  const bytes = events.reduce((sum, { message }) => sum + Buffer.byteLength(message) + BYTES_PER_EVENT, 0);
  if (bytes > MAX_BATCH_BYTES)
    throw parameter(`Upload too large: ${bytes} bytes exceeds limit of ${MAX_BATCH_BYTES}`);
  if (events.some(({ timestamp }, at) => timestamp < (events[at - 1]?.timestamp ?? 0)))
    throw parameter('Log events in a single PutLogEvents request must be in chronological order.');
  const accepted = acceptedOf(events, rejected);
  const [first, last] = [accepted[0]?.timestamp ?? 0, accepted.at(-1)?.timestamp ?? 0];
  if (last - first > DAY_MS)
    throw parameter(
      'The batch of log events in a single PutLogEvents request cannot span more than 24 hours.',
    );
}

function rejectedOf(
  events: readonly InputLogEvent[],
  { retentionDays = Number.POSITIVE_INFINITY }: LogGroup,
  nowMs: number,
): RejectedLogEventsInfo | null {
  const tooOld = events.filter(({ timestamp }) => timestamp < nowMs - MAX_AGE_MS).length;
  const expired = events.filter(({ timestamp }) => timestamp < nowMs - retentionDays * DAY_MS).length;
  const tooNew = events.findIndex(({ timestamp }) => timestamp > nowMs + MAX_AHEAD_MS);
  const info = {
    ...(tooOld > 0 && { tooOldLogEventEndIndex: tooOld }),
    ...(expired > tooOld && { expiredLogEventEndIndex: expired }),
    ...(tooNew >= 0 && { tooNewLogEventStartIndex: tooNew }),
  };
  return Object.keys(info).length > 0 ? info : null;
}

function acceptedOf(
  events: readonly InputLogEvent[],
  rejected: RejectedLogEventsInfo | null,
): readonly InputLogEvent[] {
  const {
    tooOldLogEventEndIndex = 0,
    expiredLogEventEndIndex = 0,
    tooNewLogEventStartIndex,
  } = rejected ?? {};
  return events.slice(Math.max(tooOldLogEventEndIndex, expiredLogEventEndIndex), tooNewLogEventStartIndex);
}

function invalid(field: string, value: unknown, constraint: string): ProtocolError {
  const shown = value === null ? 'null' : `'${value}'`;
  return parameter(
    `1 validation error detected: Value ${shown} at '${field}' failed to satisfy constraint: ${constraint}`,
  );
}

function parameter(message: string): ProtocolError {
  return new ProtocolError('InvalidParameterException', message);
}
