/** Options of an object that a test stores without a request. */

import type { Algorithm } from './encryption.ts';

export interface PutOptions {
  /** Default: the bucket's. */
  readonly sse?: Algorithm;
  /** Id, ARN or alias. */
  readonly kmsKeyId?: string;
  readonly bucketKey?: boolean;
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Any other header of a PutObject. */
  readonly headers?: Readonly<Record<string, string>>;
}

export function putHeaders(options: PutOptions): Record<string, string> {
  const metadata = Object.entries(options.metadata ?? {});
  const headers = {
    ...options.headers,
    ...Object.fromEntries(metadata.map(([name, value]) => [`x-amz-meta-${name}`, value])),
    'content-type': options.contentType,
    'x-amz-server-side-encryption': options.sse,
    'x-amz-server-side-encryption-aws-kms-key-id': options.kmsKeyId,
    'x-amz-server-side-encryption-bucket-key-enabled': options.bucketKey?.toString(),
  };
  const given = Object.entries(headers).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), value]));
}
