/** Labels beside the ends of lines. */

/**
 * Heights near the wanted ones and at least `distance` apart, between `top` and `bottom`; where they do not fit, closer.
 * In the order of `wanted`.
 */
export function spread(
  wanted: readonly number[],
  distance: number,
  [top, bottom]: readonly [number, number],
): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] as number) - (wanted[b] as number));
  const apart = Math.min(distance, (bottom - top) / Math.max(1, wanted.length - 1));
  const heights: number[] = [];
  let least = top;
  for (const i of order) {
    heights[i] = Math.max(wanted[i] as number, least);
    least = (heights[i] as number) + apart;
  }
  let most = bottom;
  for (const i of order.toReversed()) {
    heights[i] = Math.min(heights[i] as number, most);
    most = (heights[i] as number) - apart;
  }
  return heights;
}
