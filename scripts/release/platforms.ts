/** What executables are made for, and which of Bun's runtimes each is made of. */

export interface Platform {
  readonly name: string;
  readonly os: 'linux' | 'darwin';
  readonly arch: 'x64' | 'arm64';
  readonly libc?: 'glibc' | 'musl';
  /** The npm package that holds the runtime. */
  readonly runtime: string;
  /** The `--target` of `bun build`. */
  readonly target: string;
}

/** Bun 1.4.5's runtimes for x86-64 are its baseline ones: they ask for no AVX2. */
export const PLATFORMS = [
  {
    ...{ name: 'linux-x64', os: 'linux', arch: 'x64', libc: 'glibc' },
    ...{ runtime: '@oven/bun-linux-x64', target: 'bun-linux-x64-baseline' },
  },
  {
    ...{ name: 'linux-x64-musl', os: 'linux', arch: 'x64', libc: 'musl' },
    ...{ runtime: '@oven/bun-linux-x64-musl', target: 'bun-linux-x64-baseline-musl' },
  },
  {
    ...{ name: 'linux-arm64', os: 'linux', arch: 'arm64', libc: 'glibc' },
    ...{ runtime: '@oven/bun-linux-aarch64', target: 'bun-linux-arm64' },
  },
  {
    ...{ name: 'linux-arm64-musl', os: 'linux', arch: 'arm64', libc: 'musl' },
    ...{ runtime: '@oven/bun-linux-aarch64-musl', target: 'bun-linux-arm64-musl' },
  },
  {
    ...{ name: 'darwin-arm64', os: 'darwin', arch: 'arm64' },
    ...{ runtime: '@oven/bun-darwin-aarch64', target: 'bun-darwin-arm64' },
  },
  {
    ...{ name: 'darwin-x64', os: 'darwin', arch: 'x64' },
    ...{ runtime: '@oven/bun-darwin-x64', target: 'bun-darwin-x64-baseline' },
  },
] as const satisfies readonly Platform[];

export type PlatformName = (typeof PLATFORMS)[number]['name'];

/** Throws where there is none of that name. */
export function platformNamed(name: PlatformName): Platform {
  return PLATFORMS.find((platform) => platform.name === name) as Platform;
}

/** The one that this runs on. Throws where no executable can be made for it. */
export function ownPlatform(): Platform {
  const { platform, arch } = process;
  // Without this it would look up the names of the machine's addresses.
  Object.assign(process.report, { excludeNetwork: true });
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  const libc = platform === 'linux' && header.glibcVersionRuntime === undefined ? '-musl' : '';
  const found = PLATFORMS.find(({ name }) => name === `${platform}-${arch}${libc}`);
  if (found === undefined) throw new Error(`there is no executable for ${platform}-${arch}`);
  return found;
}
