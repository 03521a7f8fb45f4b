/** Log groups, their streams, and what is in them. */

import { ACCOUNT_ID } from '../aws/defaults.ts';

export interface InputLogEvent {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly message: string;
}

export interface LogStream {
  readonly name: string;
  readonly creationTime: number;
  readonly events: InputLogEvent[];
}

export interface LogGroup {
  readonly name: string;
  readonly region: string;
  /** Absent: for ever. */
  readonly retentionDays?: number;
  readonly streams: Map<string, LogStream>;
}

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_RejectedLogEventsInfo.html */
export interface RejectedLogEventsInfo {
  /** That one, and all after it. */
  readonly tooNewLogEventStartIndex?: number;
  /** All before that one. */
  readonly tooOldLogEventEndIndex?: number;
  /** All before that one. */
  readonly expiredLogEventEndIndex?: number;
}

export class LogGroups {
  readonly #groups = new Map<string, LogGroup>();

  find(region: string, name: string): LogGroup | undefined {
    return this.#groups.get(`${region} ${name}`);
  }

  /** Makes it, or gives the one there is its settings. */
  make(region: string, name: string, retentionDays?: number): LogGroup {
    const { streams = new Map<string, LogStream>() } = this.find(region, name) ?? {};
    const group = { name, region, streams, ...(retentionDays !== undefined && { retentionDays }) };
    this.#groups.set(`${region} ${name}`, group);
    return group;
  }
}

export function makeStream({ streams }: LogGroup, name: string, creationTime: number): void {
  streams.set(name, { name, creationTime, events: [] });
}

/** What permissions are about: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html */
export function arnOf(region: string, group: string, stream = ''): string {
  return `arn:aws:logs:${region}:${ACCOUNT_ID}:log-group:${group}:log-stream:${stream}`;
}
