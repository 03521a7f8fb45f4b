/**
 * Syslog over UDP, TCP, TLS or a unix socket. https://www.rfc-editor.org/rfc/rfc5424
 *
 * Syslog has no answers. A datagram is taken to be delivered when it is sent; a stream when the receiver, which hears
 * that we are done, ends its side too, because it reads that last. What goes over UDP or TCP is not encrypted: it is for
 * a collector beside the container, and holds no values.
 */
import type { MakeSink } from '../sink.ts';
import { decode, misused, type Query, readQuery, sinkName } from './sink-uri.ts';
import { formatMessage } from './syslog-message.ts';

/** Security and authorization messages, private: authpriv. */
const DEFAULT_FACILITY = 10;

/**
 * Longest messages that receivers are asked to take, in bytes: https://www.rfc-editor.org/rfc/rfc5424#section-6.1 and
 * https://www.rfc-editor.org/rfc/rfc5425#section-4.3.1, which rsyslog has as its limit for all.
 */
const MAX_DATAGRAM_BYTES = 2048;
const MAX_MESSAGE_BYTES = 8192;

const DEFAULT_PORTS: Readonly<Record<string, number>> = { udp: 514, tcp: 514, tls: 6514 };

export const syslog: MakeSink = (url, context) => {
  const facility = readFacility(url, readQuery(url, ['facility']));
  const transport = url.protocol.slice('syslog+'.length, -1);
  const limit = transport === 'udp' ? MAX_DATAGRAM_BYTES : MAX_MESSAGE_BYTES;
  const isUnix = transport === 'unix';
  if (isUnix && (url.host !== '' || url.pathname.length < 2)) {
    throw misused(url, 'has no path', 'use syslog+unix:///dev/log');
  }
  const isBare = url.pathname === '' || url.pathname === '/';
  if (!isUnix && (url.hostname === '' || !isBare)) {
    throw misused(url, 'has no valid host and port', `use ${url.protocol}//HOST:PORT`);
  }
  const path = decode(url, url.pathname);
  const host = decode(url, url.hostname).replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (DEFAULT_PORTS[transport] ?? 0) : Number(url.port);
  // Loaded while the sources are on their way; a failure surfaces when it is needed.
  const network = isUnix ? undefined : import('./syslog-network.ts');
  network?.catch(() => {});
  return {
    name: sinkName(url),
    async deliver(events, deadline) {
      const messages = events.map((event) => formatMessage(event, facility, limit));
      if (network === undefined) {
        const { sendToUnix } = await import('./syslog-unix.ts');
        return await sendToUnix(messages, path, context.system, deadline);
      }
      const { sendDatagrams, sendStream } = await network;
      if (transport === 'udp') return await sendDatagrams(messages, { host, port }, context.system, deadline);
      const ca = transport === 'tls' ? { ca: context.http.certificates() } : undefined;
      await sendStream(countOctets(messages), { host, port, ...ca }, context.system, deadline);
    },
  };
};

function readFacility(url: URL, { facility }: Query): number {
  if (facility === undefined) return DEFAULT_FACILITY;
  const number = /^\d{1,2}$/.test(facility) ? Number(facility) : Number.NaN;
  if (number <= 23) return number;
  throw misused(url, 'has an unknown facility', 'use a number from 0 to 23; authpriv is 10, local0 is 16');
}

/** https://www.rfc-editor.org/rfc/rfc6587#section-3.4.1 */
function countOctets(messages: readonly Uint8Array[]): Buffer {
  return Buffer.concat(messages.flatMap((message) => [Buffer.from(`${message.length} `), message]));
}
