/**
 * `npm run build`: dist/envseal.mjs with its chunks, the full program for Node; its manual page, dist/envseal.1; and where
 * cargo is, dist/envseal, the container executable. `--all` builds it for the other architecture too; `--fast` builds the host quickly instead of well;
 * `--node` leaves it out.
 */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { manualPage } from '../src/commands/help/man.ts';
import { ARCHS, type Arch, buildExecutables } from './build/executable.ts';
import { missingForHost } from './build/host.ts';
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
writeFileSync(`${dist}/envseal.1`, await manualPage(version));
console.log(`dist/envseal.mjs ${version}, for Node`);

const all = process.argv.includes('--all');
const own = process.arch as Arch;
const paths = Object.fromEntries(
  (all ? ARCHS : [own]).map((arch) => [arch, `${dist}/envseal${arch === own ? '' : `-${arch}`}`]),
);
const missing = Object.keys(paths)
  .map(missingForHost)
  .find((line) => line !== undefined);
if (process.argv.includes('--node')) console.log('dist/envseal: skipped');
else if (missing === undefined) await buildForContainers();
else if (all) throw new Error(missing);
else console.log(`dist/envseal: not built: ${missing}`);

async function buildForContainers(): Promise<void> {
  const profile = process.argv.includes('--fast') ? 'fast' : 'release';
  copyFileSync(await buildExecutables(paths, { define, profile }), `${dist}/host-metafile.json`);
  for (const path of Object.values(paths))
    console.log(`dist/${basename(path)} ${version}, ${(statSync(path).size / 1e6).toFixed(1)} MB`);
}

function makeExecutable(script: string): void {
  writeFileSync(script, `#!/usr/bin/env node\n${readFileSync(script, 'utf8')}`);
  chmodSync(script, 0o755);
}
