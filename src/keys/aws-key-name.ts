/** Names of AWS KMS keys. https://docs.aws.amazon.com/kms/latest/developerguide/concepts-identifiers.html */
import { parseArn } from './arn.ts';

/** Whether a name is one that only KMS can turn into a key. */
export function isAlias(key: string): boolean {
  return key.startsWith('alias/') || (parseArn(key)?.resource.startsWith('alias/') ?? false);
}

export function hasAlias(keys: readonly string[]): boolean {
  for (const key of keys) if (isAlias(key)) return true;
  return false;
}

/** Whether `pin`, a key's ARN or id, names the key that S3 reports (an ARN; a bare id from some other servers). */
export function isSameKey(pin: string, reported: string): boolean {
  return pin === reported || (!pin.startsWith('arn:') && keyId(reported) === pin);
}

/** The region of the first key that names one. */
export function regionOfKeys(keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const region = regionOfKey(key);
    if (region !== undefined) return region;
  }
  return undefined;
}

/** The region in a key's or alias's ARN. */
export function regionOfKey(key: string): string | undefined {
  const arn = parseArn(key);
  return arn?.service === 'kms' && arn.region !== '' ? arn.region : undefined;
}

function keyId(key: string): string | undefined {
  return /^key\/(.+)$/.exec(parseArn(key)?.resource ?? '')?.[1];
}
