import type { Secret } from '../secret.ts';

/** Names only: what may be printed of a change. */
export interface Differences {
  readonly added: string[];
  /** Those whose value is another. */
  readonly changed: string[];
  readonly removed: string[];
}

type Variables = ReadonlyMap<string, Secret>;

/**
 * What turns `before` into `after`; without a `before` all is added. Names come in the order of `after`, the removed
 * ones in that of `before`.
 */
export function diffVariables(before: Variables = new Map(), after: Variables): Differences {
  const names = [...after.keys()];
  return {
    added: names.filter((name) => !before.has(name)),
    changed: names.filter((name) => before.has(name) && !isSame(before.get(name), after.get(name))),
    removed: [...before.keys()].filter((name) => !after.has(name)),
  };
}

export function hasDifferences({ added, changed, removed }: Differences): boolean {
  return added.length + changed.length + removed.length > 0;
}

function isSame(one: Secret | undefined, other: Secret | undefined): boolean {
  return one?.reveal() === other?.reveal();
}
