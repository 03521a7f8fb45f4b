/** The arguments of `npm run bench`. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Unusable } from './unusable.ts';

export interface Options {
  /** Measures the peers instead of the figures that have a limit. */
  readonly peers: boolean;
  /** How many times each case of the quick groups is started; the slow ones fewer. 1 to 1,000. */
  readonly rounds: number;
  /** What is measured, instead of `dist/envseal`. */
  readonly program: string | undefined;
  /** A folder where peers are looked for before the PATH. */
  readonly peersFolder: string | undefined;
  /** Writes tables and plots to bench/. */
  readonly write: boolean;
}

const USAGE = 'usage: npm run bench -- [peers] [--rounds N] [--program PATH] [--peers FOLDER] [--write]';

/** Throws a usage error. */
export function readOptions(words: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      program: { type: 'string' },
      peers: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  });
  const peers = positionals[0] === 'peers';
  const rounds = Number(values.rounds ?? (peers ? 20 : 100));
  const wrongWords = positionals.length > (peers ? 1 : 0);
  if (wrongWords || !Number.isInteger(rounds) || rounds < 1 || rounds > 1000) throw new Unusable(USAGE);
  return {
    peers,
    rounds,
    program: values.program === undefined ? undefined : resolve(values.program),
    peersFolder: values.peers === undefined ? undefined : resolve(values.peers),
    write: values.write,
  };
}
