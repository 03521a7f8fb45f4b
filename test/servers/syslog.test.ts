import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeReal } from '../real/available.ts';
import { CA_FILE, OTHER_CA_FILE, type SyslogServer, startSyslog } from './start.ts';

const BOM = '\ufeff';
const HEADER = '<110>1 2030-01-02T03:04:05.678Z host envseal 7 access';
const MESSAGE = `${HEADER} [envseal@32473 outcome="granted"] ${BOM}Größe`;

let server: SyslogServer;

beforeAll(async () => {
  server = await startSyslog();
});
afterAll(() => server.stop());
beforeEach(() => server.reset());

function counted(message: string): string {
  return `${Buffer.byteLength(message)} ${message}`;
}

async function sendUdp(message: string | Buffer): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise((resolve) => socket.send(message, server.ports.udp, '127.0.0.1', resolve));
  socket.close();
}

const connectTcp = () => connect(server.ports.tcp, '127.0.0.1');
const connectUnix = () => connect(server.paths.stream);
const connectSecure = (ca = CA_FILE) =>
  connectTls({ port: server.ports.tls, host: '127.0.0.1', ca: readFileSync(ca, 'utf8') });

/** The code of the error that it ended with, or `closed`. */
function endOf(socket: Socket): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  socket.on('close', () => resolve('closed'));
  return promise;
}

/** Sends it and ends in good order. */
function stream(socket: Socket, bytes: string): Promise<string> {
  const end = endOf(socket.resume());
  socket.end(bytes);
  return end;
}

const EXPECTED = {
  facility: 13,
  severity: 6,
  timestamp: '2030-01-02T03:04:05.678Z',
  hostname: 'host',
  appName: 'envseal',
  procId: '7',
  msgId: 'access',
  structuredData: [{ id: 'envseal@32473', params: [['outcome', 'granted']] }],
  bom: true,
  text: 'Größe',
  raw: Buffer.from(MESSAGE),
};

describe('takes a message', () => {
  test('over UDP', async () => {
    await sendUdp(MESSAGE);
    expect(await server.awaitReceived(1)).toEqual([{ ...EXPECTED, transport: 'udp', framing: null }]);
  });

  test.each([
    ['tcp', connectTcp],
    ['tls', connectSecure],
    ['unix-stream', connectUnix],
  ] as const)('over %s', async (transport, open) => {
    expect(await stream(open(), counted(MESSAGE) + counted(HEADER.concat(' -')))).toBe('closed');
    const received = await server.awaitReceived(2);
    expect(received[0]).toEqual({ ...EXPECTED, transport, framing: 'octet-counting' });
    expect(received[1]).toMatchObject({ structuredData: [], bom: false, text: null });
    const bytes = Buffer.byteLength(counted(MESSAGE)) + Buffer.byteLength(counted(`${HEADER} -`));
    expect(await server.connections()).toEqual([{ transport, bytes, ended: 'in order' }]);
  });

  test('over a stream that cuts it anywhere', async () => {
    const socket = connectTcp().setNoDelay(true);
    const bytes = Buffer.from(counted(MESSAGE).repeat(2));
    for (const byte of bytes) {
      await new Promise((resolve) => socket.write(Buffer.of(byte), resolve));
    }
    expect((await server.awaitReceived(2)).map(({ text }) => text)).toEqual(['Größe', 'Größe']);
    socket.destroy();
  });

  test('with LF or NUL after it over a unix socket only', async () => {
    await stream(connectUnix(), `${MESSAGE}\n${MESSAGE}\0`);
    expect((await server.awaitReceived(2)).map(({ framing }) => framing)).toEqual([
      'terminated',
      'terminated',
    ]);
    await stream(connectTcp(), `${MESSAGE}\n`);
    expect(await server.awaitMalformed(1)).toMatchObject([{ transport: 'tcp', reason: 'no octet count' }]);
  });
});

describeReal('python3', 'syslog over a unix datagram socket', () => {
  const SEND = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for datagram in sys.argv[2:]: s.sendto(datagram.encode(), sys.argv[1])`;

  test('takes each datagram', async () => {
    const path = server.paths.datagram ?? '';
    const sender = spawn('python3', ['-c', SEND, path, MESSAGE, 'nonsense', `${HEADER} - two\nlines`]);
    expect(await once(sender, 'exit')).toEqual([0, null]);
    const received = await server.awaitReceived(2);
    expect(received[0]).toEqual({ ...EXPECTED, transport: 'unix-dgram', framing: null });
    expect(received[1]?.text).toBe('two\nlines');
    expect(await server.awaitMalformed(1)).toMatchObject([{ raw: Buffer.from('nonsense') }]);
  });
});

describe('reads', () => {
  test.each([
    ['nothing but what must be', '<0>1 - - - - - -', { facility: 0, severity: 0, hostname: null }],
    ['the highest priority', '<191>1 - - - - - -', { facility: 23, severity: 7 }],
    ['an offset', '<1>1 2030-01-02T03:04:05+05:30 - - - - -', { timestamp: '2030-01-02T03:04:05+05:30' }],
    ['text without a byte order mark', '<1>1 - - - - - - hi ', { bom: false, text: 'hi ' }],
    ['empty text', '<1>1 - - - - - - ', { bom: false, text: '' }],
    [
      'two elements, of which one has a name twice',
      '<1>1 - - - - - [origin ip="1" ip="2"][a@1.2] x',
      {
        structuredData: [
          {
            id: 'origin',
            params: [
              ['ip', '1'],
              ['ip', '2'],
            ],
          },
          { id: 'a@1.2', params: [] },
        ],
      },
    ],
    [
      'what is escaped',
      '<1>1 - - - - - [a@1 v="q\\" b\\\\ c\\] n\\n é"]',
      { structuredData: [{ id: 'a@1', params: [['v', 'q" b\\ c] n\\n é']] }] },
    ],
  ])('%s', async (_, message, expected) => {
    await sendUdp(message);
    expect(await server.awaitReceived(1)).toMatchObject([expected]);
  });
});

describe('calls malformed', () => {
  test.each([
    ['a priority of 192', '<192>1 - - - - - -'],
    ['a priority with a zero before it', '<01>1 - - - - - -'],
    ['another version', '<1>2 - - - - - -'],
    ['the older format', '<34>Oct 11 22:14:15 host su: hello'],
    ['two spaces', '<1>1  - - - - - -'],
    ['a header that ends', '<1>1 - - - - -'],
    ['a day that there is not', '<1>1 2030-02-30T00:00:00Z - - - - -'],
    ['a leap second', '<1>1 2030-06-30T23:59:60Z - - - - -'],
    ['lower-case letters in a time', '<1>1 2030-01-02t03:04:05z - - - - -'],
    ['seven digits of a second', '<1>1 2030-01-02T03:04:05.1234567Z - - - - -'],
    ['a time without a zone', '<1>1 2030-01-02T03:04:05 - - - - -'],
    ['a host in UTF-8', '<1>1 - hôte - - - -'],
    ['a long name of an application', `<1>1 - - ${'a'.repeat(49)} - - -`],
    ['a long msgid', `<1>1 - - - - ${'a'.repeat(33)} -`],
    ['no structured data', '<1>1 - - - - - hello'],
    ['text right after structured data', '<1>1 - - - - - [a@1]hello'],
    ['structured data that does not end', '<1>1 - - - - - [a@1 v="x"'],
    ['a bracket that is not escaped', '<1>1 - - - - - [a@1 v="x]"]'],
    ['a quote that is not escaped', '<1>1 - - - - - [a@1 v="x"y"]'],
    ['a name with a space', '<1>1 - - - - - [a@1 v w="x"]'],
    ['an unregistered id', '<1>1 - - - - - [envseal v="x"]'],
    ['an enterprise number that is none', '<1>1 - - - - - [envseal@x v="x"]'],
    ['an id that comes twice', '<1>1 - - - - - [a@1][a@1]'],
    ['a long id', `<1>1 - - - - - [${'a'.repeat(31)}@1]`],
    ['a value that is not UTF-8', Buffer.from('<1>1 - - - - - [a@1 v="\xff"]', 'latin1')],
    ['text that is not the UTF-8 it says', Buffer.from('<1>1 - - - - - - \xef\xbb\xbf\xff', 'latin1')],
  ])('%s', async (_, message) => {
    await sendUdp(message);
    const [first] = await server.awaitMalformed(1);
    expect(first).toMatchObject({ transport: 'udp', raw: Buffer.from(message) });
    expect(await server.received()).toEqual([]);
  });

  test.each([
    ['a count of zero', `0 ${MESSAGE}`, 'no octet count'],
    ['a count that begins with zero', `0${counted(MESSAGE)}`, 'no octet count'],
    ['a count without a space', '12<1>1 - - - - - -', 'no octet count'],
    ['a stream that ends too early', counted(MESSAGE).slice(0, -3), 'the stream ends in a message'],
  ])('%s', async (_, bytes, reason) => {
    await stream(connectTcp(), bytes);
    expect(await server.awaitMalformed(1)).toMatchObject([{ transport: 'tcp', reason }]);
    expect(await server.received()).toEqual([]);
  });

  test('a count that is one too small, and what is left', async () => {
    const length = Buffer.byteLength(MESSAGE) - 1;
    await stream(connectTcp(), `${length} ${MESSAGE}${counted(MESSAGE)}`);
    // The text has lost its last letter, and what follows is not a count.
    expect(await server.awaitMalformed(1)).toMatchObject([{ reason: 'no octet count' }]);
    expect((await server.received()).map(({ text }) => text)).toEqual(['Größ']);
  });
});

describe('a connection can be', () => {
  test.each([
    ['tcp', connectTcp],
    ['tls', connectSecure],
  ] as const)('reset at once: %s', async (transport, open) => {
    await server.fault({ reset: true, transport });
    expect(await endOf(open())).toBe('ECONNRESET');
    await stream(open(), counted(MESSAGE));
    expect(await server.awaitReceived(1)).toHaveLength(1);
  });

  test.each([
    ['tcp', connectTcp],
    ['tls', connectSecure],
  ] as const)('reset in a message: %s', async (transport, open) => {
    const first = Buffer.byteLength(counted(MESSAGE));
    await server.fault({ resetAfterBytes: first + 5, transport });
    const socket = open();
    const end = endOf(socket);
    socket.write(counted(MESSAGE).repeat(2));
    expect(await end).toBe('ECONNRESET');
    expect(await server.received()).toHaveLength(1);
    expect(await server.connections()).toEqual([{ transport, bytes: first + 5, ended: 'broken' }]);
  });

  test('left alone in the handshake', async () => {
    await server.fault({ hang: true });
    const hanging = connectSecure();
    const isSecure = once(hanging, 'secureConnect').then(() => 'secure');
    await once(hanging, 'connect');
    await stream(connectSecure(), counted(MESSAGE));
    expect(await Promise.race([isSecure, server.awaitReceived(1)])).toHaveLength(1);
    hanging.destroy();
  });

  test('never read', async () => {
    await server.fault({ hang: true, transport: 'tcp' });
    const socket = connectTcp();
    await once(socket, 'connect');
    const isWritten = new Promise((resolve) =>
      socket.on('error', () => undefined).write(Buffer.alloc(64 * 1024 * 1024), resolve),
    );
    await stream(connectTcp(), counted(MESSAGE));
    expect(await Promise.race([isWritten, server.awaitReceived(1)])).toHaveLength(1);
    socket.destroy();
  });

  test('struck only where it is said', async () => {
    await server.fault({ reset: true, transport: 'tls', count: 'always' });
    expect(await stream(connectTcp(), counted(MESSAGE))).toBe('closed');
    expect(await endOf(connectSecure())).toBe('ECONNRESET');
    expect(await endOf(connectSecure())).toBe('ECONNRESET');
  });
});

test('shows a certificate that one must trust', async () => {
  expect(await endOf(connectSecure(OTHER_CA_FILE))).toMatch(/^(UNABLE_TO|SELF_SIGNED|CERT_)/);
  expect(await server.received()).toEqual([]);
});

test('takes its sockets with it', async () => {
  const other = await startSyslog();
  expect(existsSync(other.paths.stream)).toBe(true);
  await other.stop();
  expect(existsSync(dirname(other.paths.stream))).toBe(false);
});
