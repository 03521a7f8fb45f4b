/** Each kind of connection to a sink, as the program itself makes it: its sockets are not those of the unit tests. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CLOSED } from '../events/sinks/sending.ts';
import { CA_FILE, OTHER_CA_FILE, type SyslogServer, startSyslog, startWebhook } from '../servers/start.ts';
import { runWith } from './child.ts';
import { folder } from './folder.ts';
import { isBundle } from './program.ts';
import { CANARY } from './transcript.ts';

let syslog: SyslogServer;
beforeAll(async () => {
  syslog = await startSyslog();
});
afterAll(() => syslog.stop());
beforeEach(() => syslog.reset());

/** Starts a command with these sinks: what envseal warns of each, in their order, or `null`. */
async function warnings(
  uris: readonly string[],
  { ca = CA_FILE, seconds = '20' } = {},
): Promise<(string | null)[]> {
  const flags = uris.flatMap((uri) => ['--event-sink', uri]);
  const { status, stdout, stderr } = await runWith(
    `A=${CANARY}\n`,
    [...flags, '--event-timeout', seconds, '--', 'echo', 'started'],
    { env: { SSL_CERT_FILE: ca } },
  );
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'started\n' });
  expect(stderr).not.toContain(CANARY);
  const lines = stderr.split('\n').slice(0, -1);
  const found = uris.map((uri) => {
    const start = `envseal: warning: ${uri}: `;
    return lines.find((line) => line.startsWith(start))?.slice(start.length) ?? null;
  });
  if (found.filter((text) => text !== null).length !== lines.length) throw new Error(stderr);
  return found;
}

const ports = () => [
  `syslog+udp://127.0.0.1:${syslog.ports.udp}`,
  `syslog+tcp://127.0.0.1:${syslog.ports.tcp}`,
  `syslog+tls://127.0.0.1:${syslog.ports.tls}`,
];

test('syslog, however it goes', async () => {
  const { stream, datagram } = syslog.paths;
  // Node has no datagrams on unix sockets.
  const paths = [stream, isBundle ? null : datagram].filter((path) => path !== null);
  const uris = [...ports(), ...paths.map((path) => `syslog+unix://${path}`)];
  expect(await warnings(uris)).toEqual(uris.map(() => null));
  const received = await syslog.awaitReceived(uris.length);
  expect(received.map(({ transport }) => transport).sort()).toEqual(
    ['tcp', 'tls', 'udp', 'unix-stream', 'unix-dgram'].slice(0, uris.length).sort(),
  );
  for (const { text } of received) expect(JSON.parse(text ?? '')).toMatchObject({ specversion: '1.0' });
  expect(await syslog.malformed()).toEqual([]);
});

test('a certificate of another CA', async () => {
  const [, , uri = ''] = ports();
  expect(await warnings([uri], { ca: OTHER_CA_FILE })).toEqual([
    expect.stringMatching(/^cannot reach 127\.0\.0\.1: [A-Z_]+/),
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
    expect(await warnings(streams)).toEqual([null, null]);
    expect(await syslog.received()).toHaveLength(2);
  });

  test('silence', async () => {
    for (const transport of ['tcp', 'tls', 'unix-stream'] as const) {
      await syslog.fault({ transport, hang: true, count: 'always' });
    }
    const [, ...streams] = ports();
    const uris = [...streams, `syslog+unix://${syslog.paths.stream}`];
    const answers = await warnings(uris, { seconds: '1' });
    expect(answers).toEqual(Array(3).fill(expect.stringContaining('no answer within 1 s')));
  });

  test('nothing there', async () => {
    const uris = [`syslog+tcp://${CLOSED}`, `syslog+tls://${CLOSED}`, `syslog+unix://${folder()}/none`];
    expect(await warnings(uris, { seconds: '1' })).toEqual([
      expect.stringContaining('cannot reach 127.0.0.1: ECONNREFUSED'),
      expect.stringContaining('cannot reach 127.0.0.1: ECONNREFUSED'),
      expect.stringContaining('there is no such socket'),
    ]);
  });
});

test('files', async () => {
  const home = folder({ file: '' });
  const uris = [`file://${home}/log`, `file://${home}`, `file://${home}/file/log`, 'file:///dev/full'];
  expect(await warnings(uris)).toEqual([
    null,
    expect.stringContaining('it is a directory'),
    expect.stringContaining('its folder does not exist'),
    expect.stringContaining('no space left for it: ENOSPC'),
  ]);
  expect(JSON.parse(readFileSync(`${home}/log`, 'utf8'))).toMatchObject({ specversion: '1.0' });
  expect(statSync(`${home}/log`).mode & 0o777).toBe(0o600);
  expect(existsSync(`${home}/file/log`)).toBe(false);
});

test('a webhook', async () => {
  await using receiver = await startWebhook();
  await receiver.secrets([]);
  expect(await warnings([receiver.url])).toEqual([null]);
  expect(await receiver.received()).toHaveLength(1);
});

test('20 starts at once lose and tear no line of a file', async () => {
  const path = `${folder()}/log`;
  const starts = Array.from({ length: 20 }, () => warnings([`file://${path}`]));
  expect((await Promise.all(starts)).flat()).toEqual(Array(20).fill(null));
  const ids = readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).id);
  expect(new Set(ids).size).toBe(20);
});
