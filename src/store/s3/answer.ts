/** S3's description of an object, whichever client asks. */
import { EnvsealError } from '../../errors.ts';
import type { Sealing } from '../object.ts';

/** `aws-chunked` is how the uploader sent it, and some servers repeat it. */
export function refuseEncoded(encoding: string | null | undefined): void {
  if (encoding === null || encoding === undefined) return;
  if (/^(aws-chunked|identity|utf-8)?,?$/i.test(encoding)) return;
  throw new EnvsealError('malformed', 'the object is stored with a content encoding', {
    hint: 'store the env file without compression (no Content-Encoding)',
  });
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html */
export function sealingOf(algorithm: string | null | undefined, key: string | null | undefined): Sealing {
  if (algorithm !== 'aws:kms' && algorithm !== 'aws:kms:dsse') return { kind: 'none' };
  return { kind: 'sse-kms', key: key ?? undefined, isDual: algorithm === 'aws:kms:dsse' };
}
