/** Resolution of KMS aliases. */
import { EnvsealError } from '../errors.ts';
import type { AwsClient } from './client.ts';
import { callKms } from './kms.ts';

/**
 * The key's ARN. Throws `denied` without kms:DescribeKey, `configuration` for an alias that does not exist.
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
 */
export async function resolveAlias(alias: string, region: string, client: AwsClient): Promise<string> {
  const answer = await callKms(
    {
      operation: 'DescribeKey',
      input: { KeyId: alias },
      region,
      resource: alias,
      subject: `the KMS key ${alias}`,
      explain: (code) => (code === 'NotFoundException' ? noSuchAlias(alias, region) : undefined),
    },
    client,
  );
  const { Arn } = (answer.KeyMetadata ?? {}) as { Arn?: unknown };
  if (typeof Arn === 'string') return Arn;
  throw new EnvsealError('unreachable', `KMS did not say which key ${alias} is`, {
    hint: 'check AWS_ENDPOINT_URL_KMS: the server there is not KMS',
  });
}

function noSuchAlias(alias: string, region: string): EnvsealError {
  return new EnvsealError('configuration', `no such KMS alias: ${alias}`, {
    hint: `check --kms-key, and that the alias is in ${region}`,
  });
}
