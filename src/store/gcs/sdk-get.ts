/**
 * Cloud Storage through the official SDK, for what `get.ts` does not cover. The same contract, the same
 * errors.
 */
import type { Storage } from '@google-cloud/storage';
import type { GoogleClient } from '../../gcp/client.ts';
import { MAX_SOURCE_BYTES } from '../../limits-and-defaults.ts';
import { withDeadline } from '../../net/deadline.ts';
import { readChunks, tooLarge } from '../../net/http.ts';
import { retry } from '../../net/retry.ts';
import type { GcsSource } from '../../source-uri.ts';
import type { FetchedObject } from '../object.ts';
import { describe, type ObjectResource, refuseEncoded, replaced, toObject } from './answer.ts';
import { explain, makeSdkClient, type SdkError } from './sdk-client.ts';

export async function fetchThroughSdk(source: GcsSource, client: GoogleClient): Promise<FetchedObject> {
  return (await getObject(source, { storage: await makeSdkClient(client), client })).object;
}

/** The SDK's client, and what it was made of. */
export interface GcsAccess {
  readonly storage: Storage;
  readonly client: GoogleClient;
}

/** More of it than a startup needs. */
export interface DescribedObject extends ObjectResource {
  readonly name?: string;
  readonly size?: string | number;
  readonly contentEncoding?: string;
  readonly contentType?: string;
  readonly updated?: string;
  readonly timeDeleted?: string;
}

export interface GcsObject {
  readonly object: FetchedObject;
  readonly resource: DescribedObject;
}

export async function getObject(source: GcsSource, { storage, client }: GcsAccess): Promise<GcsObject> {
  const bucket = storage.bucket(source.bucket);
  const file = (generation: string | undefined) =>
    bucket.file(source.object, generation === undefined ? {} : { generation });
  return await retry(async (attempts) => {
    try {
      const [described] = await withDeadline(file(source.generation).getMetadata(), client.deadline);
      const resource = described as DescribedObject;
      const { size = 0, contentEncoding, generation } = resource;
      refuseEncoded(contentEncoding);
      if (Number(size) > MAX_SOURCE_BYTES) throw tooLarge(MAX_SOURCE_BYTES);
      // The bytes of what was described, whatever was stored since.
      const stream = file(generation === undefined ? source.generation : String(generation)).createReadStream(
        {
          validation: 'crc32c',
          decompress: false,
        },
      );
      const bytes = await withDeadline(readChunks(stream, MAX_SOURCE_BYTES), client.deadline).catch(
        (error: unknown) => {
          // It was there a moment ago.
          if ((error as SdkError).code === 404) throw replaced(error);
          throw error;
        },
      );
      return { object: { ...toObject(resource), bytes, requestIds: [], attempts }, resource };
    } catch (error) {
      throw explain(error, describe(source), client);
    }
  }, client.deadline);
}
