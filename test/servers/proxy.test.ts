import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  ACCESS_KEY_ID,
  CA_FILE,
  type ProxyServer,
  type S3Server,
  SECRET_ACCESS_KEY,
  startProxy,
  startS3,
} from './start.ts';

let s3: S3Server;
let proxy: ProxyServer;

beforeAll(async () => {
  [s3, proxy] = await Promise.all([startS3({ tls: true }), startProxy()]);
});
afterAll(() => Promise.all([s3.stop(), proxy.stop()]));
beforeEach(async () => {
  await Promise.all([s3.reset(), proxy.reset()]);
  await s3.bucket('snacks', { region: 'eu-west-1' });
  await s3.put('snacks', 'dev/env', 'A=1\n');
  await proxy.map({ '*.s3.eu-west-1.amazonaws.com:443': new URL(s3.endpoints['eu-west-1'] ?? '').host });
});

function read(proxyUrl: string, region = 'eu-west-1') {
  const httpsAgent = new Agent({ ca: readFileSync(CA_FILE), proxyEnv: { HTTPS_PROXY: proxyUrl } });
  const credentials = { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY };
  const client = new S3Client({ region, credentials, maxAttempts: 1, requestHandler: { httpsAgent } });
  return client.send(new GetObjectCommand({ Bucket: 'snacks', Key: 'dev/env' }));
}

test("the AWS SDK reaches the bucket's own host name through a tunnel", async () => {
  expect(await (await read(proxy.url)).Body?.transformToString()).toBe('A=1\n');
  const target = 'snacks.s3.eu-west-1.amazonaws.com:443';
  expect(await proxy.targets()).toEqual([{ method: 'CONNECT', target, status: 200 }]);
  expect((await s3.requests())[0]?.host).toBe('snacks.s3.eu-west-1.amazonaws.com');
});

test('a target that is neither mapped nor loopback is 403', async () => {
  await expect(read(proxy.url, 'us-east-1')).rejects.toThrow();
  expect(await proxy.targets()).toMatchObject([
    { target: 'snacks.s3.us-east-1.amazonaws.com:443', status: 403 },
  ]);
});

test('a map out of loopback is refused', async () => {
  await expect(proxy.map({ 'a:443': 'example.com:443' })).rejects.toThrow('not on loopback');
});

test('credentials are asked for, and taken', async () => {
  await proxy.requireCredentials('me', 'secret');
  await expect(read(proxy.url)).rejects.toThrow();
  await read(proxy.url.replace('//', '//me:secret@'));
  expect((await proxy.targets()).map(({ status }) => status)).toEqual([407, 200]);
});

test('a request in absolute form is forwarded', async () => {
  await using plain = await startS3({ regions: ['us-east-1'] });
  await proxy.map({ 's3.example:80': plain.host });
  const { host } = new URL(proxy.url);
  const reply = await absolute(host, 'http://s3.example/snacks/dev/env');
  expect(reply).toContain('<Code>AccessDenied</Code>');
  expect((await plain.requests())[0]?.host).toBe('s3.example');
  expect(await absolute(host, 'http://other.example/')).toMatch(/^HTTP\/1.1 403 /);
});

async function absolute(proxyHost: string, url: string): Promise<string> {
  const [hostname = '', port] = proxyHost.split(':');
  const socket = connect(Number(port), hostname);
  socket.write(`GET ${url} HTTP/1.1\r\nHost: ${new URL(url).host}\r\nConnection: close\r\n\r\n`);
  return text(socket);
}
