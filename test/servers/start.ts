/**
 * Starts the test servers, each a process of its own on 127.0.0.1, and steers them.
 *
 *     await using s3 = await startS3();
 *     await s3.put('snacks', 'dev/env', 'A=1\n', { sse: 'aws:kms', kmsKeyId: kmsKeyArn() });
 *     await s3.fault({ match: '^snacks/', status: 503, code: 'SlowDown' });
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CloudKmsCommands } from './cloud-kms.ts';
import type { CloudWatchCommands } from './cloudwatch.ts';
import type { GcpLoggingCommands } from './gcp-logging.ts';
import type { GcpMetadataCommands } from './gcp-metadata.ts';
import type { GcsCommands, GcsPutOptions } from './gcs.ts';
import type { GoogleTokensCommands } from './google-tokens.ts';
import { type AdminClient, adminClient, type Commands } from './http/admin.ts';
import type { Announcement } from './http/lifecycle.ts';
import type { KmsCommands } from './kms.ts';
import type { MetadataCommands } from './metadata.ts';
import type { OtlpCommands } from './otlp.ts';
import type { ProxyCommands } from './proxy.ts';
import type { PutOptions } from './s3/direct-put.ts';
import type { S3Commands } from './s3.ts';
import type { SplunkCommands } from './splunk.ts';
import type { StsCommands } from './sts.ts';
import type { SyslogCommands } from './syslog.ts';
import type { WebhookCommands } from './webhook.ts';

export type { AccessKey, Statement } from './aws/access-keys.ts';
export {
  ACCESS_KEY_ID,
  ACCOUNT_ID,
  CALLER_ARN,
  KMS_ALIAS,
  kmsKeyArn,
  managedKeyArn,
  SECRET_ACCESS_KEY,
} from './aws/defaults.ts';
export type { KmsKey } from './aws/kms-keys.ts';
export type { VersionState } from './cloud-kms/keys.ts';
export type { GcsPutOptions } from './gcs.ts';
export { CLOUD_KMS_KEY, cloudKmsKeyVersion, OTHER_CLOUD_KMS_KEY } from './google/defaults.ts';
export type { FaultRule } from './http/faults.ts';
export type { LoggedRequest } from './http/request-log.ts';
export type { PutOptions } from './s3/direct-put.ts';
export { SPLUNK_TOKEN } from './splunk/defaults.ts';
export { CA_FILE, OTHER_CA_FILE } from './tls/certificate.ts';
export { WEBHOOK_SECRET } from './webhook/defaults.ts';

/** A running server and every command of its admin protocol. */
export type Running<C extends Commands> = AdminClient<C> &
  AsyncDisposable & {
    /** The first of the endpoints. */
    readonly url: string;
    /** Region to URL. */
    readonly endpoints: Readonly<Record<string, string>>;
    /** `Host:port` of the URL. */
    readonly host: string;
    readonly adminUrl: string;
    readonly pid: number;
    /** Resolves when the process is gone, for whatever reason. */
    readonly gone: Promise<void>;
    /** Resolves when the process is gone. */
    stop(): Promise<void>;
  };

export type MetadataServer = Running<MetadataCommands>;
export type StsServer = Running<StsCommands>;
export type KmsServer = Running<KmsCommands>;
export type ProxyServer = Running<ProxyCommands>;
export type GoogleTokensServer = Running<GoogleTokensCommands>;
export type WebhookServer = Running<WebhookCommands>;
export type SplunkServer = Running<SplunkCommands>;
export type OtlpServer = Running<OtlpCommands>;
export type CloudWatchServer = Running<CloudWatchCommands>;
export type GcpLoggingServer = Running<GcpLoggingCommands>;

/** `host` is that of UDP. */
export type SyslogServer = Running<SyslogCommands> & {
  readonly ports: { readonly udp: number; readonly tcp: number; readonly tls: number };
  /** The paths of the unix sockets; that for datagrams is `null` where there is no `python3`. */
  readonly paths: { readonly stream: string; readonly datagram: string | null };
};

export type CloudKmsServer = Running<CloudKmsCommands> & {
  /** `Host:port` of the gRPC side; `host` is that of the REST side. */
  readonly grpcHost: string;
};

export type S3Server = Omit<Running<S3Commands>, 'put'> & {
  put(
    bucket: string,
    key: string,
    body: string | Uint8Array,
    options?: PutOptions,
  ): ReturnType<Running<S3Commands>['put']>;
  /** Answers about one request in `n` with 503 SlowDown, the same ones for the same seed. */
  throttleOneIn(n: number, seed?: number): Promise<void>;
};

export type GcpMetadataServer = Running<GcpMetadataCommands>;

export type GcsServer = Omit<Running<GcsCommands>, 'put'> & {
  put(
    bucket: string,
    object: string,
    body: string | Uint8Array,
    options?: GcsPutOptions,
  ): ReturnType<Running<GcsCommands>['put']>;
};

export interface TlsOption {
  /** Serve https with a certificate of `CA_FILE`. */
  readonly tls?: boolean;
}

export interface RegionalOptions {
  /** One port for each. Default: us-east-1 and eu-west-1. */
  readonly regions?: readonly string[];
  /** Serve https with a certificate of `CA_FILE`. */
  readonly tls?: boolean;
}

export async function startS3(options: RegionalOptions = {}): Promise<S3Server> {
  const server = await start<S3Commands>('s3', regionalArguments(options));
  return {
    ...server,
    put: (bucket, key, body, putOptions) => server.put(bucket, key, Buffer.from(body), putOptions),
    throttleOneIn: (n, seed = 1) =>
      server.fault({ status: 503, code: 'SlowDown', probability: 1 / n, seed, count: 'always' }),
  };
}

export function startMetadata(): Promise<MetadataServer> {
  return start<MetadataCommands>('metadata', []);
}

export function startSts({ tls }: { readonly tls?: boolean } = {}): Promise<StsServer> {
  return start<StsCommands>('sts', tls ? ['--tls'] : []);
}

export function startKms(options: RegionalOptions = {}): Promise<KmsServer> {
  return start<KmsCommands>('kms', regionalArguments(options));
}

export async function startGcs({ tls }: { readonly tls?: boolean } = {}): Promise<GcsServer> {
  const server = await start<GcsCommands>('gcs', tls ? ['--tls'] : []);
  return {
    ...server,
    put: (bucket, object, body, options) => server.put(bucket, object, Buffer.from(body), options),
  };
}

export function startGcpMetadata(): Promise<GcpMetadataServer> {
  return start<GcpMetadataCommands>('gcp-metadata', []);
}

/** With `tls` also gRPC has a certificate of `CA_FILE`. */
export async function startCloudKms({ tls }: { readonly tls?: boolean } = {}): Promise<CloudKmsServer> {
  const server = await start<CloudKmsCommands>('cloud-kms', tls ? ['--tls'] : []);
  return { ...server, grpcHost: new URL(server.endpoints.grpc ?? '').host };
}

export function startGoogleTokens({ tls }: { readonly tls?: boolean } = {}): Promise<GoogleTokensServer> {
  return start<GoogleTokensCommands>('google-tokens', tls ? ['--tls'] : []);
}

export function startWebhook({ tls }: TlsOption = {}): Promise<WebhookServer> {
  return start<WebhookCommands>('webhook', tls ? ['--tls'] : []);
}

export function startSplunk({ tls }: TlsOption = {}): Promise<SplunkServer> {
  return start<SplunkCommands>('splunk', tls ? ['--tls'] : []);
}

export function startOtlp({ tls }: TlsOption = {}): Promise<OtlpServer> {
  return start<OtlpCommands>('otlp', tls ? ['--tls'] : []);
}

export function startGcpLogging({ tls }: TlsOption = {}): Promise<GcpLoggingServer> {
  return start<GcpLoggingCommands>('gcp-logging', tls ? ['--tls'] : []);
}

export function startCloudWatchLogs(options: RegionalOptions = {}): Promise<CloudWatchServer> {
  return start<CloudWatchCommands>('cloudwatch', regionalArguments(options));
}

export async function startSyslog(): Promise<SyslogServer> {
  const server = await start<SyslogCommands>('syslog', []);
  const portOf = (transport: string) => Number(new URL(server.endpoints[transport] ?? '').port);
  const { 'unix-stream': stream = '', 'unix-dgram': datagram = null } = server.endpoints;
  return {
    ...server,
    ports: { udp: portOf('udp'), tcp: portOf('tcp'), tls: portOf('tls') },
    paths: { stream, datagram },
  };
}

/** `map`: `HOST:PORT` (`*` is any text) to `HOST:PORT` on loopback; everything else that is not loopback gets 403. */
export async function startProxy(map: Readonly<Record<string, string>> = {}): Promise<ProxyServer> {
  const proxy = await start<ProxyCommands>('proxy', []);
  await proxy.map(map);
  return proxy;
}

function regionalArguments({ regions = [], tls }: RegionalOptions): string[] {
  return [...(tls ? ['--tls'] : []), ...regions.flatMap((region) => ['--region', region])];
}

async function start<C extends Commands>(name: string, args: readonly string[]): Promise<Running<C>> {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => undefined);
  const gone = once(child, 'exit').then(() => undefined);
  const line = await Promise.race([once(createInterface(child.stdout), 'line'), gone]);
  if (line === undefined) throw new Error(`test server ${name} did not start`);
  const { url, endpoints, adminUrl, commands }: Announcement = JSON.parse(line[0]);
  // The server goes when its stdin does, so also when this process dies.
  const stop = () => {
    child.stdin.end();
    return gone;
  };
  const client = adminClient<C>(adminUrl, commands);
  const about = { url, endpoints, adminUrl, host: new URL(url).host, pid: child.pid ?? 0, gone };
  return { ...client, ...about, stop, [Symbol.asyncDispose]: stop };
}
