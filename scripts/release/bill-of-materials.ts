/** What the files of a release are made of, in CycloneDX: of what npm knows, only the packages that are in the bundle. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { Metafile } from '../bundle.ts';
import { type Commit, timeOf } from './commit.ts';

/** The parts that are used here. https://cyclonedx.org/docs/1.5/json/ */
export interface Component {
  readonly 'bom-ref': string;
  readonly type: 'library' | 'application' | 'platform';
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses?: readonly unknown[];
}

interface NpmComponent extends Component {
  readonly properties?: readonly { readonly name: string }[];
}

interface Bill {
  readonly metadata: { readonly tools: unknown; readonly component: Component };
  readonly components: readonly NpmComponent[];
}

/** The names and folders of the packages of which the bundle has a byte. */
export function packagesIn({ outputs }: Metafile): string[] {
  const used = Object.values(outputs).flatMap(({ inputs }) =>
    Object.keys(inputs).filter((path) => inputs[path]),
  );
  const folders = used.map((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort();
}

/**
 * Returns the document. `extra` is what does not come from npm. Its serial number follows from what it says, so that a
 * commit has one. Throws where a package of the bundle is none that npm knows.
 */
export function billOfMaterials(
  root: string,
  packages: readonly { readonly name: string; readonly version: string }[],
  extra: readonly Component[],
  commit: Commit,
): object {
  const args = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only'];
  const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
  const known = JSON.parse(
    execFileSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, stdio }),
  ) as Bill;
  const component = { ...known.metadata.component, name: 'envseal' };
  const bundled = packages.map(({ name, version }) => {
    const found = known.components.find((other) => other.name === name && other.version === version);
    if (found === undefined) throw new Error(`npm sbom does not know ${name}@${version}`);
    // npm calls them development packages, because nobody who installs envseal installs them: the bundle has them.
    const { properties: _, ...rest } = found;
    return rest;
  });
  // Two folders may have the same package.
  const components = [...new Map([...bundled, ...extra].map((part) => [part['bom-ref'], part])).values()];
  const content = {
    metadata: { timestamp: timeOf(commit), tools: known.metadata.tools, component },
    components,
    dependencies: [{ ref: component['bom-ref'], dependsOn: components.map((part) => part['bom-ref']) }],
  };
  const serialNumber = `urn:uuid:${uuidOf(JSON.stringify(content))}`;
  const head = { $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json', bomFormat: 'CycloneDX' };
  return { ...head, specVersion: '1.5', serialNumber, version: 1, ...content };
}

/** Version 8: made by us. https://www.rfc-editor.org/rfc/rfc9562#section-5.8 */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
