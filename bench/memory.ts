/**
 * Prints the peak memory of one command, in MiB. A program of its own, compiled like envseal, because the kernel counts
 * the memory of whoever spawns a process to that process: this one is smaller than what it measures.
 */
import { run } from './spawn.ts';

const { memoryMiB } = run(process.argv.slice(2), process.env as Record<string, string>);
process.stdout.write(`${memoryMiB}\n`);
