/**
 * What libraries bring along for other transports and platforms, and the bundle leaves out. Each row says why nothing
 * that envseal does comes there; the tests of the SDKs run against this bundle too.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

interface Row {
  /** Of the path in the import. */
  readonly path: RegExp;
  /** Of the file that imports it. */
  readonly importer: RegExp;
  readonly contents: string;
}

const { resolve } = createRequire(import.meta.url);

/** What the package has and does not export. */
function gaxFile(name: string): string {
  return join(resolve('google-gax/fallback'), '..', name);
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

export const lean: Plugin = {
  name: 'lean',
  setup(bundler) {
    for (const [index, { path, importer }] of ROWS.entries()) {
      bundler.onResolve({ filter: path }, (given) =>
        importer.test(given.importer)
          ? { path: `${index}`, namespace: 'lean', pluginData: given.resolveDir, sideEffects: false }
          : undefined,
      );
    }
    bundler.onLoad({ filter: /.*/, namespace: 'lean' }, ({ path, pluginData }) => ({
      contents: (ROWS[Number(path)] as Row).contents,
      resolveDir: pluginData,
    }));
    onePackageOnce(bundler);
  },
};

/** npm puts a package into each folder whose owner wants another version than the top one; their copies are the same. */
const onePackageOnce: Plugin['setup'] = (bundler) => {
  const places = new Map<string, string>();
  bundler.onResolve({ filter: /^gaxios$/ }, async ({ path, pluginData, ...options }) => {
    if (pluginData === onePackageOnce) return undefined;
    const found = await bundler.resolve(path, { ...options, pluginData: onePackageOnce });
    const folder = /^(.*\/node_modules\/gaxios)\//.exec(found.path)?.[1];
    if (folder === undefined) return found;
    const { version } = createRequire(import.meta.url)(join(folder, 'package.json')) as { version: string };
    const first = places.get(version) ?? folder;
    places.set(version, first);
    return { ...found, path: found.path.replace(folder, first) };
  });
};
