/** Fast path for the usual source URI. One that needs more than splitting is for `parseSource`. */
import type { S3Source } from './source-uri.ts';

/** Characters that stand for themselves; no part of the key is `.` or `..`, which URLs fold. */
const PLAIN = /^s3:\/\/([A-Za-z0-9._-]+)\/([\w~-][\w.~-]*(?:\/[\w~-][\w.~-]*)*)$/;

/** `undefined` for any other. */
export function plainSource(uri: string): S3Source | undefined {
  const [, bucket, key] = PLAIN.exec(uri) ?? [];
  if (bucket === undefined || key === undefined) return undefined;
  return {
    scheme: 's3',
    bucket,
    key,
    versionId: undefined,
    region: undefined,
    endpoint: undefined,
    uri,
    format: undefined,
    dialect: 'dotenv',
    isOptional: false,
  };
}
