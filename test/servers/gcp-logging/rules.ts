/** The rules that an entry must obey. */

import { invalid, type LogEntry, type MonitoredResource } from './entries.ts';

export interface CompleteEntry extends LogEntry {
  readonly logName: string;
  readonly resource: MonitoredResource;
}

/** https://docs.cloud.google.com/logging/docs/api/v2/resource-list */
const RESOURCES: Readonly<Record<string, readonly string[]>> = {
  global: ['project_id'],
  generic_node: ['project_id', 'location', 'namespace', 'node_id'],
  generic_task: ['project_id', 'location', 'namespace', 'job', 'task_id'],
  gce_instance: ['project_id', 'instance_id', 'zone'],
  k8s_container: ['project_id', 'location', 'cluster_name', 'namespace_name', 'pod_name', 'container_name'],
  k8s_pod: ['project_id', 'location', 'cluster_name', 'namespace_name', 'pod_name'],
  cloud_run_revision: ['project_id', 'service_name', 'revision_name', 'location', 'configuration_name'],
  cloud_run_job: ['project_id', 'job_name', 'location'],
};

const LOG_NAME = /^projects\/([a-z][a-z0-9-]{4,28}[a-z0-9]|\d+)\/logs\/([^/]+)$/;
const LOG_ID = /^[\w./-]+$/;
const MAX_LOG_ID = 511;
const MAX_INSERT_ID = 512;
const PAYLOADS = ['textPayload', 'jsonPayload', 'protoPayload'];
/** https://docs.cloud.google.com/logging/quotas */
const MAX_ENTRY_BYTES = 256 * 1024;
const MAX_LABELS = 64;
const MAX_LABEL_KEY = 512;
const MAX_LABEL_VALUE = 64 * 1024;
const MAX_AHEAD_MS = 24 * 3_600_000;

/** Project of a log; throws for a name that is none. */
export function projectOf(logName: string): string {
  const [, project = '', encoded = ''] = LOG_NAME.exec(logName) ?? [];
  if (project === '') throw invalid(`Log name does not have the form projects/PROJECT/logs/LOG: ${logName}`);
  const id = decode(encoded);
  if (id === undefined || !LOG_ID.test(id) || id.length > MAX_LOG_ID)
    throw invalid(`Log name contains an illegal or unescaped character: ${logName}`);
  return project;
}

/** Throws INVALID_ARGUMENT for what an entry must not be. */
export function checkEntry(entry: CompleteEntry, nowMs: number): void {
  if (Buffer.byteLength(JSON.stringify(entry)) > MAX_ENTRY_BYTES)
    throw invalid(`Log entry with size exceeds maximum size of ${MAX_ENTRY_BYTES / 1024}.0K`);
  const payloads = PAYLOADS.filter((name) => name in entry);
  if (payloads.length === 0) throw invalid('Log entry has no payload');
  if (payloads.length > 1)
    throw invalid(`Invalid value at 'payload' (oneof), oneof field 'payload' is already set`);
  if (entry.insertId !== undefined && entry.insertId.length > MAX_INSERT_ID)
    throw invalid(`insertId is longer than ${MAX_INSERT_ID} characters`);
  if (entry.timestamp !== undefined && Date.parse(entry.timestamp) > nowMs + MAX_AHEAD_MS)
    throw invalid('Log entry has a timestamp more than 24 hours in the future');
  checkResource(entry.resource);
  checkLabels(entry.labels ?? {});
}

function checkResource({ type, labels = {} }: MonitoredResource): void {
  const known = Object.hasOwn(RESOURCES, type) ? RESOURCES[type] : undefined;
  if (known === undefined) throw invalid(`Unknown monitored resource type: ${type}`);
  const unknown = Object.keys(labels).find((name) => !known.includes(name));
  if (unknown !== undefined) throw invalid(`Unrecognized label for monitored resource ${type}: ${unknown}`);
}

function checkLabels(labels: Readonly<Record<string, string>>): void {
  const entries = Object.entries(labels);
  if (entries.length > MAX_LABELS) throw invalid(`Log entry has more than ${MAX_LABELS} labels`);
  const isLong = ([name, value]: [string, string]) =>
    name.length > MAX_LABEL_KEY || Buffer.byteLength(value) > MAX_LABEL_VALUE;
  if (entries.some(isLong)) throw invalid('Log entry has a label that is too long');
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
