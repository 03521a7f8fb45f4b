/**
 * What libraries bring along for other transports and platforms, and the bundle leaves out. Each row says why nothing
 * that envseal does comes there; the tests of the SDKs run against this bundle too.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';

export interface Row {
  /** Matches the path in the import. */
  readonly path: RegExp;
  /** Matches the file that imports it. */
  readonly importer: RegExp;
  readonly contents: string;
}

const require = createRequire(import.meta.url);

/** What the package has and does not export. */
function gaxFile(name: string): string {
  return join(require.resolve('google-gax/fallback'), '..', name);
}

export const ROWS: readonly Row[] = [
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
  // Their clients: made with that of Cloud KMS, and never used.
  { path: /^\.\/iamService$/, importer: /google-gax/, contents: 'exports.IamClient = class { close() {} };' },
  {
    path: /^\.\/locationService$/,
    importer: /google-gax/,
    contents: 'exports.LocationsClient = class { close() {} };',
  },
  // Operations that go on after the answer, which Cloud KMS has for the deletion of keys.
  {
    path: /^\.\/operationsClient$/,
    importer: /google-gax/,
    contents: 'exports.OperationsClientBuilder = class { operationsClient() { return {}; } };',
  },
  // Calls of gRPC's that are streams, and uploads that can be resumed: Cloud KMS has neither.
  {
    path: /^\.\/(?:streamingCalls\/)?streaming$/,
    importer: /google-gax/,
    contents: 'exports.StreamProxy = class {}; exports.StreamType = {};',
  },
  { path: /^\.\/resumable(?:Upload|SourceFromFile)$/, importer: /google-gax/, contents: '' },
  // Traces and logs of requests, which a variable of the environment would switch on: the logs have plaintexts.
  {
    path: /\/observability\/util$/,
    importer: /google-gax/,
    contents: 'exports.checkTracingEnabled = exports.checkLoggingEnabled = () => false;',
  },
  {
    path: /\/observability\/contextUtil$/,
    importer: /google-gax/,
    contents: 'exports.getSettingsDefaultDomain = exports.setSettingsDefaultDomain = () => undefined;',
  },
  {
    path: /\/observability\/(?:Tracer|Logger)Helper$/,
    importer: /google-gax/,
    contents: 'exports.setAttemptHttpMethod = () => {};',
  },
  { path: /^@opentelemetry\/api$/, importer: /google-gax/, contents: '' },
  {
    path: /^google-logging-utils$/,
    importer: /google|gcp-metadata/,
    contents: `
      const log = () => {};
      for (const level of ['debug', 'info', 'warn', 'error', 'invoke', 'sublog']) log[level] = () => log;
      exports.log = () => log;`,
  },
  {
    path: /^debug$/,
    importer: /proxy-agent/,
    contents: 'module.exports = () => Object.assign(() => {}, { enabled: false });',
  },
  // The parser of .proto files: here they come parsed.
  {
    path: /^protobufjs$/,
    importer: /google-gax|proto3-json-serializer/,
    contents: "module.exports = require('protobufjs/light');",
  },
  // Makes the key of a cache from a text; the text will do.
  { path: /^object-hash$/, importer: /google-gax/, contents: 'module.exports = (text) => text;' },
  // Numbers over 2^53 in what the metadata server says: envseal asks it by itself.
  { path: /^json-bigint$/, importer: /gcp-metadata/, contents: 'module.exports = JSON;' },
  // Uploads in several requests; a sealed file is one.
  {
    path: /^\.\/resumable-upload\.js$/,
    importer: /@google-cloud\/storage/,
    contents: 'export const createURI = undefined, upload = undefined;',
  },
  // Node's streams of some years ago, which did not end themselves.
  {
    path: /^readable-stream$/,
    importer: /duplexify/,
    contents: `
      const stream = require('stream');
      function Duplex(options) { return stream.Duplex.call(this, { ...options, autoDestroy: false }); }
      Object.setPrototypeOf(Duplex.prototype, stream.Duplex.prototype);
      Object.setPrototypeOf(Duplex, stream.Duplex);
      module.exports = { ...stream, Duplex };`,
  },
  // Answers that are streams of events: of S3, the results of a query in an object.
  {
    path: /^@smithy\/core\/event-streams$/,
    importer: /@aws-sdk\/client-s3|@smithy\/core/,
    contents: `
      export const resolveEventStreamSerdeConfig = (config) => config;
      export const eventStreamSerdeProvider = () => undefined;
      export class EventStreamSerde {}`,
  },
  // For Node before 18.
  { path: /^web-streams-polyfill/, importer: /fetch-blob/, contents: 'module.exports = {};' },
  // For browsers.
  { path: /^bowser$/, importer: /@aws-sdk\/core/, contents: 'export const parse = () => ({});' },
  // Guesses a content type from a name, where none is given.
  { path: /^mime$/, importer: /@google-cloud\/storage/, contents: 'export default { getType: () => null };' },
  // Only these five can occur in the XML that Cloud Storage writes.
  {
    path: /^html-entities$/,
    importer: /@google-cloud\/storage/,
    contents: `
      const characters = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
      export const decode = (text) => text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name) => characters[name]);`,
  },
];

export interface Reduced {
  readonly file: RegExp;
  reduce(content: unknown): unknown;
}

/** JSON of which less is needed. */
export const REDUCED: readonly Reduced[] = [
  {
    file: /\/node_modules\/(?:google-gax|google-auth-library|@google-cloud\/(?:kms|storage))\/package\.json$/,
    reduce: (content) => pick(content, ['name', 'version']),
  },
  {
    file: /\/@google-cloud\/kms\/build\/protos\/protos\.json$/,
    reduce: reduceKmsProtos,
  },
];

/** What is sent and what comes, and two types that the client looks up when it is made. */
const KMS_TYPES = [
  'EncryptRequest',
  'EncryptResponse',
  'DecryptRequest',
  'DecryptResponse',
  'ProtectionLevel',
  'DeleteCryptoKeyMetadata',
  'DeleteCryptoKeyVersionMetadata',
];

interface Namespace {
  readonly nested: Readonly<Record<string, Namespace>>;
  readonly methods?: unknown;
}

function reduceKmsProtos(content: unknown): unknown {
  const find = (path: string) =>
    path.split('.').reduce((at, name) => pick(at.nested, [name])[name] as Namespace, content as Namespace);
  const v1 = find('google.cloud.kms.v1');
  const service = find('google.cloud.kms.v1.KeyManagementService');
  const KeyManagementService = { ...service, methods: pick(service.methods, ['Encrypt', 'Decrypt']) };
  const kms = { nested: { v1: { ...v1, nested: { KeyManagementService, ...pick(v1.nested, KMS_TYPES) } } } };
  const protobuf = { nested: pick(find('google.protobuf').nested, ['Empty', 'Int64Value']) };
  return { nested: { google: { nested: { protobuf, cloud: { nested: { kms } } } } } };
}

/** Throws where one is missing: a new version of the library is to be looked at. */
function pick(content: unknown, names: readonly string[]): Record<string, unknown> {
  const all = content as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    names.map((name) => {
      if (all[name] === undefined) throw new Error(`the library has no ${name}`);
      return [name, all[name]];
    }),
  );
}
