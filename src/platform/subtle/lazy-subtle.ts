/**
 * `crypto.subtle`, loaded by its first call: an env file that a store has sealed needs none of it. What it is given must
 * stay as it is until the promise settles.
 */
import type { subtle } from './subtle.ts';

type Subtle = typeof subtle;
type Name = keyof Subtle;

const NAMES: readonly Name[] = [
  'digest',
  'importKey',
  'exportKey',
  'generateKey',
  'encrypt',
  'decrypt',
  'sign',
  'verify',
  'deriveBits',
];

let loaded: Subtle | undefined;

async function load(): Promise<Subtle> {
  loaded = (await import('./subtle.ts')).subtle;
  return loaded;
}

type Action = (...given: never[]) => Promise<unknown>;

function later(name: Name): Action {
  return (...given) => {
    if (loaded !== undefined) return (loaded[name] as Action)(...given);
    return load().then((subtle) => (subtle[name] as Action)(...given));
  };
}

export const lazySubtle = Object.fromEntries(NAMES.map((name) => [name, later(name)])) as unknown as Subtle;
