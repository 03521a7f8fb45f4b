import { createServer } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { formatMessage } from '../../../src/events/sinks/syslog-message.ts';
import { folder } from '../../e2e/folder.ts';
import { CA_FILE, OTHER_CA_FILE, type SyslogServer, startSyslog } from '../../servers/start.ts';
import { parseSyslog } from '../../servers/syslog/message.ts';
import { auditEvent } from '../samples.ts';
import { CLOSED, change, event, expectSame, failure, send } from './sending.ts';

let syslog: SyslogServer;

beforeAll(async () => {
  syslog = await startSyslog();
});
afterAll(() => syslog.stop());
beforeEach(() => syslog.reset());

const variables = { SSL_CERT_FILE: CA_FILE };

function uriOf(transport: 'udp' | 'tcp' | 'tls' | 'unix'): string {
  return transport === 'unix'
    ? `syslog+unix://${syslog.paths.stream}`
    : `syslog+${transport}://127.0.0.1:${syslog.ports[transport]}`;
}

describe.each(['udp', 'tcp', 'tls', 'unix'] as const)('over %s', (transport) => {
  test('each event is a message', async () => {
    const events = [event(), event({ outcome: 'refused', reason: 'wrong_key', command: 'a "b]\\' })];
    await send(uriOf(transport), { events, variables });
    const received = await syslog.awaitReceived(2);
    expect(received.map(({ text }) => JSON.parse(text ?? ''))).toEqual(events);
    const framing = { udp: null, tcp: 'octet-counting', tls: 'octet-counting', unix: 'terminated' };
    expect(received[1]).toMatchObject({
      framing: framing[transport],
      facility: 10,
      severity: 2,
      timestamp: events[1]?.time,
      hostname: 'snacks-6d4cf56db6-x7zqk',
      appName: 'envseal',
      procId: null,
      msgId: 'refused',
      bom: false,
      structuredData: [
        {
          id: 'envseal@32473',
          params: [
            ['id', events[1]?.id],
            ['outcome', 'refused'],
            ['reason', 'wrong_key'],
            ['subject', 's3://snacks/prod/env'],
            ['sealing', 'sse-kms'],
            ['version', 'L4kqtJlcpXroDTDmpUMLUo'],
            ['principal', 'arn:aws:iam::111122223333:role/snacks'],
            ['command', 'a "b]\\'],
            ['namespace', 'shop'],
            ['pod', 'snacks-6d4cf56db6-x7zqk'],
          ],
        },
      ],
    });
    expect(await syslog.malformed()).toEqual([]);
  });

  test('so is each change', async () => {
    const events = [change('rolled-back', { outcome: 'failed', reason: 'conflict' }), change('set')];
    await send(uriOf(transport), { events, variables });
    const received = await syslog.awaitReceived(2);
    expectSame(
      received.map(({ text }) => JSON.parse(text ?? '')),
      events,
    );
    expect(received[0]).toMatchObject({
      severity: 3,
      msgId: 'rolled-back',
      structuredData: [
        {
          params: [
            ['id', events[0]?.id],
            ['outcome', 'failed'],
            ['reason', 'conflict'],
            ['subject', 's3://snacks/prod/env'],
            ['sealing', 'sops'],
            ['version', '1712345678901234'],
            ['principal', 'ann@example.com'],
            ['previousVersion', '1712345678900000'],
            ['namespace', 'shop'],
            ['pod', 'snacks-6d4cf56db6-x7zqk'],
          ],
        },
      ],
    });
    expect(await syslog.malformed()).toEqual([]);
  });

  test('with a facility', async () => {
    await send(`${uriOf(transport)}?facility=16`, { variables });
    expect(await syslog.awaitReceived(1)).toMatchObject([{ facility: 16, severity: 5 }]);
  });

  test('what is too long has no text', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `SOME_VARIABLE_${index}`);
    await send(uriOf(transport), { events: [event({ variables: { count: 1000, names } })], variables });
    const [received] = await syslog.awaitReceived(1);
    expect(received?.text).toBeNull();
    expect(received?.structuredData[0]?.params).toHaveLength(10);
  });
});

describe.each(['tcp', 'tls'] as const)('over %s, what fails', (transport) => {
  test('a connection that is reset is made again', async () => {
    await syslog.fault({ transport, reset: true, count: 2 });
    await send(uriOf(transport), { variables });
    expect(await syslog.received()).toHaveLength(1);
  });

  test('one that is reset in the middle', async () => {
    await syslog.fault({ transport, resetAfterBytes: 100 });
    await send(uriOf(transport), { variables });
    expect(await syslog.received()).toHaveLength(1);
  });

  test('one that is always reset', async () => {
    await syslog.fault({ transport, reset: true, count: 'always' });
    const sent = failure(uriOf(transport), { variables, seconds: 2 });
    expect(await sent).toMatchObject({ code: 'unreachable' });
  });
});

test.each(['tcp', 'tls', 'unix'] as const)('over %s, silence', async (transport) => {
  const server = transport === 'unix' ? 'unix-stream' : transport;
  await syslog.fault({ transport: server, hang: true, count: 'always' });
  expect(await failure(uriOf(transport), { variables, seconds: 0.5 })).toMatchObject({ code: 'timeout' });
});

test('a certificate of another CA', async () => {
  const { code, message, attempts } = await failure(uriOf('tls'), {
    variables: { SSL_CERT_FILE: OTHER_CA_FILE },
  });
  expect(code).toBe('unreachable');
  expect(message).toMatch(/^cannot reach 127\.0\.0\.1: [A-Z_]+$/);
  expect(attempts).toBe(1);
  expect(await syslog.received()).toEqual([]);
});

test('a certificate of another name', async () => {
  const uri = uriOf('tls').replace('127.0.0.1', '127.0.0.2');
  expect(await failure(uri, { variables, seconds: 2 })).toMatchObject({ code: 'unreachable' });
});

test.each(['tcp', 'tls'])('no server, over %s', async (transport) => {
  expect(await failure(`syslog+${transport}://${CLOSED}`, { seconds: 2 })).toMatchObject({
    code: 'unreachable',
    message: 'cannot reach 127.0.0.1: ECONNREFUSED',
  });
});

test('a host that does not exist', async () => {
  const sent = failure('syslog+udp://nowhere.invalid', { seconds: 2 });
  expect(await sent).toMatchObject({ code: expect.stringMatching(/unreachable|timeout/) });
});

describe('unix sockets', () => {
  test('that are not there', async () => {
    expect(await failure(`syslog+unix://${folder()}/none`)).toMatchObject({
      code: 'unreachable',
      message: 'there is no such socket',
    });
  });

  test('for datagrams, on Node', async ({ skip }) => {
    if (syslog.paths.datagram === null) return skip('no python3');
    expect(await failure(`syslog+unix://${syslog.paths.datagram}`, { seconds: 2 })).toMatchObject({
      code: 'configuration',
      message: 'the socket is for datagrams, which Node cannot send',
    });
  });

  test('without a listener', async () => {
    const path = join(folder(), 'socket');
    const server = createServer().listen(path);
    await new Promise((resolve) => server.once('listening', resolve));
    const { renameSync } = await import('node:fs');
    renameSync(path, `${path}.old`);
    await new Promise((resolve) => server.close(resolve));
    expect(await failure(`syslog+unix://${path}.old`, { seconds: 2 })).toMatchObject({
      code: 'unreachable',
    });
  });
});

test('every event is a message of RFC 5424, within the limit', () => {
  fc.assert(
    fc.property(auditEvent, fc.constantFrom(480, 2048, 8192), (sent, limit) => {
      const bytes = Buffer.from(formatMessage(sent, 10, limit));
      expect(bytes.length).toBeLessThanOrEqual(limit);
      expect(bytes.includes('\n')).toBe(false);
      const { text, msgId, structuredData } = parseSyslog(bytes);
      expect(sent.type).toMatch(new RegExp(`^envseal\\.(access|change)\\.${msgId}$`));
      expect(structuredData[0]?.params[0]).toEqual(['id', sent.id]);
      if (text !== null) expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(sent)));
    }),
  );
});
