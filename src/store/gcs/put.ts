/** Writes an object under a condition, and finds out what happened if the answer does not say. */
import type { File } from '@google-cloud/storage';
import { EnvsealError } from '../../errors.ts';
import { requestIdsOf } from '../../gcp/request-ids.ts';
import { withDeadline } from '../../net/deadline.ts';
import { retry } from '../../net/retry.ts';
import type { GcsSource } from '../../source-uri.ts';
import { crc32c } from '../../system/crc.ts';
import { isSealedAsAsked } from '../check-seal.ts';
import { conflict, type Winner } from '../conflict.ts';
import type { Expected, WriteOptions, Written } from '../contract.ts';
import { describe, toObject } from './answer.ts';
import { explain, headersOf, request, type SdkError } from './sdk-client.ts';
import { type DescribedObject, type GcsAccess, getObject } from './sdk-get.ts';

export interface GcsWrite {
  readonly source: GcsSource;
  readonly bytes: Uint8Array;
  readonly options: WriteOptions;
}

export async function putObject(write: GcsWrite, access: GcsAccess): Promise<Written> {
  const { source, options } = write;
  const { client } = access;
  const subject = { ...describe(source), permission: 'storage.objects.create' };
  let mayBeDone = false;
  return await retry(async () => {
    try {
      return await withDeadline(upload(write, access), client.deadline);
    } catch (error) {
      if ((error as SdkError).code === 412 && options.expected !== 'anything') {
        const found = await look(write, mayBeDone, access, error);
        if (found !== 'same') return found;
      }
      const explained = explain(error, subject, client);
      mayBeDone ||= explained instanceof EnvsealError && explained.retryable;
      throw explained;
    }
  }, client.deadline);
}

/** In one request, which has the checksum: with another one, Cloud Storage does not take it. */
async function upload({ source, bytes, options }: GcsWrite, { storage }: GcsAccess): Promise<Written> {
  const { expected, seal, attributes } = options;
  const { contentType, metadata } = attributes;
  const key = seal.kind === 'cmek' && seal.key !== undefined ? { kmsKeyName: seal.key } : {};
  const file = storage.bucket(source.bucket).file(source.object, key);
  const headers = await send(file, bytes, {
    resumable: false,
    // Afterwards it would delete what it finds wrong.
    validation: false,
    ...(expected === 'anything' ? {} : { preconditionOpts: { ifGenerationMatch: generationOf(expected) } }),
    metadata: {
      crc32c: checksumOf(bytes),
      metadata: { ...metadata },
      ...(contentType === undefined ? {} : { contentType }),
    },
  });
  return toWritten(file.metadata as DescribedObject, headers);
}

/** 0: no object. */
function generationOf(expected: Exclude<Expected, 'anything'>): string | number {
  return expected === 'nothing' ? 0 : expected.revision;
}

/** Base64, big-endian. */
function checksumOf(bytes: Uint8Array): string {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32c(bytes));
  return checksum.toString('base64');
}

function send(
  file: File,
  bytes: Uint8Array,
  options: Parameters<File['createWriteStream']>[0],
): Promise<Headers> {
  return new Promise((resolve, reject) => {
    let headers = new Headers();
    file
      .createWriteStream(options)
      .on('response', (answer: { headers?: Record<string, string> }) => {
        headers = new Headers(answer.headers);
      })
      .on('error', reject)
      .on('finish', () => resolve(headers))
      .end(bytes);
  });
}

function toWritten(resource: DescribedObject, headers: Headers): Written {
  const { version, sealing } = toObject(resource);
  return { version, revision: version ?? '', sealing, requestIds: requestIdsOf(headers) };
}

/**
 * What is there now that the condition does not hold. The answer to an earlier try may have been lost: then this can be
 * what was to be written. `same` where nothing has changed: another rule than ours forbids it. Throws `conflict`.
 */
async function look(
  write: GcsWrite,
  mayBeDone: boolean,
  access: GcsAccess,
  cause: unknown,
): Promise<Written | 'same'> {
  const { source, bytes, options } = write;
  const { expected, seal } = options;
  const requestIds = requestIdsOf(headersOf(cause as SdkError));
  const found = await find(source, mayBeDone, access);
  if (found === 'absent' || found === 'unknown') {
    if (found === 'absent' && expected === 'nothing') return 'same';
    throw conflict(source, expected, found, cause, requestIds);
  }
  const isWhatWasSent = found.bytes !== undefined && Buffer.compare(found.bytes, bytes) === 0;
  if (isWhatWasSent && isSealedAsAsked(seal, found.written.sealing)) return found.written;
  if (typeof expected === 'object' && expected.revision === found.version) return 'same';
  throw conflict(source, expected, found, cause, requestIds);
}

interface Found extends Winner {
  readonly written: Written;
  readonly bytes?: Uint8Array;
}

async function find(
  source: GcsSource,
  withBytes: boolean,
  access: GcsAccess,
): Promise<Found | 'absent' | 'unknown'> {
  try {
    if (!withBytes) return toFound(await describeObject(source, access));
    const { object, resource } = await getObject(source, access);
    return { ...toFound(resource), bytes: object.bytes };
  } catch (error) {
    if (!(error instanceof EnvsealError)) throw error;
    if (error.code === 'not_found') return 'absent';
    if (error.code === 'denied') return 'unknown';
    throw error;
  }
}

async function describeObject(source: GcsSource, { storage, client }: GcsAccess): Promise<DescribedObject> {
  const file = storage.bucket(source.bucket).file(source.object);
  const [resource] = await request(() => file.getMetadata(), describe(source), client);
  return resource as DescribedObject;
}

function toFound(resource: DescribedObject): Found {
  const written = toWritten(resource, new Headers());
  const { updated } = resource;
  const modified = updated === undefined ? undefined : new Date(updated);
  return { version: written.version, modified, written };
}
