import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { missingForHost } from './scripts/build/host.ts';

const E2E = 'test/e2e/**/*.test.ts';
/** Commands that the container executable leaves to the full program. */
const OPERATORS = 'test/e2e/operators/**/*.test.ts';

const FULL = 'dist/envseal.mjs';
const CONTAINER = 'dist/envseal';

export default defineConfig({
  test: {
    setupFiles: ['test/setup.ts'],
    // For what hangs. What takes a few seconds on an idle machine takes a minute on one with a load of 30.
    testTimeout: 240_000,
    hookTimeout: 300_000,
    maxWorkers: Math.max(2, availableParallelism()),
    projects: [
      { extends: true, test: { name: 'source', include: ['test/**/*.test.ts'], exclude: [E2E] } },
      ...programs().map((program) => ({
        extends: true as const,
        test: {
          name: program,
          include: [E2E],
          exclude: program.endsWith('.mjs') ? [] : [OPERATORS],
          env: { ENVSEAL_BIN: program },
        },
      })),
    ],
  },
});

/** The end-to-end tests run once for each program; `ENVSEAL_BIN` names another one. */
function programs(): string[] {
  if (process.env.ENVSEAL_BIN) return [process.env.ENVSEAL_BIN];
  if (existsSync(CONTAINER)) return [CONTAINER, FULL];
  const line = `${CONTAINER} is not tested: ${missingForHost() ?? 'npm run build'}`;
  // A suite that is left out there would look like one that passes.
  if (process.env.CI) throw new Error(line);
  console.warn(line);
  return [FULL];
}
