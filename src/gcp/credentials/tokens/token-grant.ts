/** The POST with which OAuth services trade one credential for an access token. https://www.rfc-editor.org/rfc/rfc6749#section-4 */
import { toBase64 } from '../../../system/bytes.ts';
import { because, explainRefusedToken } from '../errors.ts';
import type { CredentialFields, CredentialFile } from '../file.ts';
import { askForToken } from '../request.ts';
import { isToken, type TokenSources } from '../token.ts';

export const GOOGLE_TOKEN_URL = 'https://oauth2.googleapis.com/token';

export interface Grant {
  readonly url: URL;
  readonly form: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Throws `credentials` where the service refuses `file` or sends no token, and what `askForToken` throws. */
export async function askForAccessToken(
  { url, form, headers }: Grant,
  file: CredentialFile,
  sources: TokenSources,
): Promise<string> {
  const request = {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(form).toString(),
  };
  const { json } = await askForToken(request, sources, (refused) => explainRefusedToken(refused, file));
  const text = json?.access_token;
  if (isToken(text)) return text;
  throw because(`${url.host} sent no access token for ${file.name}`, 'check the file, and the server there');
}

/** The client of an OAuth service. https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 */
export function basicAuthorization({ client_id, client_secret }: CredentialFields): string {
  const pair = `${client_id}:${client_secret || ''}`;
  return `Basic ${toBase64(new TextEncoder().encode(pair))}`;
}
