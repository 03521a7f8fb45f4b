export type NameMatcher = (name: string) => boolean;

/**
 * Matches a name against names and globs, in which `*` stands for any characters and `?` for one. Globs are kept by
 * their first character, because a file of thousands of variables meets a table of a hundred patterns.
 */
export function matcher(patterns: readonly string[]): NameMatcher {
  const exact = new Set<string>();
  const byFirst = new Map<string, string[]>();
  const anywhere: string[] = [];
  for (const pattern of patterns) {
    const first = pattern.charAt(0);
    const bucket = first === '*' || first === '?' ? anywhere : byFirst.get(first);
    if (!pattern.includes('*') && !pattern.includes('?')) exact.add(pattern);
    else if (bucket === undefined) byFirst.set(first, [pattern]);
    else bucket.push(pattern);
  }
  return (name) => {
    if (exact.has(name)) return true;
    const bucket = byFirst.get(name.charAt(0));
    return (bucket !== undefined && matchesAny(name, bucket)) || matchesAny(name, anywhere);
  };
}

function matchesAny(name: string, globs: readonly string[]): boolean {
  for (const glob of globs) if (matchesGlob(name, glob)) return true;
  return false;
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
