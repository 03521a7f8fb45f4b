/** The `crypto` global. <https://w3c.github.io/webcrypto/#crypto-interface> */
import { bytesOfSource } from './buffer-source.ts';
import { natives } from './callbacks.ts';
import { lazySubtle } from './subtle/lazy-subtle.ts';

/** https://w3c.github.io/webcrypto/#Crypto-method-getRandomValues */
const MAX_RANDOM_BYTES = 65_536;

export const crypto = {
  subtle: lazySubtle,

  getRandomValues<Values extends ArrayBufferView<ArrayBuffer>>(values: Values): Values {
    if (!ArrayBuffer.isView(values) || values instanceof DataView || /^Float/.test(values.constructor.name)) {
      throw new DOMException('not an array of integers', 'TypeMismatchError');
    }
    if (values.byteLength > MAX_RANDOM_BYTES) {
      throw new DOMException(`more than ${MAX_RANDOM_BYTES} bytes`, 'QuotaExceededError');
    }
    bytesOfSource(values).set(natives.random(values.byteLength));
    return values;
  },

  /** Version 4 of RFC 9562. */
  randomUUID(): string {
    const bytes = natives.random(16);
    bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
    const hex = (bytes as unknown as { toHex(): string }).toHex();
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  },
};
