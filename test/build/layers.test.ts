import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CONFIGURATION, LAYERS, layerRules } from '../../scripts/layers.ts';

const biome = JSON.parse(readFileSync(CONFIGURATION, 'utf8'));

test('the linter keeps the layers: after a change, node scripts/layers.ts && npm run fix', () => {
  expect(biome.overrides).toEqual(layerRules());
});

test('every file and folder of src is in a layer', () => {
  const rules = layerRules() as { includes: string[] }[];
  const known = new Set(rules.flatMap(({ includes }) => includes));
  const missing = readdirSync('src', { withFileTypes: true })
    .map((entry) => `src/${entry.name}${entry.isDirectory() ? '/**' : ''}`)
    .filter((name) => !known.has(name) && name !== `src/${LAYERS[0]?.[0]}`);
  expect(missing).toEqual([]);
});

test('import cycles are errors, types included', () => {
  expect(biome.linter.rules.suspicious.noImportCycles).toEqual({
    level: 'error',
    options: { ignoreTypes: false },
  });
});

test('no folder has more than 20 files', () => {
  const sizes = new Map<string, number>();
  for (const entry of readdirSync('src', { recursive: true, withFileTypes: true }))
    if (entry.isFile()) sizes.set(entry.parentPath, (sizes.get(entry.parentPath) ?? 0) + 1);
  expect([...sizes].filter(([, size]) => size > 20)).toEqual([]);
});
