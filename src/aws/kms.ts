/** One call to KMS. https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html */
import type { AwsClient } from './aws-client.ts';
import { callJson, type JsonAnswer, type JsonCall } from './json-call.ts';
import { dnsSuffixOf } from './partitions.ts';

export interface KmsCall extends Pick<JsonCall, 'input' | 'region' | 'resource' | 'subject' | 'explain'> {
  readonly operation: 'DescribeKey' | 'Decrypt';
}

export type KmsAnswer = JsonAnswer;

export async function callKms(call: KmsCall, client: AwsClient): Promise<KmsAnswer> {
  const { region } = call;
  const host = `kms${client.settings.useFips ? '-fips' : ''}.${region}.${dnsSuffixOf(region) ?? 'amazonaws.com'}`;
  return await callJson(
    { ...call, service: 'kms', endpoint: `https://${host}`, target: 'TrentService' },
    client,
  );
}
