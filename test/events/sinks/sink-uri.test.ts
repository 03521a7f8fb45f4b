/** Which URIs are sinks, and what is said of those that are none. */
import { describe, expect, test } from 'vitest';
import { makeSink } from '../../../src/events/sinks/registry.ts';
import { CANARY, contextOf, failure } from './sending.ts';

const variables = { ENVSEAL_SPLUNK_TOKEN: 'token' };

describe('a sink', () => {
  test.each([
    ['stderr:', 'stderr'],
    ['file:///var/log/envseal.log', 'file:///var/log/envseal.log'],
    ['https://events.example/hook?key=abc', 'https://events.example/hook'],
    ['splunk+https://splunk.example:8088?index=main', 'splunk+https://splunk.example:8088'],
    ['cloudwatch://audit', 'cloudwatch://audit'],
    ['cloudwatch:///aws/ecs/audit/stream?region=eu-central-1', 'cloudwatch:///aws/ecs/audit/stream'],
    ['gcp-logging://project-1/audit', 'gcp-logging://project-1/audit'],
    ['gcp-logging://example.com%3Aproject/a/b', 'gcp-logging://example.com%3Aproject/a/b'],
    ['otlp+https://otel.example:4318?path=/x/v1/logs', 'otlp+https://otel.example:4318'],
    ['syslog+udp://[::1]:514?facility=16', 'syslog+udp://[::1]:514'],
    ['syslog+tcp://logs', 'syslog+tcp://logs'],
    ['syslog+tls://logs.example:6514', 'syslog+tls://logs.example:6514'],
    ['syslog+unix:///dev/log', 'syslog+unix:///dev/log'],
  ])('%s', async (uri, name) => {
    expect((await makeSink(uri, contextOf({ variables }))).name).toBe(name);
  });
});

describe('no sink', () => {
  test.each<[string, string, string | RegExp]>([
    ['splunk+http', 'unknown kind of event sink', /^use one of stderr:, file:/],
    ['stdrr:', 'unknown event sink stdrr:', 'did you mean stderr:?'],
    ['cloudwatchs://a', 'unknown event sink cloudwatchs:', 'did you mean cloudwatch://GROUP/STREAM?'],
    ['kafka://a', 'unknown kind of event sink', /^use one of/],
    [`${CANARY}`, 'unknown kind of event sink', /^use one of/],
    [`mailto:${CANARY}@b`, 'unknown kind of event sink', /^use one of/],
    [`https://user:${CANARY} @h:x/`, 'the event sink https: is not a valid URI', 'use https://HOST/PATH'],
    [
      `https://${CANARY}@h/x`,
      'the event sink https://…@h has a user or a password in it',
      /variables of their own/,
    ],
    [
      `splunk+https://a:${CANARY}@h/`,
      'the event sink splunk+https://…@h has a user or a password in it',
      /./,
    ],
    ['https://h/#a', 'the event sink https: has a #', 'write %23 for a # in a name'],
    ['stderr:/x', 'the event sink stderr:/x has a path', 'use stderr:'],
    [`stderr:?x=${CANARY}`, 'the event sink stderr: has an unknown query parameter', 'it takes none'],
    ['file://host/x', 'the event sink file://host/x names a host', 'use file:///PATH'],
    ['file:///', 'the event sink file:/// names no file', 'use file:///PATH'],
    ['file:///a%00b', 'the event sink file:///a%00b has a NUL', 'remove %00'],
    ['file:///a%ffb', 'the event sink file:///a%ffb has an invalid % escape', 'write %25 for a %'],
    [`splunk+https://h?idx=${CANARY}`, 'the event sink splunk+https://h has an unknown query parameter', /./],
    [
      'splunk+https://h?indx=a',
      'the event sink splunk+https://h has an unknown query parameter',
      'did you mean index?',
    ],
    [
      'splunk+https://h?index=a&index=b',
      'the event sink splunk+https://h has the query parameter index twice',
      'keep one',
    ],
    ['splunk+https://h?index=', 'the event sink splunk+https://h has index without a value', /./],
    [
      'splunk+https://h?ack=yes',
      'the event sink splunk+https://h has an unknown ack',
      'use ack=true or ack=false',
    ],
    ['splunk+https://h/services', 'the event sink splunk+https://h/services has a path', 'use ?path=/PATH'],
    ['splunk+https:///', 'the event sink splunk+https:/// names no host', 'use splunk+https://HOST:PORT'],
    ['splunk+http://h', 'the endpoint http://h is not https:', /--allow-insecure-endpoint/],
    ['otlp+http://h', 'the endpoint http://h is not https:', /./],
    [
      'otlp+https://h?path=v1',
      'the event sink otlp+https://h has a path that is not absolute',
      'use path=/PATH',
    ],
    ['cloudwatch://', 'the event sink cloudwatch:// names no log group', /./],
    ['cloudwatch://a:1', 'the event sink cloudwatch://a:1 names no log group', /./],
    ['cloudwatch://a/b%3Ac', 'the event sink cloudwatch://a/b%3Ac names no log group', /./],
    ['cloudwatch://a?create-group=1', 'the event sink cloudwatch://a has an unknown create-group', /./],
    [
      'gcp-logging://project-1',
      'the event sink gcp-logging://project-1 names no log',
      'use gcp-logging://PROJECT/LOG',
    ],
    ['gcp-logging://project-1/a%20b', 'the event sink gcp-logging://project-1/a%20b names no log', /./],
    [
      'syslog+udp://h/x',
      'the event sink syslog+udp://h/x has no valid host and port',
      'use syslog+udp://HOST:PORT',
    ],
    ['syslog+unix://h', 'the event sink syslog+unix://h has no path', 'use syslog+unix:///dev/log'],
    ['syslog+tcp://h?facility=24', 'the event sink syslog+tcp://h has an unknown facility', /./],
  ])('%s', async (uri, message, hint) => {
    const found = await failure(uri, { variables });
    expect(found).toMatchObject({ code: 'configuration', message });
    expect(found.hint).toMatch(hint);
  });

  test('without the secret that it needs', async () => {
    expect(await failure('splunk+https://h')).toMatchObject({
      code: 'configuration',
      message: 'ENVSEAL_SPLUNK_TOKEN is not set',
    });
  });

  test('outside of googleapis.com', async () => {
    const universe = { GOOGLE_CLOUD_UNIVERSE_DOMAIN: 'example.com' };
    expect(await failure('gcp-logging://project-1/audit', { variables: universe })).toMatchObject({
      code: 'configuration',
      message: 'the event sink gcp-logging://project-1/audit works only with googleapis.com',
    });
  });
});
