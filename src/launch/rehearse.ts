import { parseVariables } from '../envfile/parse.ts';
import type { Host } from '../host.ts';
import { recognise } from '../sealing/recognise.ts';
import { bytesOf } from '../system/bytes.ts';
import { cStrings } from '../system/c-strings.ts';
import type { ByteString } from '../system/system.ts';
import { buildEnviron, type EnvironOptions } from './environ.ts';
import { checkKernelLimits } from './kernel-limits.ts';
import { lookUp } from './lookup.ts';

/**
 * Runs what comes after the fetch once, without the variables. At a cold start the first run of a function takes longer
 * than what it does, and while the answer is on its way that time is free. What fails here fails again, for real.
 */
export function rehearse(command: ByteString, options: EnvironOptions, { environ, system }: Host): void {
  try {
    const bytes = bytesOf('A=1\n');
    const content = recognise(bytes, { source: '' });
    const text = 'text' in content ? content.text : undefined;
    const variables = parseVariables(bytes, { dialect: 'dotenv', source: '', text });
    const rules = { ...options, require: [], strict: false, only: [], exclude: [] };
    const strings = buildEnviron(environ, variables, rules);
    checkKernelLimits(cStrings([command]), strings, system.stackLimit());
    lookUp(command, environ, system);
  } catch {
    // Only the hand-over itself says what is wrong.
  }
}
