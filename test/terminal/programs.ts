/** The fixture as the product is built: a bundle for Node, and an executable compiled by Bun. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle, compile } from '../../scripts/bundle.ts';

export interface Programs extends AsyncDisposable {
  /** The words that start the fixture. */
  readonly words: Readonly<Record<Runtime, readonly string[]>>;
}

export const RUNTIMES = ['node', 'bun'] as const;
export type Runtime = (typeof RUNTIMES)[number];

export async function buildPrograms(): Promise<Programs> {
  const folder = mkdtempSync(join(tmpdir(), 'envseal-terminal-'));
  await bundle('operator', join(import.meta.dirname, 'fixtures/operator.ts'), folder);
  compile(join(folder, 'operator.mjs'), join(folder, 'operator'));
  return {
    words: { node: [process.execPath, join(folder, 'operator.mjs')], bun: [join(folder, 'operator')] },
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
