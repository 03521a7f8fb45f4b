/** The keys of a file that its store does not seal, as far as its bytes say: nothing is opened. */
import { EnvsealError } from '../errors.ts';
import { asFormat, detect } from '../sealing/detect.ts';
import { readRecipients } from '../sealing/sops/edit/recipients.ts';
import type { Source } from '../source-uri.ts';
import type { FetchedObject } from '../store/object.ts';

export interface DetectedKeys {
  /** `unreadable`: nothing that envseal opens. */
  readonly sealing: 'sops' | 'kms' | 'berglas' | 'none' | 'unreadable';
  readonly kmsKeys: readonly string[];
}

export async function detectKeys(
  { bytes, namedKey }: FetchedObject,
  { uri, format }: Source,
): Promise<DetectedKeys> {
  const about = { source: uri };
  try {
    const content = format === undefined ? detect(bytes, about) : asFormat(bytes, format, about);
    switch (content.kind) {
      case 'sops':
        return { sealing: 'sops', kmsKeys: await readRecipients(bytes, content.sops, uri) };
      case 'dotenv':
      case 'json':
        return { sealing: 'none', kmsKeys: [] };
      default:
        return { sealing: content.kind, kmsKeys: namedKey === undefined ? [] : [namedKey] };
    }
  } catch (error) {
    if (error instanceof EnvsealError) return { sealing: 'unreadable', kmsKeys: [] };
    throw error;
  }
}
