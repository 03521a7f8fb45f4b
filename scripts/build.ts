/**
 * `npm run build`: dist/envseal.mjs with its chunks, the full program for Node; and where cargo is, dist/envseal, the
 * container executable. `--fast` builds the host quickly instead of well.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildHost, compileBytecode, type HostTarget, link, missingForHost, TARGETS } from './build/host.ts';
import { bundleForHost } from './build/host-bundle.ts';
import { bundle } from './build/node-bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = `${root}dist`;
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string };
const define = { __ENVSEAL_VERSION__: JSON.stringify(version) };

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
const metafile = await bundle('envseal', `${root}src/main.ts`, dist, { define });
writeFileSync(`${dist}/metafile.json`, JSON.stringify(metafile));
makeExecutable(`${dist}/envseal.mjs`);
console.log(`dist/envseal.mjs ${version}, for Node`);

const missing = missingForHost();
if (missing !== undefined) console.log(`dist/envseal is not built: ${missing}`);
else await buildExecutable(`${dist}/envseal`);

async function buildExecutable(path: string): Promise<void> {
  const folder = `${root}.cache/host`;
  const modules = await bundleForHost(folder, { define });
  const target = TARGETS[process.arch] as HostTarget;
  const library = buildHost({ target, profile: process.argv.includes('--fast') ? 'fast' : 'release' });
  link(library, compileBytecode(library, modules, folder), path, target);
  if (existsSync(path)) console.log(`dist/envseal ${version}, ${(statSync(path).size / 1e6).toFixed(1)} MB`);
}

function makeExecutable(script: string): void {
  writeFileSync(script, `#!/usr/bin/env node\n${readFileSync(script, 'utf8')}`);
  chmodSync(script, 0o755);
}
