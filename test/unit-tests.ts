/**
 * Which tests `npm run test:unit` runs: those of a file or folder of `src/` that need nothing but their own process. A test
 * says so by what it imports: no server, no build, no program, nothing from outside npm.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
/** A test, or what it imports of ours, that imports one of these is not a unit test. */
const BEYOND_THE_PROCESS =
  /^(?:node:child_process|execa)$|\/(?:test\/(?:real|container)\/|test\/servers\/start\.ts|scripts\/)/;
const IMPORT = /^(?:import|export)\b(?! type\b)[^'"]*?['"]([^'"]+)['"]/gm;

/** By paths from the repository, as vitest takes them. */
export function unitTests(): string[] {
  return globSync('test/**/*.test.ts', { cwd: root })
    .filter((path) => isOfSource(path) && staysInProcess(join(root, path)))
    .sort();
}

/** `test/net/proxy.test.ts` is a test of `src/net/`, and `test/json.test.ts` one of `src/json.ts`. */
function isOfSource(path: string): boolean {
  return existsSync(join(root, path.replace(/^test\/([^/]+).*/, 'src/$1').replace(/\.test\.ts$/, '.ts')));
}

const known = new Map<string, boolean>();

function staysInProcess(file: string): boolean {
  let stays = known.get(file);
  if (stays === undefined) {
    // Until it is known: files may import each other.
    known.set(file, true);
    stays = importsOf(file).every(
      (path) => !BEYOND_THE_PROCESS.test(path) && (!isOurs(path) || staysInProcess(path)),
    );
    known.set(file, stays);
  }
  return stays;
}

function importsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(IMPORT)].map(([, path = '']) =>
    path.startsWith('.') ? resolve(dirname(file), path) : path,
  );
}

/** What `src/` can start is for its tests to start or not. */
function isOurs(path: string): boolean {
  return path.startsWith(`${root}/test/`) && path.endsWith('.ts');
}
