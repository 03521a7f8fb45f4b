/** An opened SOPS file that can be changed. Its data key stays in here. */
import type { Wrap } from '../../../keys/kinds.ts';
import type { Secret } from '../../../secret.ts';
import type { SopsKind } from '../model.ts';
import { type OpenedSopsFile, type OpenSopsOptions, openSopsFile } from '../open.ts';
import { type Changes, changeSops } from './change.ts';
import { rotateSops, sameKeys } from './rotate.ts';
import { toEnvFile } from './to-env-file.ts';
import type { SealingKeys } from './wrap-data-key.ts';

export interface SopsDocument {
  /** In file order. Plain values that a rule leaves plain are among them. */
  readonly variables: ReadonlyMap<string, Secret>;
  /** The keys that opened it: one, or as many as its threshold says. */
  readonly keys: readonly string[];
  /** Names of the values that nothing authenticates: with `mac_only_encrypted` the plain ones. */
  readonly unauthenticated: readonly string[];
  /** All keys that it is sealed for; of kinds that envseal cannot use the name of the kind. */
  readonly recipients: readonly string[];
  readonly lastModified: Date;
  /** Key groups that it takes to open it; 1: any key does. */
  readonly threshold: number;
  /** What seals for the same keys again. Throws `key_unavailable` where one is of a kind that envseal cannot seal for. */
  sealingKeys(): SealingKeys;
  /**
   * Sets variables, or removes them where the value is `undefined`, with the file's own data key. Untouched values keep
   * their ciphertext, and all but `mac` and `lastmodified` its bytes; without any difference the result is the very
   * bytes that were opened.
   *
   * New variables come last. A removed one takes the comment on its line along, and the comments before it only where the
   * file's rule goes by comments and they decided. Throws `malformed` for what the format cannot hold, `too_large`, and
   * `unsealed` for a new value that the file's rule leaves plain, unless `allowPlain` (default: false).
   */
  change(changes: Changes, now: Date, options?: { readonly allowPlain?: boolean }): Promise<Uint8Array>;
  /**
   * Seals everything again with a new data key. Without `keys` for those that the file has; then `key_unavailable` is
   * thrown where one of them is of a kind that envseal cannot seal for. Throws what `wrap` throws.
   */
  rotate(options: {
    readonly wrap: Wrap;
    readonly now: Date;
    readonly keys?: SealingKeys;
  }): Promise<Uint8Array>;
  /** As a plain env file in the default dialect: comments, decrypted, and order are kept where the format has them. */
  toDotenv(): Promise<Uint8Array>;
}

/** `kind` is what `detectSops` said. Everything authenticates first; throws as `openSops` does. */
export async function openSopsDocument(
  bytes: Uint8Array,
  kind: SopsKind,
  options: OpenSopsOptions,
): Promise<SopsDocument> {
  return new OpenedDocument(bytes, kind, options.source, await openSopsFile(bytes, kind, options));
}

class OpenedDocument implements SopsDocument {
  readonly variables: ReadonlyMap<string, Secret>;
  readonly keys: readonly string[];
  readonly unauthenticated: readonly string[];
  readonly recipients: readonly string[];
  readonly lastModified: Date;
  readonly threshold: number;
  readonly #bytes: Uint8Array;
  readonly #kind: SopsKind;
  readonly #source: string;
  readonly #opened: OpenedSopsFile;

  constructor(bytes: Uint8Array, kind: SopsKind, source: string, opened: OpenedSopsFile) {
    const { variables, keys, unauthenticated, metadata } = opened;
    this.variables = variables;
    this.keys = keys;
    this.unauthenticated = unauthenticated;
    this.recipients = [...new Set(metadata.groups.flat().map(({ key }) => key))];
    this.lastModified = new Date(metadata.lastModified);
    this.threshold = metadata.threshold;
    this.#bytes = bytes;
    this.#kind = kind;
    this.#source = source;
    this.#opened = opened;
  }

  sealingKeys(): SealingKeys {
    return sameKeys(this.#opened.metadata, this.#source);
  }

  async change(
    changes: Changes,
    now: Date,
    { allowPlain = false }: { readonly allowPlain?: boolean } = {},
  ): Promise<Uint8Array> {
    const options = { kind: this.#kind, source: this.#source, now, allowPlain };
    return (await changeSops(this.#opened, changes, options)) ?? this.#bytes;
  }

  async rotate({
    wrap,
    now,
    keys,
  }: {
    readonly wrap: Wrap;
    readonly now: Date;
    readonly keys?: SealingKeys;
  }): Promise<Uint8Array> {
    return await rotateSops(this.#opened, { kind: this.#kind, source: this.#source, wrap, now, keys });
  }

  async toDotenv(): Promise<Uint8Array> {
    return await toEnvFile(this.#opened, this.#kind);
  }
}
