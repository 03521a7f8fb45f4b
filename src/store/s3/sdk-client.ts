/** The official SDK's S3 client over our own HTTP, and what its refusals mean. Loaded only where it is needed. */
import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import type { AwsClient } from '../../aws/client.ts';
import { SdkTransport, SILENT } from '../../aws/sdk-transport.ts';
import { explainRefusal, type Refusal } from '../../aws/service-errors.ts';
import { EnvsealError } from '../../errors.ts';
import { retry } from '../../net/retry.ts';
import type { S3EndpointOptions } from './endpoint.ts';

/** One for each plan: to make it costs more than a request. */
export async function makeSdkClient(
  plan: S3EndpointOptions,
  client: AwsClient,
  isArn: boolean,
): Promise<S3Client> {
  const { S3Client } = await import('./sdk-commands.ts');
  // Multi-region access points are signed with it.
  if (isArn) await import('@aws-sdk/signature-v4a');
  return new S3Client({
    region: plan.region,
    ...(plan.endpoint === undefined ? {} : { endpoint: plan.endpoint }),
    forcePathStyle:
      plan.addressingStyle === 'path' || (plan.addressingStyle === 'auto' && plan.endpoint !== undefined),
    useFipsEndpoint: plan.useFips,
    useDualstackEndpoint: plan.useDualStack,
    useArnRegion: true,
    followRegionRedirects: true,
    credentials: async () => {
      const { accessKeyId, secretAccessKey, sessionToken } = await client.credentials();
      const token = sessionToken === undefined ? {} : { sessionToken: sessionToken.reveal() };
      return { accessKeyId, secretAccessKey: secretAccessKey.reveal(), ...token };
    },
    requestHandler: new SdkTransport(client) as never,
    maxAttempts: 1,
    logger: SILENT,
  });
}

export interface SendOptions {
  readonly abortSignal: AbortSignal;
}

/** One try. Throws what the SDK throws, for `codeOf` and `explain`. */
export async function ask<T>(
  send: (options: SendOptions) => Promise<T>,
  { deadline }: AwsClient,
): Promise<T> {
  const options = { abortSignal: deadline.signal };
  return await send(options).catch((error: unknown) => {
    // With a single attempt, the SDK takes the server's clock and leaves it to us to ask again.
    if ((error as ServiceError).$metadata?.clockSkewCorrected) return send(options);
    throw error;
  });
}

/** As often as it takes. Throws an EnvsealError, or the deadline's reason. */
export async function request<T>(
  send: (options: SendOptions) => Promise<T>,
  subject: Subject,
  client: AwsClient,
): Promise<T> {
  return await retry(
    () =>
      ask(send, client).catch((error: unknown) => {
        throw explain(error, subject, client);
      }),
    client.deadline,
  );
}

/** What the SDK's exceptions have in common. Without a status, the SDK itself refused to send. */
interface ServiceError {
  readonly name?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: true };
  readonly $response?: { readonly headers?: Record<string, string> };
}

/** S3's code for what was refused, and the status; empty and 0 for what is not an answer. */
export function codeOf(error: unknown): { readonly status: number; readonly code: string } {
  const { name = '', $metadata } = error as ServiceError;
  const status = $metadata?.httpStatusCode ?? 0;
  return { status, code: status === 0 ? '' : name };
}

export type Subject = Pick<Refusal, 'subject' | 'action' | 'resource'>;

export function explain(error: unknown, subject: Subject, { deadline }: AwsClient): unknown {
  if (deadline.signal.aborted) return deadline.signal.reason;
  if (error instanceof EnvsealError) return error;
  const { name = '', message = '', $response } = error as ServiceError;
  const { status, code } = codeOf(error);
  if (status === 0) {
    return new EnvsealError('configuration', `the AWS SDK cannot request ${subject.subject}: ${name}`, {
      hint: 'check the ARN, the region and the FIPS and dual-stack settings',
      cause: error,
    });
  }
  const headers = new Headers($response?.headers ?? {});
  return explainRefusal({ status, code, message, headers, ...subject });
}

export function requestIdsOf({ $metadata }: Pick<GetObjectCommandOutput, '$metadata'>): string[] {
  return [$metadata.requestId, $metadata.extendedRequestId].flatMap((id) => id ?? []);
}
