/** S3's answers other than the object. Loaded when there is one. */
import type { AwsClient } from '../../aws/client.ts';
import { partitionOf } from '../../aws/partitions.ts';
import { element } from '../../aws/xml.ts';
import { MAX_ERROR_BODY_BYTES } from '../../limits-and-defaults.ts';
import { readBody } from '../../net/http.ts';
import type { S3Source } from '../../source-uri.ts';
import type { S3EndpointOptions } from './endpoint.ts';

interface RefusalBody {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly region: string | undefined;
}

/**
 * The ways in which S3 says that a bucket is elsewhere. No host that an answer names is ever followed, so at an endpoint
 * of the user's own only the region of the signature can change.
 */
export function isRedirect({ status, code }: RefusalBody, { endpoint }: S3EndpointOptions): boolean {
  if (code === 'AuthorizationHeaderMalformed') return true;
  if (endpoint !== undefined) return false;
  return status === 301 || status === 307 || code === 'IllegalLocationConstraintException';
}

export async function readRefusal(response: Response, client: AwsClient): Promise<RefusalBody> {
  const bytes = await readBody(response, MAX_ERROR_BODY_BYTES, client.deadline.signal).catch(
    (error: unknown) => {
      if (client.deadline.signal.aborted) throw error;
      return new Uint8Array();
    },
  );
  const xml = Buffer.from(bytes).toString('utf8');
  return {
    status: response.status,
    code: element(xml, 'Code') ?? '',
    message: element(xml, 'Message') ?? '',
    region: element(xml, 'Region'),
  };
}

/** What messages say of the object: the URI as given, and the permission and the ARN that a policy would name. */
export function describe(
  source: S3Source,
  region: string,
): { subject: string; action: string; resource: string } {
  const { uri, bucket, key, versionId } = source;
  return {
    subject: uri,
    action: versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion',
    resource: bucket.startsWith('arn:')
      ? `${bucket}/object/${key}`
      : `arn:${partitionOf(region)}:s3:::${bucket}/${key}`,
  };
}
