/** Every npm script works as the first one in a fresh clone, where there is no Node but an old one. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { unitTests } from '../unit-tests.ts';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const names = Object.keys(scripts);
/** npm runs `preX` before `X`: such a script of another one, as `prepack` is of npm's own `pack`, is not called by name. */
const isPre = (name: string) => name.startsWith('pre');

test.each(names.filter((name) => !isPre(name)))('npm run %s sets up what it needs first', (name) => {
  expect(scripts[`pre${name}`]).toMatch(/^node scripts\/setup\.mjs( --no-build)?$/);
});

// The shell would go on with the Node that it found before there was another one.
test.each(names)('the shell of %s runs no node after another', (name) => {
  expect(scripts[name]?.match(/\bnode /g)?.length ?? 0).toBeLessThanOrEqual(1);
});

test('what CI adds to npm run check goes to biome', () => {
  expect(scripts.check).toMatch(/&& biome ci \.$/);
  expect(readFileSync('.ci/run', 'utf8')).toContain('npm run check -- --colors=off');
});

describe('npm run test:unit', () => {
  const unit = unitTests();

  test('builds nothing, and the end-to-end tests have what they run built', () => {
    expect(scripts['pretest:unit']).toContain('--no-build');
    expect(scripts['pretest:e2e']).not.toContain('--no-build');
  });

  test.each([
    'test/source-uri.test.ts',
    'test/net/proxy.test.ts',
    'test/aws/sign.test.ts',
    'test/sealing/sops/tampering.test.ts',
  ])('runs %s, which needs its own process alone', (path) => {
    expect(unit).toContain(path);
  });

  test.each([
    ['test/store/env-store-s3.test.ts', 'servers'],
    ['test/events/sinks/webhook.test.ts', 'a server'],
    ['test/sealing/sops/real-sops.test.ts', 'sops'],
    ['test/platform/on-host.test.ts', 'the host'],
    ['test/terminal/prompt.test.ts', 'a terminal'],
    ['test/secret.test.ts', 'another process'],
    ['test/readme.test.ts', 'no file of src/ of its name'],
    ['test/servers/s3.test.ts', 'no folder of src/ of its name'],
    ['test/e2e/open-s3.test.ts', 'the built program'],
  ])('leaves out %s: it has %s', (path) => {
    expect(unit).not.toContain(path);
  });
});
