/** Source URIs: where an env file lies and how to read it. Pure. */
import { EnvsealError } from './errors.ts';
import { nearest } from './nearest.ts';

export type Format = 'dotenv' | 'json' | 'sops' | 'kms' | 'berglas';
export type Dialect = 'dotenv' | 'docker';

export interface SourceOptions {
  /** As given, for people and events. */
  readonly uri: string;
  readonly format: Format | undefined;
  readonly dialect: Dialect;
  /** Absent is tolerated; denied, unsealed or broken never is. */
  readonly isOptional: boolean;
}

export interface S3Source extends SourceOptions {
  readonly scheme: 's3';
  /** A bucket's name or an access point's ARN. */
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | undefined;
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
}

export interface FileSource extends SourceOptions {
  readonly scheme: 'file';
  readonly path: string;
}

export interface GcsSource extends SourceOptions {
  readonly scheme: 'gs';
  readonly bucket: string;
  readonly object: string;
  readonly generation: string | undefined;
}

export type Source = S3Source | GcsSource | FileSource;

/** All files below a place: `s3://BUCKET/PREFIX/`, `gs://BUCKET/PREFIX/`, a directory. */
export interface Folder {
  readonly scheme: Source['scheme'];
  /** As given, for people. */
  readonly uri: string;
  /** Empty for files. */
  readonly bucket: string;
  /** Ends with a slash; empty: the whole bucket. For files, the path of the directory. */
  readonly prefix: string;
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
}

const COMMON_QUERY = ['format', 'dialect', 'optional'];
const S3_QUERY = [...COMMON_QUERY, 'versionId', 'region', 'endpoint'];
const FORMATS: readonly Format[] = ['dotenv', 'json', 'sops', 'kms', 'berglas'];
const DIALECTS: readonly Dialect[] = ['dotenv', 'docker'];

/**
 * Reads `s3://BUCKET/KEY`, `arn:…:s3:…`, `gs://BUCKET/OBJECT#GENERATION`, `file:///PATH`, and paths that start with `/`,
 * `./` or `../`. In URIs, `%XX` is decoded, `?` starts the query; a plain path is taken as it is. Throws `usage`.
 */
export function parseSource(uri: string): Source {
  if (isPath(uri)) return { scheme: 'file', path: uri, ...parseOptions(uri, {}) };
  if (uri.startsWith('gs://')) return parseGcs(uri);
  const [location, query] = splitQuery(uri, uri);
  if (location.includes('#')) throw bad(uri, 'has a #', 'write %23 for a # in a name');
  if (location.startsWith('s3://') || location.startsWith('arn:')) return parseS3(uri, location, query);
  if (location.startsWith('file://')) return parseFile(uri, location, query);
  throw bad(uri, 'is of an unknown kind', 'use s3://BUCKET/KEY, gs://BUCKET/OBJECT, file:///PATH or ./PATH');
}

function isPath(text: string): boolean {
  return text.startsWith('/') || text.startsWith('./') || text.startsWith('../');
}

/** A URI that ends with a slash, before its query, is a folder. */
export function isFolder(uri: string): boolean {
  return /^[^?]*\/(?:\?|$)/.test(uri);
}

/** Throws `usage`. */
export function parseFolder(uri: string): Folder {
  const [location, query] = isPath(uri) ? [uri, {}] : splitQuery(uri, uri);
  const [, scheme = 'file', bucket = '', prefix = ''] = /^(s3|gs):\/\/([^/]*)\/(.*)$/s.exec(location) ?? [];
  if (scheme === 'file') {
    const path = location.startsWith('file://') ? decode(uri, location.slice('file://'.length)) : location;
    if (!isPath(path)) throw bad(uri, 'is not a folder', FOLDER_HINT);
    return { scheme: 'file', uri, bucket: '', prefix: path, region: undefined, endpoint: undefined };
  }
  refuseUnknown(uri, query, scheme === 's3' ? ['region', 'endpoint'] : []);
  if (!/^[A-Za-z0-9._-]+$/.test(bucket) || location.includes('#'))
    throw bad(uri, 'is not a folder', FOLDER_HINT);
  return {
    scheme: scheme as 's3' | 'gs',
    uri,
    bucket,
    prefix: decode(uri, prefix),
    region: query.region,
    endpoint: query.endpoint === undefined ? undefined : checkUrl(uri, query.endpoint),
  };
}

/** Most of an invalid URI that is shown, in characters. */
const MAX_SHOWN_URI = 200;

const FOLDER_HINT = 'use s3://BUCKET/PREFIX/, gs://BUCKET/PREFIX/ or ./DIRECTORY/, ending in a slash';

/** How what names a source in an encryption context begins. */
export const SOURCE_START = /^(?:s3|gs|file):\/\/|^arn:[a-z0-9-]+:s3:/;

/** The location's name in encryption contexts and messages: without query, version and encoding. */
export function locationOf(source: Source): string {
  switch (source.scheme) {
    case 's3':
      return `s3://${source.bucket}/${source.key}`;
    case 'gs':
      return `gs://${source.bucket}/${source.object}`;
    case 'file':
      return `file://${source.path}`;
  }
}

function splitQuery(uri: string, text: string): [location: string, query: Query] {
  const question = text.indexOf('?');
  if (question < 0) return [text, {}];
  return [text.slice(0, question), parseQuery(uri, text.slice(question + 1))];
}

function parseS3(uri: string, location: string, query: Query): S3Source {
  refuseUnknown(uri, query, S3_QUERY);
  const [bucket, key] = location.startsWith('arn:') ? splitArn(location) : splitBucket(location);
  if (bucket === '' || key === '') throw bad(uri, 'names no object', 'use s3://BUCKET/KEY');
  if (!/^[A-Za-z0-9._-]+$|^arn:/.test(bucket)) {
    throw bad(uri, 'names no bucket', 'use s3://BUCKET/KEY, without credentials');
  }
  const decoded = decode(uri, key);
  // URLs fold such a key into another one, however it is encoded.
  if ((decoded.startsWith('.') || decoded.includes('/.')) && /(^|\/)\.\.?(\/|$)/.test(decoded)) {
    throw bad(uri, 'has . or .. as a part of its key', 'copy the object to a key without them');
  }
  return {
    scheme: 's3',
    bucket,
    key: decoded,
    versionId: query.versionId,
    region: query.region,
    endpoint: query.endpoint === undefined ? undefined : checkUrl(uri, query.endpoint),
    ...parseOptions(uri, query),
  };
}

function splitBucket(location: string): [bucket: string, key: string] {
  const start = 's3://'.length;
  const slash = location.indexOf('/', start);
  return slash < 0 ? [location.slice(start), ''] : [location.slice(start, slash), location.slice(slash + 1)];
}

/** The generation stands at the end, as in every URI, or before the query, as after gcloud's own. */
function parseGcs(uri: string): GcsSource {
  const [, before = '', generation, after = ''] = /^([^#]*)#(\d+)((?:\?[^#]*)?)$/s.exec(uri) ?? [uri, uri];
  const text = before + after;
  if (text.includes('#')) {
    throw bad(uri, 'has a # that names no generation', 'write #NUMBER at its end, or %23 for a # in a name');
  }
  const [location, query] = splitQuery(uri, text);
  refuseUnknown(uri, query, COMMON_QUERY);
  const [, bucket = '', object = ''] = /^gs:\/\/([^/]*)\/?(.*)$/s.exec(location) ?? [];
  if (bucket === '' || object === '') throw bad(uri, 'names no object', 'use gs://BUCKET/OBJECT');
  // https://docs.cloud.google.com/storage/docs/buckets#naming
  if (!/^[a-z0-9][a-z0-9._-]+$/.test(bucket)) throw bad(uri, 'names no bucket', 'use gs://BUCKET/OBJECT');
  const decoded = decode(uri, object);
  // https://docs.cloud.google.com/storage/docs/objects#naming
  if (/^\.\.?$/.test(decoded)) throw bad(uri, 'names no object', 'no object can have this name');
  return {
    scheme: 'gs',
    bucket,
    object: decoded,
    generation,
    ...parseOptions(uri, query),
  };
}

/**
 * `arn:aws:s3:::BUCKET/KEY`; `arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME/object/KEY` (or without `object`); the same
 * with other services for the access points that only the SDK knows.
 */
function splitArn(location: string): [bucket: string, key: string] {
  const bucketArn = /^arn:[a-z0-9-]+:s3:::([^/]+)\/(.*)$/s.exec(location);
  if (bucketArn !== null) return [bucketArn[1] as string, bucketArn[2] as string];
  const accessPoint =
    /^(arn:[a-z0-9-]+:s3[a-z0-9-]*:[a-z0-9-]*:\d*:(?:outpost[:/][^:/]+[:/])?accesspoint[:/][^:/]+)\/(?:object\/)?(.*)$/s.exec(
      location,
    );
  return [accessPoint?.[1] ?? '', accessPoint?.[2] ?? ''];
}

function parseFile(uri: string, location: string, query: Query): FileSource {
  refuseUnknown(uri, query, COMMON_QUERY);
  const path = location.slice('file://'.length).replace(/^localhost(?=\/)/, '');
  if (!path.startsWith('/'))
    throw bad(uri, 'has no absolute path', 'use file:///PATH, or ./PATH for a relative one');
  return { scheme: 'file', path: decode(uri, path), ...parseOptions(uri, query) };
}

type Query = Readonly<Record<string, string | undefined>>;

function parseQuery(uri: string, text: string): Query {
  const query: Record<string, string> = Object.create(null);
  for (const pair of text.split('&')) {
    const [name = '', value = ''] = pair.split(/=(.*)/s);
    if (name in query) throw bad(uri, 'has a query parameter twice', 'keep one');
    if (value === '') throw bad(uri, 'has a query parameter without a value', 'write name=value, or omit it');
    query[name] = decode(uri, value);
  }
  return query;
}

function refuseUnknown(uri: string, query: Query, known: readonly string[]): void {
  for (const name of Object.keys(query)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const hint =
      near === undefined
        ? `known: ${known.join(', ')}; write %3F for a ? in a name`
        : `did you mean ${near}?`;
    throw bad(uri, 'has an unknown query parameter', hint);
  }
}

function parseOptions(uri: string, query: Query): SourceOptions {
  const { format, dialect, optional } = query;
  return {
    uri,
    format: format === undefined ? undefined : oneOf(uri, 'format', format, FORMATS),
    dialect: dialect === undefined ? 'dotenv' : oneOf(uri, 'dialect', dialect, DIALECTS),
    isOptional: optional !== undefined && oneOf(uri, 'optional', optional, ['true', 'false']) === 'true',
  };
}

function oneOf<T extends string>(uri: string, name: string, value: string, values: readonly T[]): T {
  if (!values.includes(value as T))
    throw bad(uri, `has an unknown ${name}`, `use one of ${values.join(', ')}`);
  return value as T;
}

function checkUrl(uri: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username + url.password === '') return text;
  throw bad(uri, 'has an invalid endpoint URL', 'use endpoint=https://HOST');
}

function decode(uri: string, text: string): string {
  const decoded = tryDecode(text);
  if (decoded === undefined) throw bad(uri, 'has an invalid % escape', 'write %25 for a %');
  if (decoded.includes('\0')) throw bad(uri, 'has a NUL', 'remove %00');
  return decoded;
}

function tryDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function bad(uri: string, problem: string, hint: string): EnvsealError {
  return new EnvsealError('usage', `the source ${showUri(uri)} ${problem}`, { hint });
}

/** A URI is not a secret by itself, but a pasted one can hold a password before its @, and a secret key holds slashes. */
export function showUri(uri: string): string {
  return uri.replace(/(\/\/|%2f%2f).*@/is, '$1…@').slice(0, MAX_SHOWN_URI);
}
