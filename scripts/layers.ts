/**
 * The layers of `src/`, from top to bottom: a file imports from its own folder or from a layer below, types included.
 * `node scripts/layers.ts` writes the rules that Biome keeps them by into biome.json; a test compares the two.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Folders, and files beside them. Those of one layer do not import each other. */
export const LAYERS: readonly (readonly string[])[] = [
  ['main.ts'],
  ['commands'],
  ['files'],
  ['run'],
  ['audit'],
  ['clients'],
  ['sealing'],
  ['store'],
  ['events', 'keys', 'cli'],
  ['gcp'],
  ['aws', 'terminal', 'envfile'],
  ['net'],
];

/** What may import each other, and is below all layers; the second list is below the first. */
const GROUND: readonly (readonly string[])[] = [
  [
    'host.ts',
    'source-uri.ts',
    'plain-source.ts',
    'settings.ts',
    'secret-map.ts',
    'own-variables.ts',
    'needs-full-program.ts',
  ],
  [
    'system',
    'platform',
    'errors.ts',
    'limits-and-defaults.ts',
    'secret.ts',
    'json.ts',
    'nearest.ts',
    'version.ts',
  ],
];

const MESSAGE = 'A file imports from its own folder or from a layer below: docs/architecture.md.';

export const CONFIGURATION = fileURLToPath(new URL('../biome.json', import.meta.url));

/** Biome's overrides, one for each folder or group of files that has something above it. */
export function layerRules(): object[] {
  const rules: object[] = [];
  const above: string[] = [];
  for (const layer of LAYERS) {
    for (const name of layer) {
      const forbidden = [...above, ...layer.filter((other) => other !== name)];
      if (forbidden.length > 0) rules.push(rule([name], forbidden));
    }
    above.push(...layer);
  }
  for (const files of GROUND) {
    rules.push(rule(files, [...above]));
    above.push(...files);
  }
  return rules;
}

function rule(names: readonly string[], forbidden: readonly string[]): object {
  const group = forbidden.map((name) => (isFile(name) ? `**/${name}` : `**/${name}/**`));
  const options = { patterns: [{ group, message: MESSAGE }] };
  return {
    includes: names.map((name) => (isFile(name) ? `src/${name}` : `src/${name}/**`)),
    linter: { rules: { style: { noRestrictedImports: { level: 'error', options } } } },
  };
}

function isFile(name: string): boolean {
  return name.endsWith('.ts');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const configuration = JSON.parse(readFileSync(CONFIGURATION, 'utf8'));
  writeFileSync(CONFIGURATION, JSON.stringify({ ...configuration, overrides: layerRules() }, undefined, 2));
}
