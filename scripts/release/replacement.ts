/** Changes to finished programs: text for text of the same length, counted, so that another version fails the build. */

export interface Replacement {
  readonly from: string;
  readonly to: string;
  readonly count: number;
  /** Only the first, where later ones are of another table. */
  readonly firstOnly?: true;
}

/** Throws when `from` is there another number of times. Both texts are Latin-1: one character is one byte. */
export function replace(bytes: Buffer, { from, to, count, firstOnly }: Replacement): void {
  const places: number[] = [];
  for (let at = bytes.indexOf(from, 0, 'latin1'); at >= 0; at = bytes.indexOf(from, at + 1, 'latin1'))
    places.push(at);
  if (places.length !== count || from.length !== to.length) {
    throw new Error(
      `${JSON.stringify(from)} is ${places.length} times in this program, expected ${count}: look at what changed`,
    );
  }
  for (const place of firstOnly ? places.slice(0, 1) : places) bytes.write(to, place, 'latin1');
}
