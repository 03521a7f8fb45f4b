/**
 * Server-side encryption: which key seals an object, and the sealing itself.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
 */

import type { AccessKey } from '../aws/access-keys.ts';
import { type KmsAction, KmsError, type KmsKey, type KmsKeys, open, seal } from '../aws/kms-keys.ts';
import { S3Error, type S3ErrorCode } from './errors.ts';

export type Algorithm = 'AES256' | 'aws:kms' | 'aws:kms:dsse';

/** What a writer, or the bucket's default, asks for. */
export interface SealingRequest {
  readonly algorithm: Algorithm;
  /** Id, ARN or alias; absent: `aws/s3`. */
  readonly keyId?: string;
  readonly bucketKey?: boolean;
}

/** What was done. */
export interface Sealing {
  readonly algorithm: Algorithm;
  /** Absent with AES256. */
  readonly keyArn?: string;
  readonly bucketKey: boolean;
  /** Bound to the ciphertext: the object's ARN and the writer's own encryption context. */
  readonly context: string;
}

/** Who asks for which key where. */
export interface KeyUse {
  readonly kmsKeys: KmsKeys;
  readonly region: string;
  readonly caller: AccessKey | undefined;
}

const PREFIX = 'x-amz-server-side-encryption';
const MANAGED_ALIAS = 'alias/aws/s3';
/** S3's own key, which no one needs a permission for. */
const S3_KEY: KmsKey = { arn: 'sse-s3' };

export function sealObject(
  plaintext: Buffer,
  request: SealingRequest,
  context: string,
  use: KeyUse,
): { sealing: Sealing; sealed: Buffer } {
  const { algorithm, keyId = MANAGED_ALIAS, bucketKey = false } = request;
  if (algorithm === 'AES256') {
    return { sealing: { algorithm, bucketKey: false, context }, sealed: seal(S3_KEY, plaintext, context) };
  }
  const key = useKey('kms:GenerateDataKey', keyId, use);
  return {
    sealing: { algorithm, keyArn: key.arn, bucketKey, context },
    sealed: seal(key, plaintext, context),
  };
}

/** Every read of an object that a KMS key seals asks KMS, for this caller. */
export function openObject(sealed: Buffer, { keyArn, context }: Sealing, use: KeyUse): Buffer {
  const key = keyArn === undefined ? S3_KEY : useKey('kms:Decrypt', keyArn, use);
  return open(key, sealed, context);
}

/** From a PUT's headers; undefined when they do not mention encryption. */
export function parseSealingRequest(headers: Readonly<Record<string, string>>): SealingRequest | undefined {
  const algorithm = headers[PREFIX];
  const keyId = headers[`${PREFIX}-aws-kms-key-id`];
  const bucketKey = headers[`${PREFIX}-bucket-key-enabled`];
  if (algorithm === undefined && keyId === undefined) return undefined;
  if (algorithm !== 'AES256' && algorithm !== 'aws:kms' && algorithm !== 'aws:kms:dsse')
    throw invalid(PREFIX, algorithm, 'The encryption method specified is not supported');
  if (algorithm === 'AES256' && keyId !== undefined)
    throw invalid(
      PREFIX,
      algorithm,
      `Server Side Encryption with AWS KMS managed key requires HTTP header ${PREFIX} : aws:kms`,
    );
  return { algorithm, ...(keyId && { keyId }), ...(bucketKey && { bucketKey: bucketKey === 'true' }) };
}

/** A reader must not send them: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export function refuseSealingHeaders(headers: Readonly<Record<string, string>>): void {
  if (headers[PREFIX] !== undefined)
    throw invalid(PREFIX, headers[PREFIX], `${PREFIX} header is not supported for this operation.`);
}

export function sealingHeaders({ algorithm, keyArn, bucketKey }: Sealing): Record<string, string> {
  return {
    [PREFIX]: algorithm,
    ...(keyArn && { [`${PREFIX}-aws-kms-key-id`]: keyArn }),
    ...(bucketKey && { [`${PREFIX}-bucket-key-enabled`]: 'true' }),
  };
}

function useKey(action: KmsAction, reference: string, { kmsKeys, region, caller }: KeyUse): KmsKey {
  try {
    return kmsKeys.use(action, reference, region, caller);
  } catch (error) {
    if (!(error instanceof KmsError)) throw error;
    const code =
      error.code === 'AccessDeniedException' ? 'AccessDenied' : (`KMS.${error.code}` satisfies S3ErrorCode);
    throw new S3Error(code, {}, error.message);
  }
}

function invalid(name: string, value: string | undefined, message: string): S3Error {
  return new S3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: value ?? 'null' }, message);
}
