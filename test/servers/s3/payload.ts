/** The bytes a request carries, taken out of their transfer form and compared with what was signed. */

import type { Received } from '../http/exchange.ts';
import type { Authenticated } from '../sigv4/authentication.ts';
import { decodeChunks } from '../sigv4/aws-chunked.ts';
import { sha256Hex } from '../sigv4/signature.ts';
import { S3Error } from './errors.ts';

export interface Payload {
  readonly bytes: Buffer;
  /** The request's headers, and the trailers that were announced in `x-amz-trailer`. */
  readonly headers: Readonly<Record<string, string>>;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html */
export function readPayload(request: Received, authenticated: Authenticated): Payload {
  const declared = request.headers['x-amz-content-sha256'] ?? '';
  if (declared.startsWith('STREAMING-')) return readChunked(request, authenticated, declared);
  const computed = sha256Hex(request.body);
  if (declared !== 'UNSIGNED-PAYLOAD' && declared !== computed) {
    throw new S3Error('XAmzContentSHA256Mismatch', {
      ClientComputedContentSHA256: declared,
      S3ComputedContentSHA256: computed,
    });
  }
  return { bytes: request.body, headers: request.headers };
}

function readChunked(request: Received, authenticated: Authenticated, declared: string): Payload {
  const signed = declared.startsWith('STREAMING-AWS4-HMAC-SHA256-PAYLOAD');
  if (!signed && declared !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') throw new S3Error('NotImplemented');
  const decodedLength = request.headers['x-amz-decoded-content-length'];
  if (decodedLength === undefined) throw new S3Error('MissingContentLength');
  const decoded = decodeChunks(request.body, signed ? authenticated : undefined);
  if (decoded === 'signature') throw new S3Error('SignatureDoesNotMatch');
  if (decoded === 'malformed' || String(decoded.bytes.length) !== decodedLength)
    throw new S3Error('IncompleteBody');
  const announced = request.headers['x-amz-trailer'] ?? '';
  if (Object.keys(decoded.trailers).join(',') !== announced)
    throw new S3Error(
      'InvalidRequest',
      {},
      'The value specified in the x-amz-trailer header is not supported',
    );
  return { bytes: decoded.bytes, headers: { ...request.headers, ...decoded.trailers } };
}
