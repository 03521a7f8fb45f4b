/** JSON from other parties. */

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * `undefined` for what is not JSON, or not an object. `JSON.parse`'s own error quotes its input, so it goes
 * no further.
 */
export function parseObject(json: string | Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(
      typeof json === 'string' ? json : new TextDecoder('utf-8', { ignoreBOM: true }).decode(json),
    );
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
