import { parseVariables } from '../envfile/parse.ts';
import type { System } from '../system/system.ts';
import { buildEnviron, type EnvironOptions } from './environ.ts';
import { checkKernelLimits } from './kernel-limits.ts';

/**
 * Runs what comes after the fetch once, with nothing. At a cold start the first run of a function takes longer than what
 * it does; while the answer is on its way that time is free.
 */
export function rehearse(options: EnvironOptions, system: System): void {
  const variables = parseVariables(Buffer.from('A=1\n'), { dialect: 'dotenv', source: '' });
  const environ = buildEnviron([], variables, {
    ...options,
    require: [],
    strict: false,
    only: [],
    exclude: [],
  });
  checkKernelLimits([], environ, system.stackLimit());
}
