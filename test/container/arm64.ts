import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const repository = join(import.meta.dirname, '../..');

/** The executable for arm64: of the release, or of `npm run build -- --all`. */
export function arm64Executable(): string | undefined {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
    version: string;
  };
  return [`dist/release/envseal-${version}-linux-arm64`, 'dist/envseal-arm64']
    .map((path) => join(repository, path))
    .find((path) => existsSync(path));
}
