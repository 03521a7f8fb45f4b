/** The fixture as the product is built: a bundle for Node. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../../scripts/build/node-bundle.ts';

export interface Operator extends AsyncDisposable {
  /** The words that start the fixture. */
  readonly words: readonly string[];
}

export async function buildOperator(): Promise<Operator> {
  const folder = mkdtempSync(join(tmpdir(), 'envseal-terminal-'));
  await bundle('operator', join(import.meta.dirname, 'fixtures/operator.ts'), folder);
  return {
    words: [process.execPath, join(folder, 'operator.mjs')],
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
