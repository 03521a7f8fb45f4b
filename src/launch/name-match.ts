export type NameMatcher = (name: string) => boolean;

/**
 * Matches a name against names and globs, in which `*` stands for any characters and `?` for one. Globs are kept by
 * their first character, because a file of thousands of variables meets a table of a hundred patterns.
 */
export function matcher(patterns: readonly string[]): NameMatcher {
  const exact = new Set<string>();
  const globs = new Map<string, string[]>();
  for (const pattern of patterns) {
    if (!pattern.includes('*') && !pattern.includes('?')) exact.add(pattern);
    else globs.set(firstOf(pattern), [...(globs.get(firstOf(pattern)) ?? []), pattern]);
  }
  const anywhere = globs.get('') ?? [];
  return (name) =>
    exact.has(name) ||
    (globs.get(name.charAt(0))?.some((glob) => matchesGlob(name, glob)) ?? false) ||
    anywhere.some((glob) => matchesGlob(name, glob));
}

/** The character that a name has to begin with; empty where the glob does not say. */
function firstOf(glob: string): string {
  return /^[*?]/.test(glob) ? '' : glob.charAt(0);
}

/** Greedy with one step back to the last `*`, so linear in practice and quadratic at worst. */
function matchesGlob(name: string, glob: string): boolean {
  let [n, g, star, resume] = [0, 0, -1, 0];
  while (n < name.length) {
    if (glob[g] === '*') [star, resume] = [g++, n];
    else if (glob[g] === '?' || glob[g] === name[n]) [n, g] = [n + 1, g + 1];
    else if (star >= 0) [g, n] = [star + 1, ++resume];
    else return false;
  }
  while (glob[g] === '*') g++;
  return g === glob.length;
}
