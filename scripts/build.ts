/** `npm run build`: dist/envseal.mjs with its chunks for Node, and dist/envseal, the same bundle compiled by Bun. */
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundle, compile } from './bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = `${root}dist`;
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string };

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
const metafile = await bundle('envseal', `${root}src/main.ts`, dist, {
  define: { __ENVSEAL_VERSION__: JSON.stringify(version) },
});
writeFileSync(`${dist}/metafile.json`, JSON.stringify(metafile));
makeExecutable(`${dist}/envseal.mjs`);
compile(`${dist}/envseal.mjs`, `${dist}/envseal`);
const mebibytes = (statSync(`${dist}/envseal`).size / 1024 / 1024).toFixed(0);
console.log(`dist/envseal ${version}, ${mebibytes} MiB`);

function makeExecutable(script: string): void {
  writeFileSync(script, `#!/usr/bin/env node\n${readFileSync(script, 'utf8')}`);
  chmodSync(script, 0o755);
}
