import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const E2E = 'test/e2e/**/*.test.ts';

/** The end-to-end tests run once for each program; `ENVSEAL_BIN` names another one. */
const programs = process.env.ENVSEAL_BIN ? [process.env.ENVSEAL_BIN] : ['dist/envseal', 'dist/envseal.mjs'];

export default defineConfig({
  test: {
    setupFiles: ['test/setup.ts'],
    // For what hangs. What takes a few seconds on an idle machine takes a minute on one with a load of 30.
    testTimeout: 240_000,
    hookTimeout: 300_000,
    maxWorkers: Math.max(2, availableParallelism()),
    projects: [
      { extends: true, test: { name: 'source', include: ['test/**/*.test.ts'], exclude: [E2E] } },
      ...programs.map((program) => ({
        extends: true as const,
        test: { name: program, include: [E2E], env: { ENVSEAL_BIN: program } },
      })),
    ],
  },
});
