/** The one call to KMS that a start can need: which key an alias points to. */
import { EnvsealError } from '../errors.ts';
import { MAX_ERROR_BODY_BYTES } from '../limits.ts';
import { readBody } from '../net/http.ts';
import { retry } from '../net/retry.ts';
import type { AwsClient } from './aws-client.ts';
import { parseEndpoint } from './endpoint.ts';
import { dnsSuffixOf } from './partitions.ts';
import { explainRefusal } from './refusal.ts';

/**
 * The key's ARN. Throws `denied` without kms:DescribeKey, `configuration` for an alias that does not exist.
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
 */
export async function resolveAlias(alias: string, region: string, client: AwsClient): Promise<string> {
  const { settings } = client;
  const endpoint =
    settings.endpointOf('kms') ??
    `https://kms${settings.useFips ? '-fips' : ''}.${region}.${dnsSuffixOf(region) ?? 'amazonaws.com'}`;
  const request = {
    method: 'POST',
    url: parseEndpoint(endpoint, 'kms'),
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'TrentService.DescribeKey' },
    body: JSON.stringify({ KeyId: alias }),
  };
  let mayCorrect = true;
  return await retry(async function attempt(): Promise<string> {
    const response = await client.send(request, 'kms', region);
    const body = Buffer.from(
      await readBody(response, MAX_ERROR_BODY_BYTES, client.deadline.signal),
    ).toString();
    const answer = parseJson(body);
    const arn = answer.KeyMetadata?.Arn;
    if (response.status === 200 && typeof arn === 'string') return arn;
    const code = (answer.__type ?? '').replace(/^.*#/, '');
    // KMS has one code for a wrong secret and a wrong clock.
    if (mayCorrect && code === 'InvalidSignatureException' && client.correctClock(response)) {
      mayCorrect = false;
      return await attempt();
    }
    if (code === 'NotFoundException') {
      throw new EnvsealError('configuration', `no such KMS alias: ${alias}`, {
        hint: `check --kms-key, and that the alias is in ${region}`,
      });
    }
    throw explainRefusal({
      status: response.status,
      code,
      message: answer.message ?? answer.Message ?? '',
      headers: response.headers,
      action: 'kms:DescribeKey',
      resource: alias,
      subject: `the KMS key ${alias}`,
    });
  }, client.deadline);
}

interface DescribeKeyAnswer {
  readonly __type?: string;
  readonly message?: string;
  readonly Message?: string;
  readonly KeyMetadata?: { readonly Arn?: unknown };
}

function parseJson(body: string): DescribeKeyAnswer {
  try {
    return JSON.parse(body) as DescribeKeyAnswer;
  } catch {
    return {};
  }
}
