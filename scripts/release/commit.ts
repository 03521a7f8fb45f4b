/** The commit that a release is made from, and its description in images. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Commit {
  readonly version: string;
  /** The commit's hash, with `-dirty` where the working tree has other files; `unknown` outside of git. */
  readonly revision: string;
  /** When it was committed, in seconds since 1970; `SOURCE_DATE_EPOCH` wins. https://reproducible-builds.org/specs/source-date-epoch/ */
  readonly seconds: number;
}

export function commitOf(root: string, epoch = process.env.SOURCE_DATE_EPOCH): Commit {
  const git = (...args: string[]) => {
    try {
      return execFileSync('git', args, {
        cwd: root,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    } catch {
      return undefined;
    }
  };
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const hash = git('rev-parse', 'HEAD');
  const isDirty = git('status', '--porcelain') !== '';
  return {
    version,
    revision: hash === undefined ? 'unknown' : `${hash}${isDirty ? '-dirty' : ''}`,
    seconds: Number(epoch ?? git('log', '-1', '--format=%ct') ?? 0),
  };
}

/** RFC 3339, as `org.opencontainers.image.created` wants it. */
export function timeOf({ seconds }: Commit): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

/**
 * The flags with which two builds of one commit give the same image: fixed times, and labels that depend on nothing else.
 * Registries show the annotations of the manifest, and engines the labels.
 */
export function imageArguments(commit: Commit): string[] {
  const { version, revision, seconds } = commit;
  const about = Object.entries({ title: 'envseal', version, revision, created: timeOf(commit) });
  const texts = about.map(([name, value]) => `org.opencontainers.image.${name}=${value}`);
  return [
    `--timestamp=${seconds}`,
    ...texts.map((text) => `--label=${text}`),
    ...texts.map((text) => `--annotation=${text}`),
  ];
}
