/**
 * Makes a fresh clone ready: installs what package-lock.json says and builds, each only where it is out of date. Plain
 * JavaScript, because it runs on the Node 20 that is there before the install brings Node 26.
 *
 * Every npm script runs it as its `pre` script, in a shell of its own: a shell that has run `node` once remembers where
 * it was, so `node scripts/setup.mjs && node scripts/build.ts` would run both on Node 20.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

step('node_modules/.envseal-setup', ['package-lock.json'], () => {
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  tryNode();
});
if (!process.argv.includes('--no-build')) {
  const sources = [
    'package.json',
    'package-lock.json',
    'src',
    'scripts/build.ts',
    'scripts/bundle.ts',
    'scripts/lean.ts',
    'scripts/left-out.ts',
    'scripts/prepare-bun.ts',
    'scripts/release/platforms.ts',
    'scripts/release/replacement.ts',
    'scripts/release/runtime.ts',
  ];
  step('dist/.stamp', sources, () => run('node_modules/.bin/node', ['scripts/build.ts']));
}

/** Runs `action` unless the stamp file holds the hash of the inputs. */
function step(stamp, inputs, action) {
  const hash = hashOf(inputs);
  const path = join(root, stamp);
  if (existsSync(path) && readFileSync(path, 'utf8') === hash) return;
  action();
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, hash);
}

function hashOf(inputs) {
  const hash = createHash('sha256');
  for (const file of inputs.flatMap(filesOf)) hash.update(`${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function filesOf(path) {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path))
    .sort()
    .flatMap((name) => filesOf(join(path, name)));
}

/** Node 26 from npm needs one library that not every small image has. */
function tryNode() {
  const { status, stderr } = spawnSync('node_modules/.bin/node', ['--version'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status === 0) return;
  const hint = /libatomic/.test(stderr) ? ': install libatomic1 (apt-get install libatomic1)' : `\n${stderr}`;
  console.error(`the Node that npm installed does not start${hint}`);
  process.exit(1);
}

/** Output goes to stderr, so that what follows has stdout to itself. */
function run(command, args) {
  execFileSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
}
