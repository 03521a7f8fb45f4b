/** Which key a file is to be sealed with, as people name it. Pure. */

import { EnvsealError } from '../errors.ts';
import { parseArn } from './arn.ts';
import { isCloudKmsKey } from './cloud-key-name.ts';
import type { KeyToWrapWith } from './contract.ts';

/** https://docs.aws.amazon.com/kms/latest/developerguide/concepts-identifiers.html; a multi-Region key has `mrk-`. */
const KEY_ID = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/;
const ALIAS = /^alias\/[\w/-]{1,250}$/;
const AGE = /^age1[a-z0-9]+$/;

/**
 * A key of AWS KMS (ARN, ARN of an alias, `alias/NAME` or id; with `+` and the ARN of a role behind it, as sops has it), of
 * Cloud KMS (`projects/…/cryptoKeys/…`), or an age recipient. `context` is for keys of AWS KMS alone.
 *
 * Throws `configuration`. What is no key is not shown: it could be an identity.
 */
export function parseKeyToWrapWith(text: string, context: Readonly<Record<string, string>>): KeyToWrapWith {
  if (isCloudKmsKey(text)) return { kind: 'cloud-kms', key: text };
  if (AGE.test(text)) return { kind: 'age', key: text };
  const [key, role] = splitRole(text);
  if (isAwsKey(key) && (role === undefined || isRole(role))) {
    return { kind: 'aws-kms', key, context, ...(role === undefined ? {} : { role }) };
  }
  throw new EnvsealError('configuration', 'what is to seal is no key that envseal knows', {
    hint: 'give arn:aws:kms:REGION:ACCOUNT:key/ID, projects/…/locations/…/keyRings/…/cryptoKeys/KEY, or an age recipient (age1…)',
  });
}

function splitRole(text: string): [key: string, role: string | undefined] {
  const plus = text.indexOf('+arn:');
  return plus === -1 ? [text, undefined] : [text.slice(0, plus), text.slice(plus + 1)];
}

function isAwsKey(name: string): boolean {
  const arn = parseArn(name);
  if (arn === undefined) return KEY_ID.test(name) || ALIAS.test(name);
  const { service, region, account, resource } = arn;
  const isWhole = service === 'kms' && region !== '' && account !== '';
  return isWhole && (/^key\/[\w-]+$/.test(resource) || ALIAS.test(resource));
}

function isRole(name: string): boolean {
  const arn = parseArn(name);
  return arn?.service === 'iam' && /^role\/[!-~]+$/.test(arn.resource);
}
