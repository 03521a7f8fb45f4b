/** A bounded, order-preserving concurrent map. */

/**
 * Maps what comes from `items`, at most `limit` at once, and gives the results in the order of the items,
 * each as soon as those before it are out. What fails ends it; what is in flight then is left behind.
 */
export async function* mapInFlight<T, U>(
  items: AsyncIterable<T>,
  limit: number,
  map: (item: T) => Promise<U>,
): AsyncGenerator<U> {
  const flying: Promise<U>[] = [];
  for await (const item of items) {
    if (flying.length === limit) yield (await flying.shift()) as U;
    const result = map(item);
    // It is reported when its turn comes.
    result.catch(() => {});
    flying.push(result);
  }
  for (const result of flying) yield await result;
}
