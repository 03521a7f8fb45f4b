/**
 * The metadata server, where a workload on Compute Engine, GKE or Cloud Run gets its token. Ours, because Google's
 * library takes 10 to 50 ms to load, asks twice, and gives up on a server that is late.
 * https://docs.cloud.google.com/compute/docs/metadata/querying-metadata
 */
import { EnvsealError } from '../../errors.ts';
import { parseObject } from '../../json.ts';
import { MAX_ERROR_BODY_BYTES, METADATA_ATTEMPTS, METADATA_TIMEOUT_MS } from '../../limits-and-defaults.ts';
import { readBody } from '../../net/http.ts';
import { retry } from '../../net/retry.ts';
import { textOf, toByteString } from '../../system/bytes.ts';
import type { System } from '../../system/system.ts';
import type { GoogleVariables } from '../endpoint.ts';
import { isToken, type TokenSources } from './token.ts';

/** What metadata.google.internal resolves to, without a DNS that may not be there yet. */
const ADDRESS = '169.254.169.254';
/**
 * Without `?scopes=`: only Cloud Run knows it, and gives cloud-platform by itself; elsewhere the instance's are given.
 * https://docs.cloud.google.com/run/docs/securing/service-identity#fetch_an_access_token
 */
const TOKEN_PATH = '/computeMetadata/v1/instance/service-accounts/default/token';
const FLAVOR = 'Google';

const HINT =
  'give the workload a service account (Workload Identity on GKE, --service-account on Cloud Run and Compute Engine), or set GOOGLE_APPLICATION_CREDENTIALS';
/** https://docs.cloud.google.com/kubernetes-engine/docs/how-to/network-policy#network-policy-and-workload-identity */
const NO_ANSWER_HINT = `let the network policy allow ${ADDRESS} port 80 and 169.254.169.252 port 988, or set GOOGLE_APPLICATION_CREDENTIALS`;

/** https://docs.cloud.google.com/nodejs/docs/reference/gcp-metadata/latest/overview */
const DETECTIONS = ['assume-present', 'none', 'bios-only', 'ping-only'];

interface MetadataServer {
  readonly url: URL;
  /** Where the platform is Google's, silence means that the server is late. */
  readonly isExpected: boolean;
  readonly isKubernetes: boolean;
}

/**
 * Throws `credentials`, also if nothing answers: this is the last source. If a server is expected, it is
 * asked until the deadline:
 * https://docs.cloud.google.com/kubernetes-engine/docs/how-to/workload-identity#limitations
 */
export async function fromMetadata(sources: TokenSources): Promise<string> {
  const { variables, system, deadline } = sources;
  const detection = detectionOf(variables);
  const isExpected = detection !== 'ping-only' && isGoogle(variables, system);
  if (detection === 'none' || (detection === 'bios-only' && !isExpected)) {
    throw new EnvsealError(
      'credentials',
      'no Google credentials found, and the metadata server is disabled',
      {
        hint: `METADATA_SERVER_DETECTION=${detection} disables it; set GOOGLE_APPLICATION_CREDENTIALS, or remove it`,
      },
    );
  }
  const server = { url: endpoint(variables), isExpected, isKubernetes: !!variables.KUBERNETES_SERVICE_HOST };
  const attempts = isExpected ? Number.POSITIVE_INFINITY : METADATA_ATTEMPTS;
  return await retry((number) => attempt(number, server, sources), deadline, Math.random, attempts);
}

function detectionOf({ METADATA_SERVER_DETECTION }: GoogleVariables): string {
  const detection = METADATA_SERVER_DETECTION?.trim().toLowerCase() ?? '';
  if (detection === '' || DETECTIONS.includes(detection)) return detection;
  throw new EnvsealError('configuration', 'invalid METADATA_SERVER_DETECTION', {
    hint: `remove it, or set it to one of ${DETECTIONS.join(', ')}`,
  });
}

function isGoogle(variables: GoogleVariables, system: System): boolean {
  const { KUBERNETES_SERVICE_HOST, K_SERVICE, CLOUD_RUN_JOB, GCE_METADATA_HOST } = variables;
  if (KUBERNETES_SERVICE_HOST || K_SERVICE || CLOUD_RUN_JOB || GCE_METADATA_HOST) return true;
  if (detectionOf(variables) === 'assume-present') return true;
  try {
    // As Google's library for Go does: https://github.com/googleapis/google-cloud-go/blob/main/compute/metadata/syscheck_linux.go
    const name = system.readFile('/sys/class/dmi/id/product_name', 64);
    return toByteString(name).startsWith('Google');
  } catch {
    return false;
  }
}

function endpoint({ GCE_METADATA_HOST, GCE_METADATA_IP }: GoogleVariables): URL {
  const host = GCE_METADATA_HOST || GCE_METADATA_IP || ADDRESS;
  const base = /^https?:\/\//.test(host) ? host : `http://${host}`;
  if (!URL.canParse(base)) {
    throw new EnvsealError('configuration', 'invalid metadata server address', {
      hint: `remove GCE_METADATA_HOST and GCE_METADATA_IP, or set them to ${ADDRESS}`,
    });
  }
  const url = new URL(TOKEN_PATH, base);
  if (url.hostname.startsWith('metadata.google.internal')) url.hostname = ADDRESS;
  return url;
}

async function attempt(number: number, server: MetadataServer, sources: TokenSources): Promise<string> {
  const { response, text } = await exchange(number, server, sources);
  const { status } = response;
  // These can be of a proxy beside the container, too, which is late itself.
  if (status === 429) throw refused('throttled by the metadata server', true, 'throttled');
  if (status >= 500) throw refused(`the metadata server failed with ${status}`, true, 'unreachable');
  if (response.headers.get('metadata-flavor') !== FLAVOR)
    throw refused(
      `no Google credentials found, and the server at ${server.url.host} is not a Google metadata server`,
    );
  if (status === 404) {
    // On GKE it can also mean: not yet. https://github.com/googleapis/google-auth-library-python/issues/745
    throw refused(
      'the metadata server has no service account for this workload',
      server.isKubernetes && number < METADATA_ATTEMPTS,
    );
  }
  if (status === 403 && /iam\.serviceAccounts\.getAccessToken/.test(text)) {
    throw new EnvsealError(
      'denied',
      'this workload lacks iam.serviceAccounts.getAccessToken on its service account',
      {
        hint: 'grant roles/iam.workloadIdentityUser on the account in the annotation iam.gke.io/gcp-service-account to the Kubernetes service account',
      },
    );
  }
  if (status !== 200) throw refused(`the metadata server refused a token with ${status}`);
  return parseToken(text);
}

/** Later tries wait longer where a server is expected: a first token is made by two other services. */
async function exchange(
  number: number,
  { url, isExpected }: MetadataServer,
  { http, deadline }: TokenSources,
) {
  const timeout = AbortSignal.timeout(METADATA_TIMEOUT_MS * (isExpected ? number : 1));
  const signal = AbortSignal.any([deadline.signal, timeout]);
  try {
    const headers = { 'metadata-flavor': FLAVOR };
    const response = await http.exchangeLocally({ method: 'GET', url, headers }, signal);
    const text = textOf(toByteString(await readBody(response, MAX_ERROR_BODY_BYTES, signal)));
    return { response, text };
  } catch (error) {
    if (deadline.signal.aborted) throw deadline.signal.reason;
    const isSilence = timeout.aborted || (error instanceof EnvsealError && isBroken(error));
    if (!isSilence) throw error;
    throw new EnvsealError('credentials', 'no Google credentials found, and no metadata server', {
      hint: isExpected ? NO_ANSWER_HINT : HINT,
      cause: error,
      retryable: true,
    });
  }
}

function isBroken({ code, retryable }: EnvsealError): boolean {
  return code === 'corrupt' || (code === 'unreachable' && retryable);
}

function refused(
  message: string,
  retryable = false,
  code: 'credentials' | 'throttled' | 'unreachable' = 'credentials',
): EnvsealError {
  const hint = code === 'credentials' ? HINT : 'retried with backoff; try again later';
  return new EnvsealError(code, message, { hint, retryable });
}

function parseToken(text: string): string {
  const token = parseObject(text)?.access_token;
  if (isToken(token)) return token;
  throw refused('the metadata server sent no access token');
}
