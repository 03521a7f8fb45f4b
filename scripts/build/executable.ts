/** The container executables: the bundle, its bytecode, and for each architecture the host that is linked with it. */
import { fileURLToPath } from 'node:url';
import { buildHost, compileBytecode, type HostBuild, type HostTarget, link, TARGETS } from './host.ts';
import { bundleForHost } from './host-bundle.ts';

export const ARCHS = ['x64', 'arm64'] as const;
export type Arch = (typeof ARCHS)[number];

export interface ExecutableOptions {
  /** The bundle's constants, as source text. */
  readonly define: Readonly<Record<string, string>>;
  readonly profile: HostBuild['profile'];
}

const folder = fileURLToPath(new URL('../../.cache/host', import.meta.url));

/** Writes an executable to each of the paths, and returns the path of what of `src/` and npm is in them, in JSON. */
export async function buildExecutables(
  paths: Partial<Record<Arch, string>>,
  { define, profile }: ExecutableOptions,
): Promise<string> {
  const modules = await bundleForHost(folder, { define });
  // This machine's own is built for every architecture: it compiles the bytecode, which is the same for all.
  const own = TARGETS[process.arch] as HostTarget;
  const compiler = buildHost({ target: own, profile });
  const table = compileBytecode(compiler, modules, folder);
  for (const arch of ARCHS) {
    const [path, target] = [paths[arch], TARGETS[arch] as HostTarget];
    if (path === undefined) continue;
    link(target === own ? compiler : buildHost({ target, profile }), table, path, target);
  }
  return `${folder}/metafile.json`;
}
