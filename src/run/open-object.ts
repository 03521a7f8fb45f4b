import type { Attempt } from '../events/attempt.ts';
import type { Detected } from '../sealing/detect.ts';
import { plainFile, plainText } from '../sealing/plain.ts';
import { enforcePolicy } from '../sealing/policy.ts';
import type { OpenSealedOptions } from '../sealing/sealed-file.ts';
import { SecretMap } from '../secret-map.ts';
import type { Source } from '../source-uri.ts';
import type { FetchedObject } from '../store/object.ts';

/** The detected content, for the events too. */
export async function detectObject(object: FetchedObject, attempt: Attempt): Promise<Detected> {
  const { uri, format } = attempt.source;
  attempt.version = object.version ?? null;
  attempt.requestIds = object.requestIds;
  attempt.attempts = object.attempts;
  const { bytes, sealing } = object;
  const content = await detectBytes(bytes, { source: uri, format });
  attempt.sealing = isPlain(content) ? sealing.kind : content.kind;
  if (isPlain(content) && sealing.kind !== 'none' && sealing.key !== undefined)
    attempt.kmsKeys = [sealing.key];
  return content;
}

async function detectBytes(
  bytes: Uint8Array,
  { source, format }: { readonly source: string; readonly format: Source['format'] },
): Promise<Detected> {
  const plain = format === undefined ? plainFile(bytes) : undefined;
  if (plain !== undefined) return { kind: 'dotenv', plain };
  const text = format === undefined ? plainText(bytes) : undefined;
  if (text !== undefined) return { kind: 'dotenv', text };
  const { asFormat, detect } = await import('../sealing/detect.ts');
  return format === undefined ? detect(bytes, { source }) : asFormat(bytes, format, { source });
}

/** An env file as it stands: only the store can have sealed it. */
export function isPlain(content: Detected): content is Extract<Detected, { kind: 'dotenv' | 'json' }> {
  return content.kind === 'dotenv' || content.kind === 'json';
}

export interface OpenObjectOptions extends Omit<OpenSealedOptions, 'source' | 'object'> {
  readonly allowUnsealed: boolean;
}

/** By the policy for its sealing. Throws what `enforcePolicy` and the formats throw. */
export async function openObject(
  content: Detected,
  object: FetchedObject,
  attempt: Attempt,
  options: OpenObjectOptions,
): Promise<SecretMap> {
  const { source } = attempt;
  const { bytes, sealing } = object;
  if (isPlain(content)) {
    enforcePolicy(source, sealing, options);
    const variables = await openPlainFile(bytes, content, source);
    attempt.variables = variables;
    return variables;
  }
  const { openSealed } = await import('../sealing/open-sealed.ts');
  const { variables, keys } = await openSealed(content, { ...options, source, object });
  attempt.kmsKeys = keys;
  attempt.variables = variables;
  return variables;
}

/** Most files have plain lines alone; the parser is for the others. */
async function openPlainFile(
  bytes: Uint8Array,
  { kind, text, plain }: Extract<Detected, { kind: 'dotenv' | 'json' }>,
  source: Source,
): Promise<SecretMap> {
  if (plain !== undefined && source.dialect === 'dotenv') return SecretMap.of(plain);
  const { openPlain } = await import('../sealing/open-plain.ts');
  return openPlain(bytes, kind, source, text);
}
