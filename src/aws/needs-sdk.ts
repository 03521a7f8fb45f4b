/** Profiles that only the official SDK can use, known from the files alone, before anything is sent. Pure. */
import type { Profile } from './credentials/profiles.ts';

const SSO_SETTINGS = ['sso_session', 'sso_start_url', 'sso_account_id', 'sso_region', 'sso_role_name'];

/** What the profile needs the SDK for, in the plural; `undefined`: nothing. The order is the SDK's. */
export function sdkFeatureOf(profile: Profile): string | undefined {
  if (profile.credential_process !== undefined) return 'AWS profiles with a credential_process';
  if (SSO_SETTINGS.some((name) => profile[name] !== undefined)) return 'AWS SSO profiles';
  if (profile.login_session !== undefined) return 'AWS profiles with a login_session';
  return undefined;
}
