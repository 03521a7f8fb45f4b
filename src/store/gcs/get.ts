/**
 * Cloud Storage with two GETs at the same time: the bytes, and what the service says of the object. Its key is in the
 * second only. What the small client does not know goes to the official SDK, loaded only then.
 * https://docs.cloud.google.com/storage/docs/json_api/v1/objects/get
 */
import { EnvsealError } from '../../errors.ts';
import { type GoogleAnswer, type GoogleClient, readAnswer } from '../../gcp/client.ts';
import { type GoogleVariables, googleUrl, isDefaultUniverse } from '../../gcp/endpoint.ts';
import { requestIdsOf } from '../../gcp/request-ids.ts';
import { MAX_SOURCE_BYTES } from '../../limits-and-defaults.ts';
import { readBody } from '../../net/http.ts';
import { retry } from '../../net/retry.ts';
import type { GcsSource } from '../../source-uri.ts';
import { toBase64 } from '../../system/bytes.ts';
import type { System } from '../../system/system.ts';
import type { FetchedObject } from '../object.ts';
import {
  damaged,
  describe,
  type ObjectResource,
  refuseEncoded,
  replaced,
  toObject,
  WRONG_CHECKSUM,
} from './answer.ts';

export async function fetchGcs(source: GcsSource, client: GoogleClient): Promise<FetchedObject> {
  if (isKnown(client.variables)) return await fetchDirectly(source, client);
  const { fetchThroughSdk } = await import('./sdk-get.ts');
  return await fetchThroughSdk(source, client);
}

/** An emulator wants no token, and other universes have rules of their own. */
function isKnown(variables: GoogleVariables): boolean {
  return !variables.STORAGE_EMULATOR_HOST && isDefaultUniverse(variables);
}

export async function fetchDirectly(source: GcsSource, client: GoogleClient): Promise<FetchedObject> {
  for (let tries = 1; ; tries++) {
    const object = await fetchOnce(source, client);
    if (object !== undefined) return object;
    if (tries === MAX_REPLACEMENTS) throw replaced();
  }
}

/** No env file is written so often. */
const MAX_REPLACEMENTS = 5;

/** `undefined` if the object was replaced in the meantime and its old generation is gone. */
async function fetchOnce(source: GcsSource, client: GoogleClient): Promise<FetchedObject | undefined> {
  const early = describeObject(source, source.generation, client);
  // If the bytes are refused too, that is the error to report.
  early.catch(() => {});
  const media = await retry((number) => getMedia(source, client, number), client.deadline);
  const described = await early;
  const isOther = media.generation !== undefined && String(described.generation) !== media.generation;
  const resource = isOther ? await describeAgain(source, media.generation, client) : described;
  if (resource === undefined) return undefined;
  // Both: a gateway may leave the generation out, and then the description is of these bytes, or of none.
  verifyCrc32c(media.bytes, [media.crc32c, resource.crc32c], client.system);
  const { bytes, requestIds, attempts } = media;
  return { ...toObject(resource), bytes, requestIds, attempts };
}

/** Without versions, a generation is gone when it is replaced. */
async function describeAgain(
  source: GcsSource,
  generation: string | undefined,
  client: GoogleClient,
): Promise<ObjectResource | undefined> {
  try {
    return await describeObject(source, generation, client);
  } catch (error) {
    if (error instanceof EnvsealError && error.code === 'not_found') return undefined;
    throw error;
  }
}

interface Media {
  readonly bytes: Uint8Array;
  readonly generation: string | undefined;
  /** Base64, big-endian. */
  readonly crc32c: string | undefined;
  readonly requestIds: readonly string[];
  readonly attempts: number;
}

async function getMedia(source: GcsSource, client: GoogleClient, attempts: number): Promise<Media> {
  const url = objectUrl(source, source.generation, client, { alt: 'media' });
  const response = await client.send({ method: 'GET', url, isMedia: true });
  const { headers, status } = response;
  const { signal } = client.deadline;
  if (status !== 200) {
    throw await refused(await readAnswer(response, signal), source);
  }
  refuseEncoded(headers.get('content-encoding'));
  return {
    // `verifyCrc32c` wants a checksum of all that is returned.
    bytes: await readBody(response, MAX_SOURCE_BYTES, signal, () => true),
    generation: headers.get('x-goog-generation') ?? undefined,
    crc32c: /(?:^|[,\s])crc32c=([A-Za-z0-9+/=]+)/.exec(headers.get('x-goog-hash') ?? '')?.[1],
    requestIds: requestIdsOf(headers),
    attempts,
  };
}

async function describeObject(
  source: GcsSource,
  generation: string | undefined,
  client: GoogleClient,
): Promise<ObjectResource> {
  const url = objectUrl(source, generation, client, { fields: 'generation,kmsKeyName,crc32c,metadata' });
  return await retry(async () => {
    const answer = await readAnswer(await client.send({ method: 'GET', url }), client.deadline.signal);
    if (answer.status === 200) return answer.body as ObjectResource;
    throw await refused(answer, source);
  }, client.deadline);
}

async function refused(answer: GoogleAnswer, source: GcsSource): Promise<EnvsealError> {
  const { explainGoogleRefusal } = await import('../../gcp/service-errors.ts');
  return explainGoogleRefusal({ ...answer, ...describe(source) });
}

function objectUrl(
  { bucket, object }: GcsSource,
  generation: string | undefined,
  { variables }: GoogleClient,
  query: Readonly<Record<string, string>>,
): URL {
  const url = googleUrl('storage', `b/${bucket}/o/${encodeURIComponent(object)}`, variables);
  const all = Object.entries(generation === undefined ? query : { ...query, generation });
  url.search = all.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  return url;
}

/** https://docs.cloud.google.com/storage/docs/data-validation */
function verifyCrc32c(bytes: Uint8Array, stated: readonly (string | undefined)[], system: System): void {
  const expected = stated.filter((checksum) => checksum !== undefined);
  if (expected.length === 0) throw damaged('the object came without its crc32c');
  const actual = new Uint8Array(4);
  new DataView(actual.buffer).setUint32(0, system.crc32c(bytes));
  const text = toBase64(actual);
  if (expected.some((checksum) => checksum !== text)) throw damaged(WRONG_CHECKSUM);
}
