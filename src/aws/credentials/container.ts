/**
 * The endpoint that ECS and EKS Pod Identity give to a container.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
import { EnvsealError } from '../../errors.ts';
import { isLoopback } from '../../net/local.ts';
import { toByteString } from '../../system/bytes.ts';
import { ErrnoError, type System } from '../../system/system.ts';
import { askMetadata, type MetadataContext, type MetadataIdentity, parseIdentity } from './metadata.ts';

const RELATIVE_TO = 'http://169.254.170.2';
/** Where plain http: may go besides loopback: ECS, then EKS. */
const PLAIN_HOSTS = ['169.254.170.2', '169.254.170.23', '[fd00:ec2::23]'];
const MAX_TOKEN_BYTES = 64 * 1024;
const HINT = "check the task's role (ECS) or the pod identity association (EKS)";

/** Throws `credentials` where the endpoint refuses, `unreachable` where it does not answer. */
export async function fromContainer(context: MetadataContext): Promise<MetadataIdentity> {
  const url = endpoint(context);
  const authorization = readToken(context);
  const headers = { accept: 'application/json', ...(authorization === undefined ? {} : { authorization }) };
  const { status, text } = await askMetadata({ method: 'GET', url, headers }, context);
  const name = `the container credentials endpoint ${url.host}`;
  if (status !== 200) throw refused(`${name} refused with ${status}`, HINT);
  const identity = parseIdentity(text);
  if (identity === undefined) throw refused(`${name} sent no credentials`, HINT);
  return identity;
}

function endpoint({ variables }: MetadataContext): URL {
  const relative = variables.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI;
  const text = relative ? RELATIVE_TO + relative : (variables.AWS_CONTAINER_CREDENTIALS_FULL_URI ?? '');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.protocol === 'http:';
  if (url !== undefined && isPlain && (isLoopback(url.hostname) || PLAIN_HOSTS.includes(url.hostname)))
    return url;
  if (url?.protocol === 'https:') return url;
  const name = `AWS_CONTAINER_CREDENTIALS_${relative ? 'RELATIVE' : 'FULL'}_URI`;
  throw new EnvsealError('configuration', `${name} is neither an https: URL nor a local address`, {
    hint: 'ECS and EKS set it: remove what overrides it',
  });
}

/** The file wins, because EKS renews it. */
function readToken({ variables, system }: MetadataContext): string | undefined {
  const path = variables.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;
  const token = path ? readTokenFile(path, system) : variables.AWS_CONTAINER_AUTHORIZATION_TOKEN;
  if (!token || /^[\t\x20-\x7e]+$/.test(token)) return token || undefined;
  throw refused('the container authorization token is not one line of ASCII', HINT);
}

function readTokenFile(path: string, system: System): string {
  try {
    const bytes = system.readFile(toByteString(path), MAX_TOKEN_BYTES);
    return toByteString(bytes).trimEnd();
  } catch (error) {
    const reason = error instanceof ErrnoError ? error.errno : 'EIO';
    const hint = 'EKS mounts it: check AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE';
    throw refused(`cannot read the container authorization token in ${path}: ${reason}`, hint, error);
  }
}

function refused(message: string, hint: string, cause?: unknown): EnvsealError {
  return new EnvsealError('credentials', message, { hint, cause });
}
