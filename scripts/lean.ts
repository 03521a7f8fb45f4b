/**
 * What libraries bring along for other transports and platforms, and the bundle leaves out. Each row says why nothing
 * that envseal does comes there; the tests of the SDKs run against this bundle too.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Plugin } from 'rolldown';

interface Row {
  /** Of the path in the import. */
  readonly path: RegExp;
  /** Of the file that imports it. */
  readonly importer: RegExp;
  readonly contents: string;
}

const require = createRequire(import.meta.url);

/** What the package has and does not export. */
function gaxFile(name: string): string {
  return join(require.resolve('google-gax/fallback'), '..', name);
}

const ROWS: readonly Row[] = [
  // gRPC: envseal speaks REST, for which the library has a module of its own.
  {
    path: /^google-gax$/,
    importer: /@google-cloud\/kms/,
    contents: `
      const loggingUtils = require('google-logging-utils');
      const { decodeAnyProtosInArray } = require(${JSON.stringify(gaxFile('util.js'))});
      module.exports = Object.assign(require('google-gax/fallback'), { loggingUtils, decodeAnyProtosInArray });`,
  },
  // Classes of services that the client of Cloud KMS could also ask. What it sends is made from protos.json.
  {
    path: /\/protos\/(?:iam_service|locations|operations)$/,
    importer: /google-gax/,
    contents: 'module.exports = {};',
  },
  // Their clients: made with that of Cloud KMS, asked by nobody.
  { path: /^\.\/iamService$/, importer: /google-gax/, contents: 'exports.IamClient = class { close() {} };' },
  {
    path: /^\.\/locationService$/,
    importer: /google-gax/,
    contents: 'exports.LocationsClient = class { close() {} };',
  },
  // For Node before 18.
  { path: /^web-streams-polyfill/, importer: /fetch-blob/, contents: 'module.exports = {};' },
  // For browsers.
  { path: /^bowser$/, importer: /@aws-sdk\/core/, contents: 'export const parse = () => ({});' },
  // Guesses a content type from a name, where none is given.
  { path: /^mime$/, importer: /@google-cloud\/storage/, contents: 'export default { getType: () => null };' },
  // Of what Cloud Storage writes in XML only these five can be there.
  {
    path: /^html-entities$/,
    importer: /@google-cloud\/storage/,
    contents: `
      const characters = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
      export const decode = (text) => text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name) => characters[name]);`,
  },
];

/** Behind the file that asks for it, so that what it asks for is found from there. */
const MARK = '?lean=';

export const lean: Plugin = {
  name: 'lean',
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
    return row === undefined ? null : { code: (ROWS[Number(row)] as Row).contents, moduleType: 'js' };
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
