/** Takes what `stubs.ts` lists out of the bundle. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Plugin } from 'rolldown';
import { REDUCED, ROWS, type Row } from './stubs.ts';

const require = createRequire(import.meta.url);

/** Behind the file that asks for it, so that what it asks for is found from there. */
const MARK = '?stub=';

export const stubPlugin: Plugin = {
  name: 'stubs',
  resolveId: {
    order: 'pre',
    async handler(source, importer = '', options) {
      const row = ROWS.findIndex(({ path, importer: from }) => path.test(source) && from.test(importer));
      if (row >= 0) return { id: `${importer.split(MARK)[0]}${MARK}${row}`, moduleSideEffects: false };
      if (source !== 'gaxios') return null;
      const found = await this.resolve(source, importer, { ...options, skipSelf: true });
      return found === null ? null : { ...found, id: onePackageOnce(found.id) };
    },
  },
  load(id) {
    const [, row] = id.split(MARK);
    if (row !== undefined) return { code: (ROWS[Number(row)] as Row).contents, moduleType: 'js' };
    const reduced = REDUCED.find(({ file }) => file.test(id));
    if (reduced === undefined) return null;
    return { code: JSON.stringify(reduced.reduce(require(id))), moduleType: 'json' };
  },
};

const places = new Map<string, string>();

/** npm puts a package into each folder whose owner wants another version than the top one; their copies are the same. */
function onePackageOnce(file: string): string {
  const folder = /^(.*\/node_modules\/gaxios)\//.exec(file)?.[1];
  if (folder === undefined) return file;
  const { version } = require(join(folder, 'package.json')) as { version: string };
  const first = places.get(version) ?? folder;
  places.set(version, first);
  return file.replace(folder, first);
}
