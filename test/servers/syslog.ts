/**
 * A receiver of syslog: RFC 5424 over UDP, TCP, TLS (RFC 5425, 6587) and unix sockets, all at once. `node syslog.ts`.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { announce } from './http/lifecycle.ts';
import { Inbox, inboxCommands } from './inbox.ts';
import { type Framing, Unframer } from './syslog/framing.ts';
import {
  listenTcp,
  listenTls,
  listenUdp,
  listenUnixDatagram,
  listenUnixStream,
  type StreamTransport,
  type Transport,
} from './syslog/listeners.ts';
import { MalformedError, parseSyslog, type SyslogMessage } from './syslog/message.ts';

export interface ReceivedSyslog extends SyslogMessage {
  readonly transport: Transport;
  /** `null` for a datagram. */
  readonly framing: Framing | null;
  /** The message as it came, without its framing. */
  readonly raw: Buffer;
}

export interface MalformedSyslog {
  readonly transport: Transport;
  readonly reason: string;
  readonly raw: Buffer;
}

export interface SyslogConnection {
  readonly transport: StreamTransport;
  /** Those that were read; over TLS, decrypted. */
  bytes: number;
  /** `null` while it is open. */
  ended: 'in order' | 'broken' | null;
}

export interface SyslogFault {
  /** Absent: every kind of connection. */
  readonly transport?: StreamTransport;
  /** Reset (RST) as soon as it is there; over TLS before the handshake. */
  readonly reset?: boolean;
  /** Take it and never read; over TLS never shake hands. */
  readonly hang?: boolean;
  /** Reset after this many bytes of the stream, which are read. */
  readonly resetAfterBytes?: number;
  /** How many connections it strikes. Default 1. */
  readonly count?: number | 'always';
}

const fresh = () => ({
  inbox: new Inbox<ReceivedSyslog>(),
  malformed: new Inbox<MalformedSyslog>(),
  connections: [] as SyslogConnection[],
  faults: [] as { fault: SyslogFault; left: number }[],
});
let state = fresh();

const commands = {
  ...inboxCommands(() => state.inbox),
  /** What is not a message of RFC 5424, or not framed as it should be. */
  malformed: (): MalformedSyslog[] => state.malformed.list(),
  /** Waits until there are `count`, and gives all. */
  awaitMalformed: (count: number): Promise<MalformedSyslog[]> => state.malformed.holds(count),
  connections: (): SyslogConnection[] => state.connections,
  /** For connections only: who sends datagrams hears nothing. */
  fault: (fault: SyslogFault): void => {
    const { count = 1 } = fault;
    state.faults.push({ fault, left: count === 'always' ? Number.POSITIVE_INFINITY : count });
  },
  reset: (): void => {
    state = fresh();
  },
};

export type SyslogCommands = typeof commands;

const folder = mkdtempSync(join(tmpdir(), 'envseal-syslog-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const onDatagram = (transport: Transport, raw: Buffer) => take(transport, raw, null);
const [udp, tcp, tls] = [await listenUdp(onDatagram), await listenTcp(accept), await listenTls(accept)];
const stream = await listenUnixStream(folder, accept);
const datagram = await listenUnixDatagram(folder, onDatagram);
await announce(
  {
    udp: `udp://127.0.0.1:${udp}`,
    tcp: `tcp://127.0.0.1:${tcp}`,
    tls: `tls://127.0.0.1:${tls}`,
    'unix-stream': stream,
    ...(datagram !== null && { 'unix-dgram': datagram }),
  },
  commands,
);

function take(transport: Transport, raw: Buffer, framing: Framing | null): void {
  try {
    state.inbox.put({ transport, framing, ...parseSyslog(raw), raw });
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    state.malformed.put({ transport, reason: error.message, raw });
  }
}

function accept(transport: StreamTransport, wire: Socket): ((stream: Socket) => void) | undefined {
  const fault = nextFault(transport);
  if (fault.reset) return void wire.resetAndDestroy();
  if (fault.hang) return undefined;
  const connection: SyslogConnection = { transport, bytes: 0, ended: null };
  state.connections.push(connection);
  return (stream) => read(stream, wire, connection, fault);
}

function nextFault(transport: StreamTransport): SyslogFault {
  const armed = state.faults.find(({ fault }) => (fault.transport ?? transport) === transport);
  if (armed === undefined) return {};
  armed.left -= 1;
  state.faults = state.faults.filter(({ left }) => left > 0);
  return armed.fault;
}

function read(stream: Socket, wire: Socket, connection: SyslogConnection, fault: SyslogFault): void {
  const { transport } = connection;
  const unframer = new Unframer(transport === 'unix-stream');
  const allowed = fault.resetAfterBytes ?? Number.POSITIVE_INFINITY;
  stream.on('data', (piece: Buffer) => {
    const bytes = piece.subarray(0, allowed - connection.bytes);
    connection.bytes += bytes.length;
    try {
      for (const { framing, bytes: raw } of unframer.push(bytes)) take(transport, raw, framing);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      // Where the next message begins cannot be known any more.
      state.malformed.put({ transport, reason: error.message, raw: unframer.pending });
      stream.destroy();
    }
    if (connection.bytes >= allowed) wire.resetAndDestroy();
  });
  stream.on('end', () => {
    connection.ended = 'in order';
    if (unframer.pending.length > 0)
      state.malformed.put({ transport, reason: 'the stream ends in a message', raw: unframer.pending });
    stream.end();
  });
  stream.on('error', () => undefined);
  stream.on('close', () => {
    connection.ended ??= 'broken';
  });
}
