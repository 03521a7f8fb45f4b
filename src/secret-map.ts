import { Secret } from './secret.ts';

/** In file order. */
export interface AssignmentLists {
  readonly names: readonly string[];
  /** `NAME=value`, one for each name. */
  readonly assignments: readonly string[];
}

/**
 * What a source sets: values by name, of equal names the last one's at the first one's place. It keeps a variable as the
 * text that an environment has of it, so that a start with thousands of lines makes a `Secret` of none. Nothing but `get`
 * and what iterates gives a value, as a `Secret`, and `assignments` gives all of them to the command.
 */
export class SecretMap implements ReadonlyMap<string, Secret> {
  readonly #assignments: Map<string, string>;
  /** The assignments that the map was made of, while they equal it: thousands need not be listed again. */
  #lists: AssignmentLists | undefined;

  /** @param assignments `NAME=value` by `NAME`; from then on they are the map's own */
  constructor(assignments = new Map<string, string>()) {
    this.#assignments = assignments;
  }

  /** Among equal names the last one counts. */
  static of(lists: AssignmentLists): SecretMap {
    const { names, assignments } = lists;
    const map = new SecretMap();
    for (let i = 0; i < names.length; i++) map.#assignments.set(names[i] as string, assignments[i] as string);
    if (map.size === names.length) map.#lists = lists;
    return map;
  }

  /** Among several with the same name, the last. */
  static merge(maps: readonly SecretMap[]): SecretMap {
    const merged = new Map<string, string>();
    // An iterator would make an array of each pair.
    for (const map of maps)
      map.#assignments.forEach((assignment, name) => {
        merged.set(name, assignment);
      });
    return new SecretMap(merged);
  }

  set(name: string, value: string): void {
    this.#lists = undefined;
    this.#assignments.set(name, `${name}=${value}`);
  }

  /** Those whose names pass, in the same order. */
  filter(isKept: (name: string) => boolean): SecretMap {
    const rest = new Map<string, string>();
    for (const [name, assignment] of this.#assignments) if (isKept(name)) rest.set(name, assignment);
    return new SecretMap(rest);
  }

  /** `NAME=value` of each, as execve takes them: the values themselves. */
  assignments(): readonly string[] {
    return this.#lists?.assignments ?? [...this.#assignments.values()];
  }

  names(): readonly string[] {
    return this.#lists?.names ?? [...this.#assignments.keys()];
  }

  get size(): number {
    return this.#assignments.size;
  }

  has(name: string): boolean {
    return this.#assignments.has(name);
  }

  get(name: string): Secret | undefined {
    const assignment = this.#assignments.get(name);
    return assignment === undefined ? undefined : secretOf(name, assignment);
  }

  keys(): MapIterator<string> {
    return this.#assignments.keys();
  }

  *values(): MapIterator<Secret> {
    for (const [name, assignment] of this.#assignments) yield secretOf(name, assignment);
  }

  *entries(): MapIterator<[string, Secret]> {
    for (const [name, assignment] of this.#assignments) yield [name, secretOf(name, assignment)];
  }

  [Symbol.iterator](): MapIterator<[string, Secret]> {
    return this.entries();
  }

  forEach(tell: (value: Secret, name: string, map: SecretMap) => void): void {
    for (const [name, value] of this) tell(value, name, this);
  }
}

function secretOf(name: string, assignment: string): Secret {
  return new Secret(assignment.slice(name.length + 1));
}
