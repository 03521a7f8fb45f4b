/** Prints one table at the end of a run: what was skipped, and why. `.ci/run` and vitest.config.ts name this reporter. */
import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';
import './skip.ts';

export interface Skipped {
  readonly reason: string | undefined;
  readonly file: string;
}

export default class SkipTable implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    // With `-t` vitest skips what does not match, as if it said so itself.
    const isFiltered = this.#vitest?.config.testNamePattern !== undefined;
    const skipped = modules.flatMap(skippedIn).filter(({ reason }) => reason !== undefined || !isFiltered);
    const lines = tableOf(skipped);
    if (lines.length > 0) this.#vitest?.logger.log(['', ...lines, ''].join('\n'));
  }
}

/** A line for each reason, the most frequent first; none where nothing was skipped. */
export function tableOf(skipped: readonly Skipped[]): string[] {
  const rows = [...Map.groupBy(skipped, ({ file, reason }) => reason ?? `no reason given: ${file}`)]
    .map(([reason, all]) => ({ reason, tests: all.length, files: new Set(all.map(({ file }) => file)).size }))
    .sort((a, b) => b.tests - a.tests || a.reason.localeCompare(b.reason));
  if (rows.length === 0) return [];
  const line = (tests: string | number, files: string | number, reason: string) =>
    `${String(tests).padStart(7)}  ${String(files).padStart(5)}  ${reason}`;
  return [
    line('skipped', 'files', 'why'),
    ...rows.map(({ tests, files, reason }) => line(tests, files, reason)),
  ];
}

function skippedIn(module: TestModule): Skipped[] {
  const file = relative(module.project.config.root, module.moduleId);
  return [...module.children.allTests('skipped')].map((test) => ({ reason: reasonOf(test), file }));
}

function reasonOf(test: TestCase): string | undefined {
  const result = test.result();
  return test.meta().skipReason ?? (result.state === 'skipped' ? result.note : undefined);
}
