/**
 * STS hands out temporary credentials of a role. A form goes there, XML comes back.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
 */
import { EnvsealError } from '../../errors.ts';
import { MAX_ERROR_BODY_BYTES, STS_ATTEMPTS } from '../../limits-and-defaults.ts';
import { readAnswerBody } from '../../net/answer-body.ts';
import { retry } from '../../net/retry.ts';
import type { AwsClient } from '../client.ts';
import { serviceEndpoint } from '../endpoint.ts';
import { type AwsIdentity, toIdentity } from '../identity.ts';
import { element } from '../xml.ts';

export interface StsCall {
  readonly action: 'AssumeRole' | 'AssumeRoleWithWebIdentity';
  /** ARN. */
  readonly role: string;
  readonly region: string;
  /** The session's name; default: `AWS_ROLE_SESSION_NAME`, else `envseal`. */
  readonly sessionName?: string | undefined;
  /** More of the form; `undefined` is left out. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
  /** What a refusal means that only this action has; `undefined`: what it means everywhere. */
  readonly explain?: (code: string) => EnvsealError | undefined;
}

const DENIED_HINTS: Readonly<Record<StsCall['action'], string>> = {
  AssumeRole: "allow it in the role's trust policy and in IAM",
  AssumeRoleWithWebIdentity: "allow it in the role's trust policy",
};

/** Throws `denied` where the role's trust policy or IAM says no, `configuration` for a region that cannot be one. */
export async function callSts(call: StsCall, client: AwsClient): Promise<AwsIdentity> {
  const region = checkRegion(call.region);
  const request = {
    method: 'POST',
    url: serviceEndpoint('sts', region, client.settings),
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: formOf(call, client),
  };
  let mayCorrect = true;
  async function attempt(): Promise<AwsIdentity> {
    const response =
      call.action === 'AssumeRole'
        ? await client.send(request, 'sts', region)
        : await client.sendUnsigned(request);
    const body = await readAnswerBody(response, MAX_ERROR_BODY_BYTES, client.deadline.signal);
    const xml = new TextDecoder().decode(body);
    if (response.status === 200) return parseIdentity(xml, call);
    // There is one code for a wrong secret and a wrong clock.
    if (mayCorrect && element(xml, 'Code') === 'SignatureDoesNotMatch' && client.correctClock(response)) {
      mayCorrect = false;
      return await attempt();
    }
    throw await refused(call, response, xml);
  }
  return await retry(attempt, client.deadline, Math.random, STS_ATTEMPTS);
}

/** Becomes a part of the host name. */
function checkRegion(region: string): string {
  if (region === 'aws-global') return 'us-east-1';
  if (/^[a-z0-9-]{1,63}$/i.test(region)) return region;
  throw new EnvsealError('configuration', 'invalid AWS region', {
    hint: "set AWS_REGION or the profile's region, such as eu-central-1",
  });
}

function formOf({ action, role, sessionName, parameters }: StsCall, { variables }: AwsClient): string {
  const form = new URLSearchParams({
    Action: action,
    Version: '2011-06-15',
    RoleArn: role,
    RoleSessionName: sessionName || variables.AWS_ROLE_SESSION_NAME || 'envseal',
  });
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) form.set(name, value);
  return form.toString();
}

function parseIdentity(xml: string, { role }: StsCall): AwsIdentity {
  const accessKeyId = element(xml, 'AccessKeyId');
  const secretAccessKey = element(xml, 'SecretAccessKey');
  const sessionToken = element(xml, 'SessionToken');
  if (accessKeyId && secretAccessKey && sessionToken) {
    return toIdentity({ accessKeyId, secretAccessKey, sessionToken, principal: role });
  }
  throw new EnvsealError('credentials', `STS sent no credentials for the role ${role}`, {
    hint: 'check AWS_ENDPOINT_URL_STS: the server there is not STS',
  });
}

async function refused(
  { action, role, explain }: StsCall,
  { status, headers }: Response,
  xml: string,
): Promise<EnvsealError> {
  const { explainRefusal } = await import('../service-errors.ts');
  const code = element(xml, 'Code') ?? '';
  const message = element(xml, 'Message') ?? '';
  const request = { action: `sts:${action}`, resource: role, subject: role };
  const explained = explain?.(code) ?? explainRefusal({ status, code, message, headers, ...request });
  if (explained.code !== 'denied') return explained;
  return new EnvsealError('denied', explained.message, {
    hint: DENIED_HINTS[action],
    requestIds: explained.requestIds,
  });
}
