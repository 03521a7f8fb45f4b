/**
 * The subject token of a workload on AWS: a signed request to GetCallerIdentity, written down instead of sent.
 * https://google.aip.dev/auth/4117#determining-the-subject-token-in-aws
 */
import { parseIdentity } from '../../../aws/credentials/metadata.ts';
import { sign } from '../../../aws/sign.ts';
import type { EnvsealError } from '../../../errors.ts';
import { Secret } from '../../../secret.ts';
import { because, explainRefusedToken, incomplete } from '../errors.ts';
import { type CredentialFile, sourceIn } from '../file.ts';
import { askForToken } from '../request.ts';
import type { TokenSources } from '../token.ts';
import { isFilled, urlIn } from './fields.ts';

const ENVIRONMENT = 'aws1';
/** The shortest useful life of the session that reads the metadata. */
const SESSION_SECONDS = '300';

interface AwsKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** Variables win over the instance's metadata. Throws `credentials`. */
export async function fromAws(file: CredentialFile, sources: TokenSources): Promise<string> {
  const { environment_id, regional_cred_verification_url: template } = sourceIn(file.fields);
  if (environment_id !== ENVIRONMENT || !isFilled(template)) throw incomplete(file, 'credential_source');
  const read = metadataReader(file, sources);
  const { AWS_REGION, AWS_DEFAULT_REGION } = sources.variables;
  const region = AWS_REGION || AWS_DEFAULT_REGION || regionOf(await read('region_url'));
  const key = keyIn(sources.variables) ?? (await keyOfRole(file, read));
  const text = template.replace('{region}', () => region);
  return serialize({ text, region, key }, file, sources);
}

/** The zone's name without its letter. */
function regionOf(zone: string): string {
  return zone.trim().slice(0, -1);
}

function keyIn({ AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN }: TokenSources['variables']) {
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) return undefined;
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: AWS_SESSION_TOKEN || undefined,
  };
}

async function keyOfRole(file: CredentialFile, read: Read): Promise<AwsKey> {
  const role = (await read('url')).trim();
  const key = parseIdentity(await read('url', `/${role}`));
  if (key === undefined) throw noCredentials(file);
  return key;
}

/** The text at a URL of `credential_source`. */
type Read = (field: 'region_url' | 'url', path?: string) => Promise<string>;

/** With a session of IMDSv2 where the file has its URL, asked for once. */
function metadataReader(file: CredentialFile, sources: TokenSources): Read {
  const source = sourceIn(file.fields);
  const sessionField = 'imdsv2_session_token_url';
  const ask = async (method: string, url: URL, headers: Record<string, string>) => {
    const explain = (refused: Parameters<typeof explainRefusedToken>[0]) =>
      explainRefusedToken(refused, file);
    return (await askForToken({ method, url, headers }, sources, explain)).text;
  };
  const open = async (): Promise<Record<string, string>> => {
    if (!source[sessionField]) return {};
    const url = urlIn(file, `credential_source.${sessionField}`, source[sessionField]);
    const token = await ask('PUT', url, { 'x-aws-ec2-metadata-token-ttl-seconds': SESSION_SECONDS });
    return { 'x-aws-ec2-metadata-token': token.trim() };
  };
  let session: ReturnType<typeof open> | undefined;
  return async (field, path = '') => {
    if (!source[field]) throw noCredentials(file);
    const base = urlIn(file, `credential_source.${field}`, source[field]);
    const url = path === '' ? base : urlIn(file, `credential_source.${field}`, source[field] + path);
    session ??= open();
    return await ask('GET', url, await session);
  };
}

/** The headers in the order in which Google's own library writes them. */
function serialize(
  { text, region, key }: { readonly text: string; readonly region: string; readonly key: AwsKey },
  file: CredentialFile,
  { system }: TokenSources,
): string {
  const url = urlIn(file, 'credential_source.regional_cred_verification_url', text);
  const credentials = {
    accessKeyId: key.accessKeyId,
    secretAccessKey: new Secret(key.secretAccessKey),
    sessionToken: key.sessionToken === undefined ? undefined : new Secret(key.sessionToken),
    origin: 'environment',
  };
  const options = { service: 'sts', region, credentials, now: Date.now() } as const;
  const headers: Record<string, string> = {
    ...sign({ method: 'POST', url, headers: {} }, options, system),
    host: url.host,
    'x-goog-cloud-target-resource': file.fields.audience as string,
  };
  const pairs = Object.keys(headers)
    .sort()
    .map((name) => ({ key: name, value: headers[name] }));
  return encodeURIComponent(JSON.stringify({ url: text, method: 'POST', headers: pairs }));
}

function noCredentials({ name }: CredentialFile): EnvsealError {
  return because(
    `no AWS credentials for ${name}`,
    'set AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the instance a role',
  );
}
