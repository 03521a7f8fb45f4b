/**
 * Encrypted comments: `#ENC[AES256_GCM,…,type:comment]`. They are bound to the file's data key and to no name, and the MAC
 * does not cover them. https://github.com/getsops/sops/blob/main/sops.go (`walkBranch`: the path of a comment is empty)
 */
import { openGcm } from '../../aes-gcm.ts';
import { parseCiphertext, pathTo, sealText } from '../ciphertext.ts';
import type { Rule, RuleKind } from '../rule.ts';
import { unwritable } from './writable.ts';

const TYPE = 'comment';
const PATH = pathTo('');

/** An expression of a few letters may match one ciphertext by chance, and not each of so many. */
const MAX_TRIES = 50;

/** Line breaks and what an editor or YAML takes for one, control characters, and half surrogate pairs. */
const UNWRITABLE = /[^\P{Cc}\t]|[\u2028\u2029\ufeff\ufffe\uffff]/u;

/** Throws `malformed`; `subject` is the variable. */
export function checkComment(text: string, subject: string): void {
  if (!UNWRITABLE.test(text) && text.isWellFormed()) return;
  throw unwritable(subject, 'its comments must be lines without control characters');
}

/**
 * An empty comment stays as it is. Throws `malformed` where the ciphertext would match the rule's expression, and would
 * make what follows plain: sops refuses that too.
 */
export async function sealComment(key: CryptoKey, text: string, kind: RuleKind, rule: Rule): Promise<string> {
  if (text === '') return '';
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const sealed = await sealText(key, text, PATH, TYPE);
    if (kind !== 'unencrypted_comment_regex' || rule({ name: '', comments: [sealed] })) return sealed;
  }
  throw unwritable('its comments', `the ${kind} matches the ciphertext`);
}

/** `undefined` for a comment that is plain, or sealed with another data key: sops shows both as they are. */
export async function openComment(key: CryptoKey, text: string): Promise<string | undefined> {
  const ciphertext = parseCiphertext(text, PATH);
  if (ciphertext?.type !== TYPE) return undefined;
  const bytes = await openGcm(key, ciphertext);
  return bytes === undefined ? undefined : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
