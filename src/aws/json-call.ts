/** One call of a service that speaks JSON 1.1, signed and retried. https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html */
import type { EnvsealError } from '../errors.ts';
import { type JsonObject, parseObject } from '../json.ts';
import { MAX_ANSWER_BYTES } from '../limits-and-defaults.ts';
import { readAnswerBody } from '../net/answer-body.ts';
import { retry } from '../net/retry.ts';
import type { AwsClient } from './client.ts';
import { serviceEndpoint } from './endpoint.ts';

export interface JsonCall {
  readonly service: 'kms' | 'logs';
  readonly region: string;
  /** `TrentService`, `Logs_20140328`. */
  readonly target: string;
  /** The operation, such as `Decrypt`; also the permission, `kms:Decrypt`. */
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** What a policy names. */
  readonly resource: string;
  /** What is asked for, for people. */
  readonly subject: string;
  /** What a refusal means that only this operation has; `undefined`: what it means everywhere. */
  readonly explain?: (code: string) => EnvsealError | undefined;
}

export async function callJson(call: JsonCall, client: AwsClient): Promise<JsonObject> {
  const { service, region, operation, resource, subject } = call;
  const request = {
    method: 'POST',
    url: serviceEndpoint(service, region, client.settings),
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${call.target}.${operation}` },
    body: JSON.stringify(call.input),
  };
  let mayCorrect = true;
  return await retry(async function attempt(): Promise<JsonObject> {
    const response = await client.send(request, service, region);
    const body = await readAnswerBody(response, MAX_ANSWER_BYTES, client.deadline.signal);
    const answer = parseObject(body) ?? {};
    if (response.status === 200) return answer;
    const code = text(answer.__type).replace(/^.*#/, '');
    // There is one code for a wrong secret and a wrong clock.
    if (mayCorrect && code === 'InvalidSignatureException' && client.correctClock(response)) {
      mayCorrect = false;
      return await attempt();
    }
    const { status, headers } = response;
    const message = text(answer.message) || text(answer.Message);
    const action = `${service}:${operation}`;
    const explained = call.explain?.(code);
    if (explained !== undefined) throw explained;
    const { explainRefusal } = await import('./service-errors.ts');
    throw explainRefusal({ status, code, message, headers, action, resource, subject });
  }, client.deadline);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
