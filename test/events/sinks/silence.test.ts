/** No body holds a value of a source or a secret of ours, whatever is in an event. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AccessData, accessEvent, type ChangeData, changeEvent } from '../../../src/events/event.ts';
import type { SinkContext } from '../../../src/events/sink.ts';
import { makeSink } from '../../../src/events/sinks/registry.ts';
import { formatMessage } from '../../../src/events/sinks/syslog-message.ts';
import { Deadline } from '../../../src/net/deadline.ts';
import { Secret } from '../../../src/secret.ts';
import { nodeSystem } from '../../../src/system/node/system.ts';
import type { FetchOptions, System } from '../../../src/system/system.ts';
import { accessData, CHANGES, changeData, subject, time } from '../samples.ts';
import { contextOf } from './sending.ts';

const VALUE = 'xQ7Zj0Kw9Vb3Gy-value';
const variables = {
  ENVSEAL_WEBHOOK_SECRET: 'xQ7Zj0Kw9Vb3Gy-webhook',
  ENVSEAL_SPLUNK_TOKEN: 'xQ7Zj0Kw9Vb3Gy-splunk',
  ENVSEAL_OTLP_HEADERS: 'authorization=xQ7Zj0Kw9Vb3Gy-otlp',
  AWS_ACCESS_KEY_ID: 'AKIAXQ7ZJ0KW9VB3GYAA',
  AWS_SECRET_ACCESS_KEY: 'xQ7Zj0Kw9Vb3Gy-aws',
  AWS_SESSION_TOKEN: 'xQ7Zj0Kw9Vb3Gy-session',
  GOOGLE_OAUTH_ACCESS_TOKEN: 'xQ7Zj0Kw9Vb3Gy-google',
};
const URIS = [
  'stderr:',
  'file:///log',
  'https://receiver.example/hook',
  'splunk+https://receiver.example',
  'otlp+https://receiver.example',
  'cloudwatch://group/stream?region=us-east-1',
  'gcp-logging://project-1/log',
];

interface Seen {
  readonly host: string;
  readonly body: string;
  readonly headers: string;
}

function recording(seen: Seen[]): System {
  return {
    ...nodeSystem,
    write: (_, body) => seen.push({ host: '', body, headers: '' }) > 0,
    append: async (_, lines) => void seen.push({ host: '', body: lines.join(''), headers: '' }),
    async fetch(url: string, { body = '', headers }: FetchOptions) {
      seen.push({ host: new URL(url).host, body: url + body, headers: JSON.stringify(headers) });
      return new Response('{"code":0}', { headers: { 'content-type': 'application/json' } });
    },
  };
}

async function deliver(uri: string, context: SinkContext, events: Parameters<typeof formatMessage>[0][]) {
  const deadline = new Deadline(30);
  const sink = await makeSink(uri, context);
  await sink.deliver(events, deadline).finally(() => deadline.clear());
}

/** A value where the types let none be. */
function smuggled(data: AccessData): AccessData {
  const secret = new Secret(VALUE) as unknown as string;
  const names = { count: 1, names: [secret], values: [VALUE] };
  const more = { secret: VALUE, values: { A: VALUE } };
  return { ...data, ...more, command: secret, version: secret, kmsKeys: [secret], variables: names };
}

function smuggledChange(data: ChangeData): ChangeData {
  const secret = new Secret(VALUE) as unknown as string;
  const names = { count: 1, names: [secret], values: [VALUE] };
  const variables = { added: names, changed: names, removed: names, values: { A: VALUE } };
  const more = { secret: VALUE, before: { A: VALUE } };
  return { ...data, ...more, version: secret, previousVersion: secret, kmsKeys: [secret], variables };
}

const events = fc.oneof(
  fc.tuple(subject, accessData, time).map(([about, data, at]) => accessEvent(about, smuggled(data), at)),
  fc
    .tuple(subject, fc.constantFrom(...CHANGES), changeData, time)
    .map(([about, what, data, at]) => changeEvent(about, what, smuggledChange(data), at)),
);

test('every sink', async () => {
  const seen: Seen[] = [];
  const context = contextOf({ variables, system: recording(seen) });
  await fc.assert(
    fc.asyncProperty(events, async (event) => {
      for (const uri of URIS) await deliver(uri, context, [event]);
      const syslog = [480, 2048, 8192].map((limit) =>
        Buffer.from(formatMessage(event, 10, limit)).toString(),
      );
      const bodies = [...seen.map(({ body }) => body), ...syslog].join('\n');
      expect(seen).toHaveLength(URIS.length);
      expect(bodies).toContain(event.id);
      expect(bodies).not.toContain('xQ7Zj0Kw9Vb3Gy');
      seen.length = 0;
    }),
    { numRuns: 50 },
  );
});

test.each([
  ['https://receiver.example/hook', 'receiver.example', []],
  ['splunk+https://receiver.example', 'receiver.example', ['xQ7Zj0Kw9Vb3Gy-splunk']],
  ['otlp+https://receiver.example', 'receiver.example', ['xQ7Zj0Kw9Vb3Gy-otlp']],
  ['cloudwatch://group?region=eu-central-1', 'logs.eu-central-1.amazonaws.com', ['xQ7Zj0Kw9Vb3Gy-session']],
  ['gcp-logging://project-1/log', 'logging.googleapis.com', ['xQ7Zj0Kw9Vb3Gy-google']],
])('%s has its own token only, for its own host', async (uri, host, tokens) => {
  const seen: Seen[] = [];
  const [data] = fc.sample(accessData, 1) as [AccessData];
  await deliver(uri, contextOf({ variables, system: recording(seen) }), [accessEvent('s3://a/b', data, 0)]);
  const [{ headers, host: sentTo } = expect.unreachable()] = seen;
  expect(sentTo).toBe(host);
  expect(headers.match(/xQ7Zj0Kw9Vb3Gy-\w+/g) ?? []).toEqual(tokens);
});

test.each([
  ['us-east-1', 'logs-fips.us-east-1.amazonaws.com'],
  ['us-gov-west-1', 'logs.us-gov-west-1.amazonaws.com'],
  ['cn-north-1', 'logs-fips.cn-north-1.amazonaws.com.cn'],
])('CloudWatch with FIPS in %s is %s', async (region, host) => {
  const seen: Seen[] = [];
  const [data] = fc.sample(accessData, 1) as [AccessData];
  const fips = { ...variables, AWS_USE_FIPS_ENDPOINT: 'true' };
  const context = contextOf({ variables: fips, system: recording(seen) });
  await deliver(`cloudwatch://group?region=${region}`, context, [accessEvent('s3://a/b', data, 0)]);
  expect(seen.map((request) => request.host)).toEqual([host]);
});
