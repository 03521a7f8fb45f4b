/**
 * EC2's instance metadata. Version 2 only: version 1 answers anyone who can make us send a request.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 */
import { EnvsealError } from '../../errors.ts';
import type { HttpRequest } from '../../net/http.ts';
import { askMetadata, type MetadataContext, type MetadataIdentity, parseIdentity } from './metadata.ts';

const HOSTS = { ipv4: 'http://169.254.169.254', ipv6: 'http://[fd00:ec2::254]' } as const;
const ROLE_PATH = '/latest/meta-data/iam/security-credentials/';
const TOKEN_SECONDS = '21600';

const HINT =
  'give the container a role: IRSA or Pod Identity on EKS, a task role on ECS, an instance profile on EC2 (with a metadata hop limit of 2), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';

/**
 * Throws `credentials`, also where nothing answers: this is the last place that is asked, and most hosts have none.
 * `fromProfile` is the endpoint that the profile names.
 */
export async function fromInstance(
  context: MetadataContext,
  fromProfile: string | undefined,
): Promise<MetadataIdentity> {
  const base = endpoint(context, fromProfile);
  const token = await read('a token', {
    method: 'PUT',
    url: new URL('/latest/api/token', base),
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': TOKEN_SECONDS },
  });
  const headers = { 'x-aws-ec2-metadata-token': token.trim() };
  const roles = await read('a role', { method: 'GET', url: new URL(ROLE_PATH, base), headers });
  const path = ROLE_PATH + encodeURIComponent(roles.trim().split('\n')[0] as string);
  const text = await read('credentials', { method: 'GET', url: new URL(path, base), headers });
  const identity = parseIdentity(text);
  if (identity === undefined) throw noCredentials('the instance metadata has no credentials for its role');
  return identity;

  async function read(what: string, request: HttpRequest): Promise<string> {
    const { status, text } = await askMetadata(request, context).catch((error: unknown) => {
      if (!(error instanceof EnvsealError) || error.code !== 'unreachable') throw error;
      throw noCredentials('no AWS credentials found, and no instance metadata', error);
    });
    if (status === 200) return text;
    throw noCredentials(`no AWS credentials found, and the instance metadata refused ${what} with ${status}`);
  }
}

function endpoint({ variables }: MetadataContext, fromProfile: string | undefined): string {
  const mode = variables.AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE?.toLowerCase() === 'ipv6' ? 'ipv6' : 'ipv4';
  const url = variables.AWS_EC2_METADATA_SERVICE_ENDPOINT || fromProfile || HOSTS[mode];
  if (URL.canParse(url) && /^https?:/.test(url)) return url;
  throw new EnvsealError('configuration', 'invalid instance metadata endpoint', {
    hint: `remove AWS_EC2_METADATA_SERVICE_ENDPOINT, or set it to ${HOSTS.ipv4}`,
  });
}

/** For when every provider was asked. */
export function noCredentials(message: string, cause?: unknown): EnvsealError {
  return new EnvsealError('credentials', message, { hint: HINT, cause });
}
