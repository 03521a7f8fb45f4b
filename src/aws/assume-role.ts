/** A role that a sealed file names for one of its keys. https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
import { EnvsealError } from '../errors.ts';
import { MAX_ERROR_BODY_BYTES } from '../limits.ts';
import { readAnswerBody } from '../net/http.ts';
import { retry } from '../net/retry.ts';
import { Secret } from '../secret.ts';
import type { AwsClient } from './aws-client.ts';
import type { AwsCredentials } from './credentials.ts';
import { serviceEndpoint } from './endpoint.ts';
import { explainRefusal } from './refusal.ts';
import { element } from './xml.ts';

/** Throws `denied` where the role's trust policy or IAM says no. */
export async function assumeRole(role: string, region: string, client: AwsClient): Promise<AwsCredentials> {
  const { settings, variables, deadline } = client;
  const body = new URLSearchParams({
    Action: 'AssumeRole',
    Version: '2011-06-15',
    RoleArn: role,
    RoleSessionName: variables.AWS_ROLE_SESSION_NAME || 'envseal',
  }).toString();
  const request = {
    method: 'POST',
    url: serviceEndpoint('sts', region, settings),
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body,
  };
  return await retry(async () => {
    const response = await client.send(request, 'sts', region);
    const xml = Buffer.from(await readAnswerBody(response, MAX_ERROR_BODY_BYTES, deadline.signal)).toString();
    if (response.status !== 200) throw refusedRole(role, response, xml);
    const [accessKeyId, secretAccessKey, sessionToken] = [
      'AccessKeyId',
      'SecretAccessKey',
      'SessionToken',
    ].map((name) => element(xml, name));
    if (!accessKeyId || !secretAccessKey || !sessionToken) {
      throw new EnvsealError('credentials', `STS sent no credentials of the role ${role}`, {
        hint: 'check AWS_ENDPOINT_URL_STS: what answers there is not STS',
      });
    }
    return {
      accessKeyId,
      secretAccessKey: new Secret(secretAccessKey),
      sessionToken: new Secret(sessionToken),
      origin: 'assumed role',
      principal: role,
    };
  }, deadline);
}

function refusedRole(role: string, { status, headers }: Response, xml: string): EnvsealError {
  const explained = explainRefusal({
    status,
    code: element(xml, 'Code') ?? '',
    message: element(xml, 'Message') ?? '',
    headers,
    action: 'sts:AssumeRole',
    resource: role,
    subject: role,
  });
  if (explained.code !== 'denied') return explained;
  return new EnvsealError('denied', explained.message, {
    hint: 'allow it in the trust policy of the role and by IAM',
  });
}
