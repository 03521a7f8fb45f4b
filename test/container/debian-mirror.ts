import { existsSync, globSync, readFileSync } from 'node:fs';

/** The mirror from which this machine's apt takes that release of Debian, or `undefined`. */
export function debianMirror(release: string): string | undefined {
  return ['/etc/apt/sources.list', ...globSync('/etc/apt/sources.list.d/*.{list,sources}')]
    .filter((file) => existsSync(file))
    .map((file) => findMirror(readFileSync(file, 'utf8'), release))
    .find((mirror) => mirror !== undefined);
}

/**
 * Reads both forms of `sources.list(5)`. Others name their suites after a release too, so the component has to be
 * Debian's `main`.
 */
export function findMirror(sources: string, release: string): string | undefined {
  return [...oneLineSources(sources), ...stanzaSources(sources)].find(
    ({ types, uri, suites, components }) =>
      types.includes('deb') &&
      /^https?:/.test(uri) &&
      suites.includes(release) &&
      components.includes('main'),
  )?.uri;
}

interface Source {
  readonly types: readonly string[];
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
}

/** `deb [option=…] URI SUITE COMPONENT…` */
function oneLineSources(sources: string): Source[] {
  const lines = sources.matchAll(/^(deb)[ \t]+(?:\[.*?\][ \t]+)?(\S+)[ \t]+(\S+)[ \t]+([^#\n]*)/gm);
  return [...lines].map(([, type = '', uri = '', suite = '', components = '']) => ({
    types: [type],
    uri,
    suites: [suite],
    components: words(components),
  }));
}

/** `Name: words` lines; an empty line ends a source. */
function stanzaSources(sources: string): Source[] {
  return sources
    .split(/\n[ \t]*\n/)
    .map((stanza) => (name: string) => words(new RegExp(`^${name}:(.*)$`, 'im').exec(stanza)?.[1] ?? ''))
    .filter((field) => field('Enabled')[0] !== 'no')
    .map((field) => ({
      types: field('Types'),
      uri: field('URIs')[0] ?? '',
      suites: field('Suites'),
      components: field('Components'),
    }));
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
