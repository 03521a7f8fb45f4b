/** Takes the same time wherever they differ. */
export function isSameBytes(first: Uint8Array, second: Uint8Array): boolean {
  let difference = first.length ^ second.length;
  for (let i = 0; i < first.length; i++) difference |= (first[i] as number) ^ (second[i] ?? 0);
  return difference === 0;
}
