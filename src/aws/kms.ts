/** One call to KMS. https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html */
import type { JsonObject } from '../json.ts';
import type { AwsClient } from './client.ts';
import { callJson, type JsonCall } from './json-call.ts';

export interface KmsCall extends Pick<JsonCall, 'input' | 'region' | 'resource' | 'subject' | 'explain'> {
  readonly operation: 'DescribeKey' | 'Decrypt' | 'Encrypt';
}

export async function callKms(call: KmsCall, client: AwsClient): Promise<JsonObject> {
  return await callJson({ ...call, service: 'kms', target: 'TrentService' }, client);
}
