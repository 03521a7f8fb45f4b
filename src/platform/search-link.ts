/**
 * What URL and URLSearchParams know of each other. The second is made when it is first asked for, so that neither imports
 * the other's code.
 */
interface SearchLink {
  /** Parameters whose changes `onChange` hears of. */
  connect(search: string, onChange: (search: string) => void): object;
  /** @param params that `connect` made */
  replaceAll(params: object, search: string): void;
}

/** Set by `url-search-params.ts`. */
export const searchLink = {} as SearchLink;
