/** A file that was sealed before it was stored: what opening it takes, and what comes of it. */
import type { KeyClients } from '../keys/kinds.ts';
import type { SecretMap } from '../secret-map.ts';
import type { Source } from '../source-uri.ts';
import type { FetchedObject } from '../store/object.ts';
import type { Detected } from './detect.ts';
import type { EncryptionContext } from './encryption-context.ts';

export interface OpenSealedOptions {
  readonly source: Source;
  readonly object: FetchedObject;
  readonly clients: KeyClients;
  /** Keys that may open the file, aliases resolved; empty: any key. */
  readonly pinnedKeys: readonly string[];
  readonly encryptionContext: EncryptionContext;
  /** Whether the key that the object's metadata name is taken without a pin. */
  readonly allowMetadataKey: boolean;
}

/** The variables, and the keys that opened them. */
export interface OpenedFile {
  readonly variables: SecretMap;
  readonly keys: readonly string[];
}

export type SealedFile = Extract<Detected, { kind: 'sops' | 'kms' | 'berglas' }>;
