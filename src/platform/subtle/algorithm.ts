/** The algorithms' names, which are the same in any case, and the errors of `crypto.subtle`. */
import type { HashName } from '../natives.ts';

export type Algorithm = string | { readonly name: string };

const HASHES: readonly HashName[] = ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'];

/** The known name. Throws NotSupportedError. */
export function algorithmNamed(algorithm: Algorithm, known: readonly string[]): string {
  const text = String(typeof algorithm === 'object' ? algorithm.name : algorithm);
  const found = known.includes(text) ? text : known.find((name) => name.toLowerCase() === text.toLowerCase());
  if (found === undefined) throw unsupported('this algorithm');
  return found;
}

export function hashOf(algorithm: Algorithm): HashName {
  return algorithmNamed(algorithm, HASHES) as HashName;
}

export function fail(name: string, message: string): DOMException {
  return new DOMException(message, name);
}

export function unsupported(what: string): DOMException {
  return fail('NotSupportedError', `${what}: not supported`);
}
