/** The command line of a script that takes flags alone. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/** As envseal itself ends after a command line that it does not understand. */
const USAGE_STATUS = 64;

/**
 * What the flags say. `--help` prints the usage and ends the process; so does anything else that is not among the options,
 * on stderr, with status 64 and what is wrong in the first line.
 */
export function readFlags<const O extends ParseArgsOptionsConfig>(usage: string, options: O) {
  const config = { options: { ...options, help: { type: 'boolean' } } } as const;
  try {
    const { values } = parseArgs<{ options: O & { help: { type: 'boolean' } } }>(config);
    if (!(values as { help?: boolean }).help) return values;
    console.log(usage);
    process.exit(0);
  } catch (error) {
    failUsage(usage, (error as Error).message);
  }
}

/** Node's further sentences explain how to pass an argument that looks like an option; we take none. */
export function failUsage(usage: string, reason: string): never {
  console.error(`${reason.split('. ')[0]}\n\n${usage}`);
  process.exit(USAGE_STATUS);
}
