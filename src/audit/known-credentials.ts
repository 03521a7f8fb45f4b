import type { Stores } from '../clients/clients.ts';
import type { CredentialsOf } from '../events/access-draft.ts';

/** Waits for nothing: what is not known by now stays unknown. */
export function knownCredentials(stores: Stores): CredentialsOf {
  return async (cloud) => {
    const { aws, google } = (await ifSettled(stores.known())) ?? {};
    const credentials = cloud === 'google' ? undefined : aws && (await ifSettled(aws.credentials()));
    if (credentials !== undefined) {
      const { origin, principal, accessKeyId } = credentials;
      return { cloud: 'aws', origin, principal, accessKeyId };
    }
    const token = cloud === 'aws' ? undefined : google && (await ifSettled(google.token()));
    if (token === undefined) return null;
    return { cloud: 'google', origin: token.origin, principal: token.principal };
  };
}

/** `undefined` for what is still on its way, or has failed. */
function ifSettled<T>(promise: Promise<T>): Promise<T | undefined> {
  const now = new Promise<undefined>((resolve) => setImmediate(() => resolve(undefined)));
  return Promise.race([promise.catch(() => undefined), now]);
}
