/**
 * Profiles that only the official SDK knows: SSO, `credential_process`, `login_session`. The container
 * executable is built with `sdk.host.ts` instead.
 */
import { type AwsIdentity, toIdentity } from '../identity.ts';
import { SdkTransport, SILENT } from '../sdk-transport.ts';
import { explainProfile } from './profile-errors.ts';
import type { CredentialSources } from './sources.ts';

/**
 * `feature`: what the SDK is needed for. `undefined` if no profile was requested and the default one gives
 * none. Throws EnvsealError.
 */
export async function fromSdkProfile(
  sources: CredentialSources,
  _feature: string,
): Promise<AwsIdentity | undefined> {
  const { variables, settings, client } = sources;
  const { fromIni } = await import('@aws-sdk/credential-provider-ini');
  const requestHandler = new SdkTransport(client);
  const region = settings.region === undefined ? {} : { region: settings.region };
  const provider = fromIni({
    profile: settings.profile.name,
    logger: SILENT,
    clientConfig: { requestHandler },
    parentClientConfig: { requestHandler, ...region },
  } as Parameters<typeof fromIni>[0]);
  try {
    return toIdentity({ ...(await provider()), principal: settings.profile.settings?.role_arn });
  } catch (error) {
    if (!variables.AWS_PROFILE && (error as { tryNextLink?: boolean }).tryNextLink) return undefined;
    throw explainProfile(error, settings.profile);
  }
}
