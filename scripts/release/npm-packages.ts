/**
 * The npm packages. `envseal` is the full program for Node. `@envseal/linux-x64` and `@envseal/linux-arm64` hold the
 * container executable at `bin/envseal` and have no command of their own: `envseal` installs the machine's, where it can,
 * and an image takes it from there.
 */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { execaSync } from 'execa';
import { ARCHS, type Arch } from '../build/executable.ts';

/** What users need of package.json; the rest is for those who work on it. */
const FIELDS = ['name', 'version', 'description', 'license', 'type', 'bin', 'man', 'files', 'engines'];

export interface NpmPackages {
  /** Where `dist` is built. */
  readonly root: string;
  readonly version: string;
  /** Where the tarballs go. */
  readonly folder: string;
}

function platformPackage(arch: Arch): string {
  return `@envseal/linux-${arch}`;
}

/** Packs the full program, with the license texts of what is in it. */
export function packFullProgram({ root, version, folder }: NpmPackages, licenses: string): void {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  const published = Object.fromEntries(FIELDS.map((field) => [field, manifest[field]]));
  const optionalDependencies = Object.fromEntries(ARCHS.map((arch) => [platformPackage(arch), version]));
  const files = [...(manifest.files as string[]), 'THIRD-PARTY-LICENSES.txt'];
  pack(folder, { ...published, files, optionalDependencies }, (stage) => {
    for (const name of ['README.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE'])
      copyFileSync(join(root, name), join(stage, name));
    for (const path of globSync(['dist/*.{mjs,1}', 'docs/**/*.md'], { cwd: root })) {
      mkdirSync(dirname(join(stage, path)), { recursive: true });
      cpSync(join(root, path), join(stage, path));
    }
    writeFileSync(join(stage, 'THIRD-PARTY-LICENSES.txt'), licenses);
  });
}

/** Packs the executable of an architecture. */
export function packExecutable(
  { root, version, folder }: NpmPackages,
  arch: Arch,
  { executable, licenses }: { readonly executable: string; readonly licenses: string },
): void {
  const manifest = {
    name: platformPackage(arch),
    version,
    description: `envseal's container executable for Linux on ${arch}`,
    license: 'Apache-2.0 AND LGPL-2.1-or-later',
    os: ['linux'],
    cpu: [arch],
    // So that `require.resolve` gives a path that exists also where packages are kept zipped.
    preferUnplugged: true,
    files: ['bin', 'THIRD-PARTY-LICENSES.txt'],
  };
  pack(folder, manifest, (stage) => {
    mkdirSync(join(stage, 'bin'));
    copyFileSync(executable, join(stage, 'bin/envseal'));
    chmodSync(join(stage, 'bin/envseal'), 0o755);
    copyFileSync(join(root, 'LICENSE'), join(stage, 'LICENSE'));
    writeFileSync(join(stage, 'THIRD-PARTY-LICENSES.txt'), licenses);
    writeFileSync(join(stage, 'README.md'), readmeOf(platformPackage(arch)));
  });
}

function readmeOf(name: string): string {
  return `# ${name}

The container executable of [envseal](https://www.npmjs.com/package/envseal): one static file, \`bin/envseal\`, for any Linux
image of this architecture. The package \`envseal\` installs it where it can, and runs on Node itself. To put it into an image:

    COPY --from=build /app/node_modules/${name}/bin/envseal /usr/local/bin/envseal
`;
}

/** Without scripts: they would build anew what is being packed. npm gives every file the same time. */
function pack(folder: string, manifest: object, fill: (stage: string) => void): void {
  const stage = join(folder, '.stage');
  mkdirSync(stage);
  try {
    writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    fill(stage);
    execaSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: stage });
  } finally {
    rmSync(stage, { recursive: true });
  }
}
