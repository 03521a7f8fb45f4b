/**
 * Cloud Logging: all events in one call, with the credentials of the sources.
 * https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/entries/write
 */
import { EnvsealError } from '../../errors.ts';
import { type GoogleAnswer, readAnswer } from '../../gcp/client.ts';
import { googleUrl, isDefaultUniverse } from '../../gcp/endpoint.ts';
import { explainGoogleRefusal } from '../../gcp/service-errors.ts';
import { retry } from '../../net/retry.ts';
import type { AuditEvent } from '../event.ts';
import { SEVERITIES } from '../severity.ts';
import type { MakeSink } from '../sink.ts';
import { decode, misused, readQuery, sinkName } from './sink-uri.ts';

export const gcpLogging: MakeSink = (url, context) => {
  readQuery(url, []);
  const project = decode(url, url.hostname);
  const log = decode(url, url.pathname.slice(1));
  // https://docs.cloud.google.com/resource-manager/docs/creating-managing-projects
  const isProject = /^(?:[a-z0-9.-]+:)?[a-z0-9-]+$/.test(project) && url.port === '';
  if (!isProject || !/^[A-Za-z0-9/_.-]{1,511}$/.test(log)) {
    throw misused(url, 'names no log', 'use gcp-logging://PROJECT/LOG');
  }
  if (!isDefaultUniverse(context.variables)) {
    throw misused(url, 'works only with googleapis.com', 'in another universe, use otlp+https: or stderr:');
  }
  const target = googleUrl('logging', 'entries:write', context.variables);
  context.http.refuseInsecure(target);
  const name = sinkName(url);
  return {
    name,
    async deliver(events, deadline) {
      const client = (await context.google()).until(deadline);
      const body = JSON.stringify({
        logName: `projects/${project}/logs/${encodeURIComponent(log)}`,
        // The types for containers have labels that are not known here: location, cluster, container.
        resource: { type: 'global', labels: { project_id: project } },
        entries: events.map(toEntry),
      });
      await retry(async () => {
        const response = await client.send({ method: 'POST', url: target, body });
        const answer = await readAnswer(response, deadline.signal);
        const refusal = explain(answer, name, project);
        if (refusal !== undefined) throw refusal;
      }, deadline);
    },
  };
};

/** The id makes a repetition harmless: of entries with the same one, Cloud Logging keeps one. */
function toEntry(event: AuditEvent): object {
  const { outcome, reason, place } = event.data;
  const labels = { outcome, reason, subject: event.subject, ...place };
  return {
    insertId: event.id,
    timestamp: event.time,
    severity: SEVERITIES[outcome].google,
    labels: Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== null)),
    jsonPayload: event,
  };
}

function explain(answer: GoogleAnswer, subject: string, project: string): EnvsealError | undefined {
  const isJson = /^application\/json\b/i.test(answer.headers.get('content-type') ?? '');
  if (answer.status === 200 && isJson && answer.body.error === undefined) return undefined;
  if (answer.status === 200) {
    return new EnvsealError('undelivered', 'it does not respond like Cloud Logging', {
      hint: 'look for a proxy between here and logging.googleapis.com',
    });
  }
  if (answer.status === 404) {
    return new EnvsealError('not_found', `no such project: ${project}`, {
      hint: 'check the project in the URI',
    });
  }
  const permission = 'logging.logEntries.create';
  return explainGoogleRefusal({ ...answer, permission, resource: `projects/${project}`, subject });
}
