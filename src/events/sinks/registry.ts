/** Sinks by the scheme of their URI; each is loaded when its first URI is there. */
import { EnvsealError } from '../../errors.ts';
import { nearest } from '../../nearest.ts';
import type { MakeSink, Sink, SinkContext } from '../sink.ts';

type Load = () => Promise<MakeSink>;

const webhook: Load = async () => (await import('./webhook.ts')).webhook;
const splunk: Load = async () => (await import('./splunk.ts')).splunk;
const otlp: Load = async () => (await import('./otlp.ts')).otlp;
const syslog: Load = async () => (await import('./syslog.ts')).syslog;

const SINKS: Readonly<Record<string, { readonly form: string; readonly load: Load }>> = {
  stderr: { form: 'stderr:', load: async () => (await import('./stderr.ts')).stderr },
  file: { form: 'file:///PATH', load: async () => (await import('./file.ts')).file },
  https: { form: 'https://HOST/PATH', load: webhook },
  http: { form: 'http://HOST/PATH', load: webhook },
  'splunk+https': { form: 'splunk+https://HOST:8088', load: splunk },
  'splunk+http': { form: 'splunk+http://HOST:8088', load: splunk },
  cloudwatch: {
    form: 'cloudwatch://GROUP/STREAM',
    load: async () => (await import('./cloudwatch.ts')).cloudwatch,
  },
  'gcp-logging': {
    form: 'gcp-logging://PROJECT/LOG',
    load: async () => (await import('./gcp-logging.ts')).gcpLogging,
  },
  'otlp+https': { form: 'otlp+https://HOST:4318', load: otlp },
  'otlp+http': { form: 'otlp+http://HOST:4318', load: otlp },
  'syslog+udp': { form: 'syslog+udp://HOST', load: syslog },
  'syslog+tcp': { form: 'syslog+tcp://HOST', load: syslog },
  'syslog+tls': { form: 'syslog+tls://HOST', load: syslog },
  'syslog+unix': { form: 'syslog+unix:///dev/log', load: syslog },
};

/** How the URIs look. */
export function sinkForms(): readonly string[] {
  return Object.values(SINKS).map(({ form }) => form);
}

/**
 * Throws `configuration` for an invalid sink. What is not understood is not shown: it can hold a password or
 * a token.
 */
export async function makeSink(uri: string, context: SinkContext): Promise<Sink> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase();
  const row = scheme !== undefined && Object.hasOwn(SINKS, scheme) ? SINKS[scheme] : undefined;
  if (row === undefined) throw unknown(scheme);
  if (!URL.canParse(uri)) throw refused(`the event sink ${scheme}: is not a valid URI`, `use ${row.form}`);
  const url = new URL(uri);
  if (url.username + url.password !== '') {
    throw refused(
      `the event sink ${scheme}://…@${url.host} has a user or a password in it`,
      `use ${row.form}; secrets go into variables of their own, such as ENVSEAL_SPLUNK_TOKEN`,
    );
  }
  if (uri.includes('#')) throw refused(`the event sink ${scheme}: has a #`, 'write %23 for a # in a name');
  return (await row.load())(url, context);
}

/** A scheme that is nearly one of ours is a slip; anything else could be part of a secret. */
function unknown(scheme: string | undefined): EnvsealError {
  const near = scheme === undefined ? undefined : nearest(scheme, Object.keys(SINKS));
  if (near !== undefined) {
    return refused(`unknown event sink ${scheme}:`, `did you mean ${SINKS[near]?.form}?`);
  }
  return refused('unknown kind of event sink', `use one of ${sinkForms().join(', ')}`);
}

function refused(message: string, hint: string): EnvsealError {
  return new EnvsealError('configuration', message, { hint });
}
