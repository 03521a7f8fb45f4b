/** CryptoKey. Its bytes are for `subtle.ts` alone. */

export interface KeyAlgorithm {
  readonly name: string;
  /** In bits. */
  readonly length?: number;
  readonly hash?: { readonly name: string };
}

export interface KeyParts {
  readonly type: KeyType;
  readonly extractable: boolean;
  readonly algorithm: KeyAlgorithm;
  readonly usages: readonly KeyUsage[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export let bytesOfKey: (key: CryptoKey) => Uint8Array<ArrayBuffer>;
export let makeKey: (parts: KeyParts) => CryptoKey;

export class CryptoKey {
  readonly type: KeyType;
  readonly extractable: boolean;
  readonly algorithm: KeyAlgorithm;
  readonly usages: readonly KeyUsage[];
  readonly #bytes: Uint8Array<ArrayBuffer>;

  private constructor({ type, extractable, algorithm, usages, bytes }: KeyParts) {
    this.type = type;
    this.extractable = extractable;
    this.algorithm = algorithm;
    this.usages = usages;
    this.#bytes = bytes;
  }

  static {
    bytesOfKey = (key) => key.#bytes;
    makeKey = (parts) => new CryptoKey(parts);
  }
}
