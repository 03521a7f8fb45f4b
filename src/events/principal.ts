/** The principal, from the credentials alone: to ask the cloud would be a request, and a delay. Pure. */
import type { AwsCredentials } from '../aws/identity.ts';
import type { GoogleToken } from '../gcp/credentials/token.ts';
import type { Principal } from './event.ts';

/** The role, or the id of the access key, by which CloudTrail finds the session. */
export function principalOfAws({
  origin,
  principal,
  accessKeyId,
}: Pick<AwsCredentials, 'origin' | 'principal' | 'accessKeyId'>): Principal {
  return { origin, name: isArn(principal) ? principal : isAccessKeyId(accessKeyId) ? accessKeyId : null };
}

/** `null` for a bare token: it does not say whose it is. */
export function principalOfGoogle({
  origin,
  principal,
}: Pick<GoogleToken, 'origin' | 'principal'>): Principal {
  return { origin, name: principal ?? null };
}

function isArn(text: string | undefined): text is string {
  return text !== undefined && /^arn:[a-z0-9-]+:(?:iam|sts)::\d{12}:[\x21-\x7e]+$/.test(text);
}

/**
 * AWS's own are 16 to 128 capitals and digits; what has others may be the secret key, put where its id belongs.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
 */
function isAccessKeyId(text: string | undefined): text is string {
  return text !== undefined && /^[A-Z0-9]{16,128}$/.test(text);
}
