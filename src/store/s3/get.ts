/**
 * S3 with one signed GET. What the small client does not know goes to the official SDK, loaded only then.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */

import type { AwsClient } from '../../aws/client.ts';
import { parseEndpoint } from '../../aws/endpoint.ts';
import { requestIdsOf } from '../../aws/request-ids.ts';
import { EnvsealError } from '../../errors.ts';
import { parseArn } from '../../keys/arn.ts';
import { MAX_SOURCE_BYTES } from '../../limits-and-defaults.ts';
import { readBody } from '../../net/http.ts';
import { retry } from '../../net/retry.ts';
import type { S3Source } from '../../source-uri.ts';
import type { FetchedObject } from '../object.ts';
import { refuseEncoded, sealingOf } from './answer.ts';
import { hasChecksum, verifyChecksum } from './checksum.ts';
import { locateS3, type S3EndpointOptions, type S3Location } from './endpoint.ts';

export interface S3Options {
  readonly client: AwsClient;
  readonly addressingStyle: 'auto' | 'path' | 'virtual';
  /** Where to look first when neither the URI nor AWS's settings name a region, such as the pinned key's. */
  readonly likelyRegion: string | undefined;
}

const DEFAULT_REGION = 'us-east-1';

export async function fetchS3(source: S3Source, options: S3Options): Promise<FetchedObject> {
  const plan = planS3(source, options);
  const location = locateS3(source, plan);
  if (location !== undefined) return await fetchDirectly(source, plan, location, options.client);
  const { fetchThroughSdk } = await import('./sdk-get.ts');
  return await fetchThroughSdk(source, plan, options.client);
}

/** The URI wins, then the ARN, AWS's own settings, the pinned key's region; a wrong guess is corrected by S3's redirect. */
export function planS3(
  source: Pick<S3Source, 'bucket' | 'region' | 'endpoint'>,
  options: S3Options,
): S3EndpointOptions {
  const { settings } = options.client;
  const arnRegion = parseArn(source.bucket)?.region || undefined;
  const fromProfile = settings.addressingStyle === 'path' || settings.addressingStyle === 'virtual';
  const endpoint = source.endpoint ?? settings.endpointOf('s3');
  if (endpoint !== undefined) options.client.refuseInsecure(parseEndpoint(endpoint, 's3'));
  return checkPlan({
    region: source.region ?? arnRegion ?? settings.region ?? options.likelyRegion ?? DEFAULT_REGION,
    endpoint,
    useFips: settings.useFips,
    useDualStack: settings.useDualStack,
    addressingStyle:
      options.addressingStyle === 'auto' && fromProfile
        ? (settings.addressingStyle as 'path' | 'virtual')
        : options.addressingStyle,
  });
}

/** Throws `configuration` for what no rule of S3's endpoints covers. */
function checkPlan(plan: S3EndpointOptions): S3EndpointOptions {
  if (plan.endpoint !== undefined && (plan.useFips || plan.useDualStack)) {
    throw new EnvsealError('configuration', 'a custom endpoint is set together with FIPS or dual-stack', {
      hint: 'remove one: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or endpoint=, or AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT',
    });
  }
  if (/^[a-z0-9-]{1,63}$/i.test(plan.region)) return plan;
  throw new EnvsealError('configuration', 'invalid AWS region', {
    hint: 'set AWS_REGION or region= in the URI, such as eu-central-1',
  });
}

export async function fetchDirectly(
  source: S3Source,
  plan: S3EndpointOptions,
  start: S3Location,
  client: AwsClient,
): Promise<FetchedObject> {
  return (await getDirectly(source, plan, start, client)).object;
}

/** The object, and what else S3 says of it. */
export interface S3Answer {
  readonly object: FetchedObject;
  readonly headers: Headers;
}

export async function getDirectly(
  source: S3Source,
  plan: S3EndpointOptions,
  start: S3Location,
  client: AwsClient,
): Promise<S3Answer> {
  let location = start;
  let [mayMove, mayCorrect] = [true, true];
  return await retry(async function attempt(number: number): Promise<S3Answer> {
    const request = { method: 'GET', url: location.url, headers: { 'x-amz-checksum-mode': 'ENABLED' } };
    const response = await client.send(request, 's3', location.region);
    if (response.status === 200) {
      return { object: await readObject(response, client, number), headers: response.headers };
    }

    const { describe, isRedirect, readRefusal } = await import('./service-errors.ts');
    const answer = await readRefusal(response, client);
    const region = response.headers.get('x-amz-bucket-region') ?? answer.region;
    const isElsewhere = region !== undefined && region !== location.region && isRedirect(answer, plan);
    const next = mayMove && isElsewhere ? locateS3(source, { ...plan, region }) : undefined;
    if (next !== undefined) {
      mayMove = false;
      location = next;
      return await attempt(number);
    }
    if (mayCorrect && answer.code === 'RequestTimeTooSkewed' && client.correctClock(response)) {
      mayCorrect = false;
      return await attempt(number);
    }
    const { explainRefusal } = await import('../../aws/service-errors.ts');
    throw explainRefusal({ ...answer, ...describe(source, location.region), headers: response.headers });
  }, client.deadline);
}

async function readObject(response: Response, client: AwsClient, attempts: number): Promise<FetchedObject> {
  const { headers } = response;
  refuseEncoded(headers.get('content-encoding'));
  const bytes = await readBody(response, MAX_SOURCE_BYTES, client.deadline.signal, () =>
    hasChecksum(headers),
  );
  verifyChecksum(bytes, headers, client.system);
  return {
    bytes,
    sealing: sealingOf(
      headers.get('x-amz-server-side-encryption'),
      headers.get('x-amz-server-side-encryption-aws-kms-key-id'),
    ),
    version: headers.get('x-amz-version-id') ?? undefined,
    namedKey: headers.get('x-amz-meta-kms-key') ?? undefined,
    requestIds: requestIdsOf(headers),
    attempts,
  };
}
