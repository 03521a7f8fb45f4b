/** Listeners for messages: UDP, TCP, TLS, and the two kinds of unix sockets. */

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createServer as createTlsServer } from 'node:tls';
import { serverCertificate } from '../tls/certificate.ts';

export type StreamTransport = 'tcp' | 'tls' | 'unix-stream';
export type Transport = StreamTransport | 'udp' | 'unix-dgram';

export type OnDatagram = (transport: Transport, bytes: Buffer) => void;
/** `wire` is what can be reset: TLS hides it. `undefined` for a stream: it is not to be read, or not even shaken hands with. */
export type OnStream = (transport: StreamTransport, wire: Socket) => ((stream: Socket) => void) | undefined;

/** The port. */
export async function listenUdp(onDatagram: OnDatagram): Promise<number> {
  const socket = createSocket('udp4').on('message', (bytes) => onDatagram('udp', bytes));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return socket.address().port;
}

/** The port. */
export async function listenTcp(onStream: OnStream): Promise<number> {
  return portOf(await listen(accepting('tcp', onStream), { port: 0, host: '127.0.0.1' }));
}

/** The port. */
export async function listenTls(onStream: OnStream): Promise<number> {
  const readers = new Map<string, (stream: Socket) => void>();
  const tls = createTlsServer(serverCertificate(), (stream) => readers.get(peerOf(stream))?.(stream));
  // A client that does not trust the certificate ends here.
  tls.on('tlsClientError', () => undefined);
  const server = createServer((wire) => {
    wire.on('error', () => undefined);
    const read = onStream('tls', wire);
    if (read === undefined) return;
    readers.set(peerOf(wire), read);
    tls.emit('connection', wire);
  });
  return portOf(await listen(server, { port: 0, host: '127.0.0.1' }));
}

/** The path. */
export async function listenUnixStream(folder: string, onStream: OnStream): Promise<string> {
  const path = join(folder, 'stream');
  await listen(accepting('unix-stream', onStream), { path });
  return path;
}

/** The path; `null` without Python, which listens in Node's stead. */
export async function listenUnixDatagram(folder: string, onDatagram: OnDatagram): Promise<string | null> {
  const path = join(folder, 'dgram');
  const script = join(import.meta.dirname, 'datagrams.py');
  const child = spawn('python3', [script, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout });
  const failed = once(child, 'error').then(() => undefined);
  const ended = once(child, 'exit').then(() => undefined);
  const ready = await Promise.race([once(lines, 'line'), failed, ended]);
  if (ready === undefined) return null;
  lines.on('line', (line) => onDatagram('unix-dgram', Buffer.from(line, 'base64')));
  return path;
}

function accepting(transport: StreamTransport, onStream: OnStream): Server {
  return createServer((wire) => {
    wire.on('error', () => undefined);
    onStream(transport, wire)?.(wire);
  });
}

async function listen(server: Server, where: { port: number; host: string } | { path: string }) {
  await new Promise<void>((resolve) => server.listen(where, resolve));
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}
