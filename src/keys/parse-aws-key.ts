/** AWS KMS keys to seal with, as people name them. Pure. */
import { parseArn } from './arn.ts';
import type { AwsKey } from './aws-kms.ts';

/** https://docs.aws.amazon.com/kms/latest/developerguide/concepts-identifiers.html; a multi-Region key has `mrk-`. */
const KEY_ID = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/;
const ALIAS = /^alias\/[\w/-]{1,250}$/;

/** ARN, ARN of an alias, `alias/NAME` or id; with `+` and the ARN of a role behind it, as sops has it. */
export function parseAwsKey(text: string, context: AwsKey['context']): AwsKey | undefined {
  const plus = text.indexOf('+arn:');
  const [key, role] = plus === -1 ? [text] : [text.slice(0, plus), text.slice(plus + 1)];
  if (!isKey(key) || (role !== undefined && !isRole(role))) return undefined;
  return { kind: 'aws-kms', key, context, role };
}

function isKey(name: string): boolean {
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
