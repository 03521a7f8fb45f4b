/** age keys: data keys of SOPS files, unwrapped with the identities of this machine and wrapped for recipients. */
import { EnvsealError } from '../../errors.ts';
import { type AgeContext, type AgeIdentities, NO_IDENTITY_HINT, readAgeIdentities } from './identities.ts';
import type { AgeIdentity } from './identity.ts';

export interface AgeKey {
  readonly kind: 'age';
  /** `age1…`, `ssh-ed25519 …` or `ssh-rsa …`. */
  readonly key: string;
}

export interface AgeWrappedKey extends AgeKey {
  /** An age file, armored. */
  readonly wrapped: string;
}

/** `Unwrap` for age keys. The identities are read at the first call; later ones share them. */
export function ageUnwrapper(context: AgeContext): (wrapped: AgeWrappedKey) => Promise<Uint8Array> {
  let read: AgeIdentities | undefined;
  return async ({ key, wrapped }) => {
    refuseForeign(key);
    read ??= readAgeIdentities(context);
    const identity = await findIdentity(read, key);
    try {
      return await identity.open(wrapped);
    } catch (error) {
      throw error instanceof EnvsealError ? error.about(shorten(key)) : error;
    }
  };
}

/**
 * `Wrap` for age keys. Throws `configuration` for an invalid recipient, `key_unavailable` for one that needs
 * more than age.
 */
export async function wrapForAge(dataKey: Uint8Array, recipient: string): Promise<AgeWrappedKey> {
  if (isSsh(recipient) || isPlugin(recipient)) {
    throw new EnvsealError('key_unavailable', `envseal cannot encrypt for ${shorten(recipient)}`, {
      hint: 'use the recipient that envseal keygen or age-keygen prints: age1…',
    });
  }
  const { armor, Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  try {
    encrypter.addRecipient(recipient);
    return { kind: 'age', key: recipient, wrapped: armor.encode(await encrypter.encrypt(dataKey)) };
  } catch {
    // It could be an identity in the wrong place, so it is not named.
    throw new EnvsealError('configuration', 'not an age recipient', {
      hint: 'a recipient is what envseal keygen or age-keygen prints: age1…',
    });
  }
}

/**
 * `credentials` and not `key_unavailable`, because that would be reported before what is wrong with the
 * file's other keys.
 */
function refuseForeign(recipient: string): void {
  if (!isSsh(recipient) && !isPlugin(recipient)) return;
  const reason = isSsh(recipient) ? 'is an ssh key' : 'needs an age plugin';
  throw new EnvsealError('credentials', `${shorten(recipient)} ${reason}, which envseal cannot use`, {
    hint: 'add an age recipient (envseal keygen --out FILE creates one) to the file with sops updatekeys',
  });
}

/**
 * By its recipient, as newer versions of sops do: a file that calls itself sealed for one recipient must not be opened
 * with the identity of another.
 */
async function findIdentity(
  { identities, problems }: AgeIdentities,
  recipient: string,
): Promise<AgeIdentity> {
  for (const identity of identities) if (await identity.isFor(recipient)) return identity;
  const [problem] = problems;
  const tried = identities.length;
  const none = `${tried === 1 ? 'the only age identity is not' : `none of ${tried} age identities is`} for ${shorten(recipient)}`;
  if (problem !== undefined) {
    const { code, message, hint = NO_IDENTITY_HINT } = problem;
    throw new EnvsealError(code, tried === 0 ? message : `${message}, and ${none}`, { hint, cause: problem });
  }
  if (tried === 0) throw new EnvsealError('credentials', 'no age identity found', { hint: NO_IDENTITY_HINT });
  throw new EnvsealError('wrong_key', none, {
    hint: 'set SOPS_AGE_KEY_FILE to the identity of that recipient, or add yours with sops updatekeys',
  });
}

function isSsh(recipient: string): boolean {
  return recipient.startsWith('ssh-');
}

/** `age1NAME1…`, because the alphabet behind the last 1 has none. The post-quantum ones are age's own. */
function isPlugin(recipient: string): boolean {
  return /^age1.*1/.test(recipient) && !recipient.startsWith('age1pq1');
}

/** Post-quantum recipients have 2,000 characters. */
function shorten(recipient: string): string {
  return recipient.length > 100 ? `${recipient.slice(0, 100)}…` : recipient;
}
