/** `npm run bench`: how fast a container starts, as ratios within one run. Prints the table that bench/README.md keeps. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { measureOperators } from './operators.ts';
import { buildPrograms } from './programs.ts';

const bun = fileURLToPath(new URL('../node_modules/bun/bin/bun.exe', import.meta.url));
const measure = fileURLToPath(new URL('measure.ts', import.meta.url));

// Compiled first: the measuring process runs in Bun, for its FFI, and measures nothing but the programs.
const programs = await buildPrograms();
execFileSync(bun, [measure, JSON.stringify(programs), ...process.argv.slice(2)], { stdio: 'inherit' });
await measureOperators(programs);
