/**
 * Detection of stores, other than Amazon's, that support conditional PUTs. Tried on real ones:
 *
 * - moto 5.2, and the tests' own server: as S3 does.
 * - Ceph RGW 16.2, bucket without versions: `If-None-Match: *` works; the ETag in `If-Match` has to come without its
 *   quotes, or it never matches. Both are atomic.
 * - Ceph RGW 16.2, bucket with versions: `If-None-Match: *` is ignored, and `If-Match` never matches.
 */
import { randomUUID } from 'node:crypto';
import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import { element } from '../../aws/xml.ts';
import { EnvsealError } from '../../errors.ts';
import { MAX_ANSWER_BYTES } from '../../limits-and-defaults.ts';
import { readAnswerBody } from '../../net/answer-body.ts';
import { retry } from '../../net/retry.ts';
import type { S3Source } from '../../source-uri.ts';
import type { Expected } from '../contract.ts';
import { aboutObject, isAmazonS3, type S3Access, type S3Place } from './access.ts';
import { locateS3 } from './endpoint.ts';
import { ask, codeOf, explain } from './sdk-client.ts';

/** The MD5 of no known content. */
const NO_ETAG = '"00000000000000000000000000000000"';

/**
 * A store's answer to a condition that cannot hold: as S3's, that it does not hold, or it wrote all the same.
 */
type ConditionSupport = 'exact' | 'vague' | 'none' | 'denied';

/** How the files there are sealed: the bucket's policy may refuse others. */
type Seal = Partial<PutObjectCommandInput>;

/** One for all files of a process, so that each bucket is tried once. */
export class S3Conditions {
  /** `undefined`: not known after all. */
  readonly #support = new Map<string, Promise<ConditionSupport | undefined>>();
  readonly #obeysCreation = new Map<string, Promise<boolean | undefined>>();
  readonly #takesBareEtags = new Set<string>();

  /** Throws `unconditional` for a store that would write whatever is there. */
  async check(source: S3Source, expected: Expected, seal: Seal, access: S3Access): Promise<void> {
    if (expected === 'anything' || isAmazonS3(source.bucket, access)) return;
    const place = placeOf(source, access);
    const support = await this.#tried(source, seal, access);
    if (support === 'none') throw unconditional(source);
    // A store that never finds a match writes nothing: only `If-None-Match: *` can still lose something.
    if (support !== 'vague' || expected !== 'nothing') return;
    const obeys = await once(this.#obeysCreation, place, () => tryTwice(source, seal, access));
    if (!obeys) throw unconditional(source);
  }

  /** Starts on what `check` will ask first, while the caller does something else. */
  begin(source: S3Source, place: S3Place): void {
    const name = placeOf(source, place.plan);
    if (isAmazonS3(source.bucket, place.plan) || this.#support.has(name)) return;
    // What it cannot determine is asked again, sealed as the file will be: a policy may refuse what is not.
    this.#support.set(
      name,
      tryQuickly(source, place).catch(() => undefined),
    );
  }

  #tried(source: S3Source, seal: Seal, access: S3Access): Promise<ConditionSupport> {
    return once(this.#support, placeOf(source, access), () => tryImpossible(source, seal, access));
  }

  /** As the store wants it: HTTP says with quotes. */
  etag(source: S3Source, revision: string, access: S3Access): string {
    return this.#takesBareEtags.has(placeOf(source, access)) ? revision.replaceAll('"', '') : revision;
  }

  /** After an ETag that is there did not match: from now on without quotes. `false` where that was tried. */
  dropQuotes(source: S3Source, access: S3Access): boolean {
    const place = placeOf(source, access);
    if (isAmazonS3(source.bucket, access) || this.#takesBareEtags.has(place)) return false;
    this.#takesBareEtags.add(place);
    return true;
  }
}

export function unconditional({ uri }: S3Source): EnvsealError {
  return new EnvsealError('unconditional', `${uri}: this store does not support conditional writes`, {
    hint: 'with two writers at once, one write would be lost; accept that with --allow-unconditional, or use a store with conditional writes',
  });
}

function placeOf({ bucket }: S3Source, { endpoint }: Pick<S3Access, 'endpoint'>): string {
  return `${endpoint ?? ''} ${bucket}`;
}

/** What failed is tried again for the next file. */
async function once<T>(
  known: Map<string, Promise<T | undefined>>,
  place: string,
  find: () => Promise<T>,
): Promise<T> {
  const begun = await known.get(place);
  if (begun !== undefined) return begun;
  const found = find();
  known.set(
    place,
    found.catch(() => undefined),
  );
  return await found;
}

/** On a name beside the file that nothing has; where conditions are obeyed, nothing is written. */
async function tryImpossible(source: S3Source, seal: Seal, access: S3Access): Promise<ConditionSupport> {
  const probe = nameProbe(source);
  const outcome = await tryPut(probe, { ...seal, IfMatch: NO_ETAG }, access);
  if (outcome.kind === 'written') await remove(probe, [outcome.version], access);
  switch (outcome.kind) {
    case 'written':
    case 'unknown':
      return 'none';
    case 'unmet':
      return 'vague';
    case 'absent':
      return 'exact';
    case 'denied':
      // Without permission to write beside the file, its own PUT shows what is allowed.
      return 'denied';
  }
}

/** The same with the small client, before the SDK is there; `undefined` where it cannot determine that. */
async function tryQuickly(
  source: S3Source,
  { client, plan, reach }: S3Place,
): Promise<ConditionSupport | undefined> {
  const probe = nameProbe(source);
  const location = locateS3(probe, plan);
  if (location === undefined) return undefined;
  const request = { method: 'PUT', url: location.url, headers: { 'if-match': NO_ETAG }, body: '' };
  const response = await client.send(request, 's3', location.region);
  const bytes = await readAnswerBody(response, MAX_ANSWER_BYTES, client.deadline.signal);
  const code = element(Buffer.from(bytes).toString('utf8'), 'Code');
  if (response.status === 404 && code === 'NoSuchKey') return 'exact';
  if (response.status === 412) return 'vague';
  if (response.status !== 200) return undefined;
  await remove(probe, [response.headers.get('x-amz-version-id') ?? undefined], await reach());
  return 'none';
}

/** Whether the second of two files of one name is refused. */
async function tryTwice(source: S3Source, seal: Seal, access: S3Access): Promise<boolean> {
  const probe = nameProbe(source);
  const condition = { ...seal, IfNoneMatch: '*' };
  const first = await tryPut(probe, condition, access);
  if (first.kind !== 'written') return first.kind !== 'unknown';
  const second = await tryPut(probe, condition, access);
  const written = second.kind === 'written' ? [first.version, second.version] : [first.version];
  await remove(probe, written, access);
  return second.kind === 'unmet';
}

function nameProbe(source: S3Source): S3Source {
  return { ...source, key: `${source.key}.envseal-probe-${randomUUID()}`, versionId: undefined };
}

type Outcome =
  | { readonly kind: 'written'; readonly version: string | undefined }
  | { readonly kind: 'unmet' | 'absent' | 'denied' | 'unknown' };

/** 409: another writer is at it, so conditions are looked at. 501: a header that the store does not know. */
const OUTCOMES: Readonly<Record<number, 'unmet' | 'absent' | 'denied' | 'unknown'>> = {
  403: 'denied',
  404: 'absent',
  409: 'unmet',
  412: 'unmet',
  501: 'unknown',
};

async function tryPut(source: S3Source, more: Seal, { s3, client, ...access }: S3Access): Promise<Outcome> {
  const { PutObjectCommand } = await import('./sdk-commands.ts');
  const input = { Bucket: source.bucket, Key: source.key, Body: new Uint8Array(), ContentLength: 0, ...more };
  return await retry(async (): Promise<Outcome> => {
    try {
      const answer = await ask((options) => s3.send(new PutObjectCommand(input), options), client);
      return { kind: 'written', version: answer.VersionId };
    } catch (error) {
      const { status, code } = codeOf(error);
      const kind = code === 'NoSuchBucket' ? undefined : OUTCOMES[status];
      if (kind !== undefined) return { kind };
      throw explain(error, aboutObject(source, { s3, client, ...access }, 's3:PutObject'), client);
    }
  }, client.deadline);
}

/** As far as that is allowed: an empty file with such a name does no harm. */
async function remove(
  { bucket, key }: S3Source,
  versions: readonly (string | undefined)[],
  { s3, client }: S3Access,
): Promise<void> {
  const { DeleteObjectCommand } = await import('./sdk-commands.ts');
  for (const version of versions) {
    const VersionId = version === undefined ? {} : { VersionId: version };
    const command = new DeleteObjectCommand({ Bucket: bucket, Key: key, ...VersionId });
    await ask((options) => s3.send(command, options), client).catch(() => {});
  }
}
