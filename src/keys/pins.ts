/** The keys that the caller pinned with `--kms-key`. Pure. */
import { isSameKey } from './aws-key-name.ts';
import { isSameCloudKmsKey } from './cloud-key-name.ts';

/** Whether one of the pins is the key: an ARN or id of AWS KMS, a name of Cloud KMS, a recipient of age. */
export function isPinned(key: string, pins: readonly string[]): boolean {
  for (const pin of pins) if (isSameKey(pin, key) || isSameCloudKmsKey(pin, key)) return true;
  return false;
}
