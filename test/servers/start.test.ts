import { expect, test } from 'vitest';
import {
  startCloudWatchLogs,
  startGcpLogging,
  startKms,
  startMetadata,
  startOtlp,
  startProxy,
  startS3,
  startSplunk,
  startSts,
  startSyslog,
  startWebhook,
} from './start.ts';

const RECEIVERS = [startWebhook, startSplunk, startSyslog, startOtlp, startCloudWatchLogs, startGcpLogging];

test.each([startS3, startMetadata, startSts, startKms, startProxy, ...RECEIVERS])(
  'a server exits when asked to (%o)',
  async (start) => {
    const server = await start();
    expect(process.kill(server.pid, 0)).toBe(true);
    await server.stop();
    expect(() => process.kill(server.pid, 0)).toThrow('ESRCH');
  },
);

test('a command that fails says so', async () => {
  await using server = await startS3();
  const unmade = server.put('snacks', 'key', 'A=1', { sse: 'aws:kms', kmsKeyId: 'alias/absent' });
  await expect(unmade).rejects.toThrow('Alias alias/absent is not found');
});

test('a reset leaves what there was at the start', async () => {
  await using server = await startS3({ regions: ['us-east-1'] });
  await server.put('snacks', 'key', 'A=1');
  await server.fault({ hang: true });
  await server.reset();
  expect(await server.stored('snacks', 'key')).toBeNull();
  expect(await server.requests()).toEqual([]);
  expect((await fetch(server.url)).status).toBe(403);
});
