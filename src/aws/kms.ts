/** One call to KMS. https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html */
import type { AwsClient } from './aws-client.ts';
import { callJson, type JsonAnswer, type JsonCall } from './json-call.ts';

export interface KmsCall extends Pick<JsonCall, 'input' | 'region' | 'resource' | 'subject' | 'explain'> {
  readonly operation: 'DescribeKey' | 'Decrypt';
}

export async function callKms(call: KmsCall, client: AwsClient): Promise<JsonAnswer> {
  return await callJson({ ...call, service: 'kms', target: 'TrentService' }, client);
}
