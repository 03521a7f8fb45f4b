/** Received messages, in the order of arrival. */
export class Inbox<T> {
  #taken: T[] = [];
  #waiters: { readonly count: number; readonly resolve: (taken: T[]) => void }[] = [];

  put(...items: readonly T[]): void {
    this.#taken.push(...items);
    this.#waiters = this.#waiters.filter(({ count, resolve }) => {
      if (this.#taken.length < count) return true;
      resolve(this.#taken);
      return false;
    });
  }

  list(): T[] {
    return this.#taken;
  }

  /** Resolves with all there are once there are `count`. */
  holds(count: number): Promise<T[]> {
    const { promise, resolve } = Promise.withResolvers<T[]>();
    if (this.#taken.length >= count) resolve(this.#taken);
    else this.#waiters.push({ count, resolve });
    return promise;
  }
}

/** The commands of a receiver. `inbox` is asked for on every call, because a reset replaces it. */
export function inboxCommands<T>(inbox: () => Inbox<T>) {
  return {
    received: (): T[] => inbox().list(),
    /** Waits until there are `count`, and gives all. */
    awaitReceived: (count: number): Promise<T[]> => inbox().holds(count),
  };
}
