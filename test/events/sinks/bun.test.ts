/** The sinks in the runtime of the executable: its sockets are not Node's, and it alone sends datagrams to unix sockets. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { folder } from '../../e2e/folder.ts';
import { CA_FILE, OTHER_CA_FILE, type SyslogServer, startSyslog, startWebhook } from '../../servers/start.ts';
import { CLOSED } from './sending.ts';

let syslog: SyslogServer;
beforeAll(async () => {
  syslog = await startSyslog();
});
afterAll(() => syslog.stop());
beforeEach(() => syslog.reset());

/** Far more than what is delivered takes, on a busy machine too. */
const SECONDS = 30;

async function sendInBun(
  uris: readonly string[],
  { ca = CA_FILE, seconds = SECONDS } = {},
): Promise<(string | null)[]> {
  const program = join(import.meta.dirname, 'in-bun.ts');
  const { stdout, stderr } = await promisify(execFile)(
    'node_modules/bun/bin/bun.exe',
    ['run', program, `${seconds}`, ...uris],
    { env: { ...process.env, SSL_CERT_FILE: ca } },
  );
  const [answer = '', ...printed] = stdout.trim().split('\n').reverse();
  expect(printed).toEqual([]);
  expect(stderr.trim()).toBe('');
  return JSON.parse(answer);
}

const ports = () => [
  `syslog+udp://127.0.0.1:${syslog.ports.udp}`,
  `syslog+tcp://127.0.0.1:${syslog.ports.tcp}`,
  `syslog+tls://127.0.0.1:${syslog.ports.tls}`,
];

test('syslog, however it goes', async () => {
  const { stream, datagram } = syslog.paths;
  const sockets = [stream, datagram].flatMap((path) => (path === null ? [] : [`syslog+unix://${path}`]));
  const uris = [...ports(), ...sockets];
  expect(await sendInBun(uris)).toEqual(uris.map(() => null));
  const received = await syslog.awaitReceived(uris.length);
  expect(received.map(({ transport }) => transport).sort()).toEqual(
    ['tcp', 'tls', 'udp', 'unix-stream', ...(datagram === null ? [] : ['unix-dgram'])].sort(),
  );
  for (const { text } of received) expect(JSON.parse(text ?? '')).toMatchObject({ specversion: '1.0' });
  expect(await syslog.malformed()).toEqual([]);
});

test('a certificate of another CA', async () => {
  const [, , uri = ''] = ports();
  expect(await sendInBun([uri], { ca: OTHER_CA_FILE })).toEqual([
    expect.stringMatching(/^unreachable: cannot reach 127\.0\.0\.1: [A-Z_]+$/),
  ]);
  expect(await syslog.received()).toEqual([]);
});

describe('what fails', () => {
  test('resets are made good', async () => {
    for (const transport of ['tcp', 'tls'] as const) {
      await syslog.fault({ transport, reset: true });
      await syslog.fault({ transport, resetAfterBytes: 100 });
    }
    const [, ...streams] = ports();
    expect(await sendInBun(streams)).toEqual([null, null]);
    expect(await syslog.awaitReceived(2)).toHaveLength(2);
  });

  test('silence', async () => {
    for (const transport of ['tcp', 'tls', 'unix-stream'] as const) {
      await syslog.fault({ transport, hang: true, count: 'always' });
    }
    const [, ...streams] = ports();
    const answers = await sendInBun([...streams, `syslog+unix://${syslog.paths.stream}`], { seconds: 1 });
    expect(answers).toEqual(Array(3).fill('timeout: out of time after 1 s'));
  });

  test('nobody there', async () => {
    const uris = [`syslog+tcp://${CLOSED}`, `syslog+tls://${CLOSED}`, `syslog+unix://${folder()}/none`];
    expect(await sendInBun(uris, { seconds: 2 })).toEqual([
      'unreachable: cannot reach 127.0.0.1: ECONNREFUSED',
      'unreachable: cannot reach 127.0.0.1: ECONNREFUSED',
      'unreachable: there is no such socket',
    ]);
  });
});

test('files', async () => {
  const home = folder({ file: '' });
  const uris = [`file://${home}/log`, `file://${home}`, `file://${home}/file/log`, 'file:///dev/full'];
  expect(await sendInBun(uris)).toEqual([
    null,
    'configuration: it is a directory',
    'configuration: there is no folder for it',
    'undelivered: no space left for it: ENOSPC',
  ]);
  expect(JSON.parse(readFileSync(`${home}/log`, 'utf8'))).toMatchObject({ specversion: '1.0' });
  expect(statSync(`${home}/log`).mode & 0o777).toBe(0o600);
  expect(existsSync(`${home}/file/log`)).toBe(false);
});

test('a webhook', async () => {
  await using receiver = await startWebhook();
  await receiver.secrets([]);
  expect(await sendInBun([receiver.url])).toEqual([null]);
  expect(await receiver.received()).toHaveLength(1);
});
