/**
 * Bills of materials for the files of a release, in CycloneDX: only what is in them, not what builds or tests
 * them.
 */
import { createHash } from 'node:crypto';
import { execaSync } from 'execa';
import { type Commit, timeOf } from './commit.ts';
import type { Part } from './components.ts';
import type { Crate } from './crates.ts';

/** The parts that are used here. https://cyclonedx.org/docs/1.5/json/ */
export interface Component {
  readonly 'bom-ref': string;
  readonly type: 'library' | 'application' | 'platform';
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses?: readonly unknown[];
}

interface Bill {
  readonly metadata: { readonly tools: unknown };
  readonly components: readonly (Component & { readonly properties?: unknown })[];
}

export interface BillOptions {
  /** What the bill is of. */
  readonly component: Component;
  readonly components: readonly Component[];
  readonly commit: Commit;
}

/** The document. Its serial number follows from what it says, so that a commit has one. */
export function billOfMaterials({ component, components, commit }: BillOptions): object {
  const content = {
    metadata: {
      timestamp: timeOf(commit),
      tools: { components: [{ type: 'application', name: 'envseal-release', version: commit.version }] },
      component,
    },
    components,
    dependencies: [{ ref: component['bom-ref'], dependsOn: components.map((part) => part['bom-ref']) }],
  };
  const serialNumber = `urn:uuid:${uuidOf(JSON.stringify(content))}`;
  const head = { $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json', bomFormat: 'CycloneDX' };
  return { ...head, specVersion: '1.5', serialNumber, version: 1, ...content };
}

/** With the hashes that package-lock.json has. Throws where npm does not know a package. */
export function npmComponents(root: string, parts: readonly Part[]): Component[] {
  const args = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only'];
  const { stdout } = execaSync('npm', args, { cwd: root, maxBuffer: 64 * 1024 * 1024, stderr: 'ignore' });
  const { components } = JSON.parse(stdout) as Bill;
  return parts.map(({ name, version }) => {
    const found = components.find((other) => other.name === name && other.version === version);
    if (found === undefined) throw new Error(`npm sbom does not know ${name}@${version}`);
    // npm calls them development packages, because nothing installs them with envseal: they are in the bundle.
    const { properties: _, ...rest } = found;
    return rest;
  });
}

export function crateComponents(crates: readonly Crate[]): Component[] {
  return crates.map(({ name, version, license, sha256 }) => {
    const purl = `pkg:cargo/${name}@${version}`;
    return {
      'bom-ref': purl,
      ...library(name, version, license),
      purl,
      hashes: [{ alg: 'SHA-256', content: sha256 }],
    };
  });
}

/** What no registry has: `purl` says where it is from. */
export function otherComponent(part: Pick<Part, 'name' | 'version' | 'license'>, purl: string): Component {
  return { 'bom-ref': purl, ...library(part.name, part.version, part.license), purl };
}

function library(name: string, version: string, license: string) {
  return { type: 'library' as const, name, version, licenses: [{ expression: license }] };
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
