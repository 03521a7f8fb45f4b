/**
 * Splunk's HTTP Event Collector: all events in one request, and with `ack=true` the word of the indexers.
 * https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/format-events-for-http-event-collector
 */
import { EnvsealError } from '../../errors.ts';
import type { Deadline } from '../../net/deadline.ts';
import { retry } from '../../net/retry.ts';
import type { AuditEvent } from '../event.ts';
import type { MakeSink, SinkContext } from '../sink.ts';
import { type Answer, type Post, post } from './http-post.ts';
import { httpUrl, misused, type Query, readQuery, readSwitch, sinkName } from './sink-uri.ts';

const TOKEN = 'ENVSEAL_SPLUNK_TOKEN';
const EVENT_PATH = '/services/collector/event';
/** Fields are found in it without a setting. https://help.splunk.com/en/splunk-enterprise/get-data-in/get-data-into-splunk-enterprise/list-of-pretrained-source-types */
const SOURCE_TYPE = '_json';

export const splunk: MakeSink = (url, context) => {
  const query = readQuery(url, ['index', 'source', 'sourcetype', 'ack', 'path']);
  const target = httpUrl(url, query.path ?? EVENT_PATH);
  const isAcknowledged = readSwitch(url, query, 'ack');
  if (isAcknowledged && !target.pathname.endsWith('/event')) {
    throw misused(url, 'has a path other than that of the event endpoint', `use path=${EVENT_PATH}`);
  }
  context.http.refuseInsecure(target);
  const authorization = `Splunk ${readToken(context)}`;
  return {
    name: sinkName(url),
    async deliver(events, deadline) {
      const channel = isAcknowledged ? { 'x-splunk-request-channel': crypto.randomUUID() } : undefined;
      const request: Post = {
        url: target,
        headers: () => ({ authorization, 'content-type': 'application/json', ...channel }),
        body: events.map((event) => JSON.stringify(wrap(event, query))).join(''),
        secret: TOKEN,
        explain,
      };
      const { body } = await post(request, context, deadline);
      if (channel !== undefined) await waitForIndexers(request, body?.ackId, context, deadline);
    },
  };
};

/** It becomes a header, so it must not end one. */
function readToken(context: SinkContext): string {
  const token = context.secret(TOKEN).reveal().trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new EnvsealError(
    'configuration',
    `${TOKEN} is not a valid token: expected one line of visible ASCII`,
    {
      hint: 'set it to the token value of the HTTP Event Collector, without the word Splunk',
    },
  );
}

/** Index and the token's other defaults stay Splunk's unless the URI names them. */
function wrap(event: AuditEvent, { index, source, sourcetype }: Query): object {
  const { host } = event.data.place;
  return {
    time: Date.parse(event.time) / 1000,
    ...(host === null ? {} : { host }),
    source: source ?? 'envseal',
    sourcetype: sourcetype ?? SOURCE_TYPE,
    ...(index === undefined ? {} : { index }),
    event,
  };
}

/**
 * Every code is a failure but 0, whatever the status says.
 * https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/troubleshoot-http-event-collector
 */
function explain({ status, body }: Answer): EnvsealError | undefined {
  const code = body?.code;
  if (typeof code === 'number' && code >= 1 && code <= 4) {
    return new EnvsealError('credentials', `Splunk does not accept the token: code ${code}`, {
      hint: `check ${TOKEN}, and that the token is enabled (Settings, Data inputs, HTTP Event Collector)`,
    });
  }
  // Busy, failing or on its way down: what `post` makes of a 5xx.
  if (status >= 500 || status === 429) return undefined;
  if (code === SERVER_IS_BUSY) {
    return new EnvsealError('unreachable', `Splunk is busy: code ${code}`, {
      hint: 'retried with backoff; check the queues of its indexers',
      retryable: true,
    });
  }
  if (typeof code === 'number' && code !== 0) {
    return new EnvsealError('undelivered', `Splunk rejected the event: code ${code}`, {
      hint: CODE_HINTS[code] ?? "look up the code in Splunk's documentation of the HTTP Event Collector",
    });
  }
  if (status < 200 || status >= 300 || code === 0) return undefined;
  return new EnvsealError('undelivered', 'it does not respond like an HTTP Event Collector', {
    hint: 'check host, port and path in --event-sink',
  });
}

const SERVER_IS_BUSY = 9;

const CODE_HINTS: Readonly<Record<number, string>> = {
  7: 'allow the index for this token, or check ?index=',
  10: 'the token has indexer acknowledgment enabled: add ack=true',
  11: 'the token has indexer acknowledgment enabled: add ack=true',
  14: 'remove ack=true, or enable indexer acknowledgment for the token',
};

/** https://help.splunk.com/splunk-enterprise/get-data-in/collect-http-event-data/about-http-event-collector-indexer-acknowledgment */
async function waitForIndexers(
  { headers, url, ...request }: Post,
  ackId: unknown,
  context: SinkContext,
  deadline: Deadline,
): Promise<void> {
  if (typeof ackId !== 'number') {
    throw new EnvsealError('undelivered', 'Splunk accepted the event but returned no ackId', {
      hint: CODE_HINTS[14] as string,
    });
  }
  const ackUrl = new URL(url);
  ackUrl.pathname = url.pathname.replace(/event$/, 'ack');
  ackUrl.searchParams.set('channel', headers()['x-splunk-request-channel'] as string);
  const body = JSON.stringify({ acks: [ackId] });
  const ask = { ...request, headers, url: ackUrl, body, explain: explainAck };
  await retry(
    async () => {
      const answer = await post(ask, context, deadline);
      const acks = answer.body?.acks as Readonly<Record<string, unknown>>;
      if (acks[ackId] !== true) throw notIndexed();
    },
    deadline,
    Math.random,
    Number.POSITIVE_INFINITY,
  );
}

function explainAck(answer: Answer): EnvsealError | undefined {
  const isAnswer = typeof answer.body?.acks === 'object' && answer.body.acks !== null;
  return answer.status === 200 && isAnswer ? undefined : explain(answer);
}

function notIndexed(): EnvsealError {
  return new EnvsealError('undelivered', 'Splunk accepted the event but did not index it in time', {
    hint: 'raise --event-timeout, or remove ack=true',
    retryable: true,
  });
}
