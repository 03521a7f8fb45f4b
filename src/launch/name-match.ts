export type NameMatcher = (name: string) => boolean;

/** Matches a name against names and globs, in which `*` stands for any characters and `?` for one. */
export function matcher(patterns: readonly string[]): NameMatcher {
  const exact = new Set<string>();
  const globs: string[] = [];
  for (const pattern of patterns) {
    if (pattern.includes('*') || pattern.includes('?')) globs.push(pattern);
    else exact.add(pattern);
  }
  return (name) => exact.has(name) || globs.some((glob) => matchesGlob(name, glob));
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
