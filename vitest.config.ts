import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { unitTests } from './test/unit-tests.ts';

const E2E = 'test/e2e/**/*.test.ts';
/** Commands that the container executable leaves to the full program. */
const OPERATORS = 'test/e2e/operators/**/*.test.ts';
/** In the place of them all, where there is no such executable. */
const NOT_BUILT = 'test/e2e/not-built.ts';

const FULL = 'dist/envseal.mjs';
const CONTAINER = 'dist/envseal';

const unit = unitTests();

export default defineConfig({
  test: {
    setupFiles: ['test/setup.ts'],
    reporters: ['default', './test/skip-table.ts'],
    // For what hangs. What takes a few seconds on an idle machine takes a minute on one with a load of 30.
    testTimeout: 240_000,
    hookTimeout: 300_000,
    maxWorkers: Math.max(2, availableParallelism()),
    projects: [
      // One process for many files takes a third of the time that one for each takes.
      { extends: true, test: { name: 'unit', include: unit, isolate: false } },
      { extends: true, test: { name: 'source', include: ['test/**/*.test.ts'], exclude: [E2E, ...unit] } },
      ...programs().map((program) => ({
        extends: true as const,
        test: { name: program, ...testsOf(program), env: { ENVSEAL_BIN: program } },
      })),
    ],
  },
});

/** The end-to-end tests run once for each program; `ENVSEAL_BIN` names another one. */
function programs(): string[] {
  return process.env.ENVSEAL_BIN ? [process.env.ENVSEAL_BIN] : [CONTAINER, FULL];
}

function testsOf(program: string) {
  if (program === CONTAINER && !existsSync(CONTAINER)) return { include: [NOT_BUILT] };
  return { include: [E2E], exclude: program.endsWith('.mjs') ? [] : [OPERATORS] };
}
