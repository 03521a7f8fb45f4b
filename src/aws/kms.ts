/** One call to KMS, signed and retried. https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html */
import type { EnvsealError } from '../errors.ts';
import { MAX_ANSWER_BYTES } from '../limits.ts';
import { readBody } from '../net/http.ts';
import { retry } from '../net/retry.ts';
import type { AwsClient } from './aws-client.ts';
import { parseEndpoint } from './endpoint.ts';
import { dnsSuffixOf } from './partitions.ts';
import { explainRefusal } from './refusal.ts';

export interface KmsCall {
  /** The operation, such as `Decrypt`; also the permission, `kms:Decrypt`. */
  readonly operation: 'DescribeKey' | 'Decrypt';
  readonly input: Readonly<Record<string, unknown>>;
  readonly region: string;
  /** The key or its alias, as a policy names it. */
  readonly resource: string;
  /** What is asked for, for people. */
  readonly subject: string;
  /** What a refusal means that only this operation has; `undefined`: what it means everywhere. */
  readonly explain?: (code: string) => EnvsealError | undefined;
}

export type KmsAnswer = Readonly<Record<string, unknown>>;

export async function callKms(call: KmsCall, client: AwsClient): Promise<KmsAnswer> {
  const { settings } = client;
  const { operation, input, region, resource, subject } = call;
  const endpoint =
    settings.endpointOf('kms') ??
    `https://kms${settings.useFips ? '-fips' : ''}.${region}.${dnsSuffixOf(region) ?? 'amazonaws.com'}`;
  const request = {
    method: 'POST',
    url: parseEndpoint(endpoint, 'kms'),
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `TrentService.${operation}` },
    body: JSON.stringify(input),
  };
  let mayCorrect = true;
  return await retry(async function attempt(): Promise<KmsAnswer> {
    const response = await client.send(request, 'kms', region);
    const body = await readBody(response, MAX_ANSWER_BYTES, client.deadline.signal);
    const answer = parseJson(Buffer.from(body).toString());
    if (response.status === 200) return answer;
    const code = text(answer.__type).replace(/^.*#/, '');
    // KMS has one code for a wrong secret and a wrong clock.
    if (mayCorrect && code === 'InvalidSignatureException' && client.correctClock(response)) {
      mayCorrect = false;
      return await attempt();
    }
    const { status, headers } = response;
    const message = text(answer.message) || text(answer.Message);
    const action = `kms:${operation}`;
    throw (
      call.explain?.(code) ?? explainRefusal({ status, code, message, headers, action, resource, subject })
    );
  }, client.deadline);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function parseJson(body: string): KmsAnswer {
  try {
    return (JSON.parse(body) ?? {}) as KmsAnswer;
  } catch {
    return {};
  }
}
